"""What one forward pass saw.

B batch (1 here), T tokens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import torch
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.edits import Edit, EditedPass, all_causal
from gpt2core.errors import MissingActivation
from gpt2core.model import GPTModel, evaluating
from gpt2core.reading import check_finite, check_token_ids
from gpt2core.sites import ATTENTION_SITES, SITES, check_site, unknown_site

Key = tuple[str, int | None]

# These two are views of the model's own tensors; all others belong to the pass.
_OWNED_BY_THE_MODEL = ("pos_emb", "mask")


@dataclass(frozen=True, eq=False)
class Replaced:
    """What edits put aside at one place. before: as the pass had computed it. by: which of Trace.edits changed each number last,
    by its place in that list; -1 where none did. Both in the shape of the value."""

    before: Tensor
    by: Tensor

    @property
    def nbytes(self) -> int:
        return self.before.nbytes + self.by.nbytes


@dataclass(frozen=True, eq=False)
class Trace:
    """Recorded values by site and layer: trace["pattern", 3] is [H, T, T], trace["embed"] is [T, C].

    Frozen and without the model: it can be kept, shared between threads and dropped by its size in bytes. Values are in
    the shapes of sites.SITES, detached, and never the model's own memory; read them, do not write to them.
    edits: the names of the edits that the pass was run with, in order. causal: False if one of them lets a position know of
    later ones, so that nothing in the trace foretells a token. replaced: where edits acted on what is recorded.
    """

    token_ids: tuple[int, ...]
    config: GPTConfig
    values: Mapping[Key, Tensor] = field(repr=False)
    edits: tuple[str, ...] = ()
    causal: bool = True
    replaced: Mapping[Key, Replaced] = field(default_factory=dict, repr=False)

    def __getitem__(self, key: str | Key) -> Tensor:
        site, layer = key if isinstance(key, tuple) else (key, None)
        check_site(site, layer, self.config.n_layers)
        if (site, layer) not in self.values:
            raise MissingActivation(site, layer)
        return self.values[site, layer]

    def __contains__(self, key: str | Key) -> bool:
        site, layer = key if isinstance(key, tuple) else (key, None)
        return (site, layer) in self.values

    def __iter__(self) -> Iterator[Key]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def nbytes(self) -> int:
        """An upper bound: values that share memory, as embed and the first resid_pre do, count twice."""
        kept = sum(value.nbytes for value in self.values.values())
        return kept + sum(replaced.nbytes for replaced in self.replaced.values())

    def stacked(self, site: str) -> Tensor:
        """A per-layer site of every layer at once: [L, ...]."""
        return torch.stack([self[site, layer] for layer in range(self.config.n_layers)])


def trace(
    model: GPTModel,
    token_ids: Sequence[int],
    sites: Collection[str] | None = None,
    edits: Sequence[Edit] = (),
) -> Trace:
    """Run `model` on one list of ids, changed by `edits`, and record `sites` (all of sites.SITES if None).

    Dropout is off whatever mode the model is in; the model is left as it was. Where neither `sites` nor `edits` look into the
    attention (scores, mask, pattern), that of a text of more than model.OPENED_UP_TO tokens is computed fused: a tenth of the time
    at a thousand tokens, and equal but for rounding.
    Raises: EmptyPrompt, PromptTooLong, TokenOutOfRange, UnknownSite, InvalidEdit, and NotFinite where the logits are no numbers.
    """
    wanted = frozenset(SITES if sites is None else sites)
    for name in sorted(wanted - SITES.keys()):
        raise unknown_site(name)
    check_token_ids(token_ids, model.config.vocab_size)
    values: dict[Key, Tensor] = {}
    replaced: dict[Key, Replaced] = {}

    def watch(number: int, site: str, layer: int | None, before: Tensor, after: Tensor) -> None:
        if site in wanted:
            known = replaced.get((site, layer)) or Replaced(_seen(site, before), _seen(site, _untouched(before)))
            by = known.by.masked_fill(_seen(site, before != after), number)
            replaced[site, layer] = Replaced(known.before, by)

    change = EditedPass(edits, model.config, watch=watch) if edits else None
    tap = _Recording(wanted, values, change)
    with evaluating(model):
        logits = model(torch.tensor([list(token_ids)], device=model.tok_emb.weight.device), tap)
    check_finite(logits, edits)
    names = tuple(edit.name for edit in edits)
    return Trace(
        tuple(token_ids), model.config, MappingProxyType(values), names, all_causal(edits), MappingProxyType(replaced)
    )


class _Recording:
    """A tap that writes `wanted` into `values` after the pass's change."""

    def __init__(self, wanted: frozenset[str], values: dict[Key, Tensor], change: EditedPass | None) -> None:
        self.wanted, self.values, self.change = wanted, values, change
        changed_inside = change is not None and change.opens_attention
        self.opens_attention = changed_inside or not wanted.isdisjoint(ATTENTION_SITES)

    def __call__(self, site: str, layer: int | None, value: Tensor, /) -> Tensor:
        if self.change is not None:
            value = self.change(site, layer, value)
        if site in self.wanted:
            self.values[site, layer] = _seen(site, value)
        return value


def _seen(site: str, value: Tensor) -> Tensor:
    """Without the batch of one, and never the model's memory."""
    seen = value if site == "mask" else value[0]
    return seen.clone() if site in _OWNED_BY_THE_MODEL else seen.detach()


def _untouched(value: Tensor) -> Tensor:
    return torch.full_like(value, -1, dtype=torch.int16)
