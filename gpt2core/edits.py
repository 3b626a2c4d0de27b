"""What if: changes to one forward pass, as values to hand to trace(..., edits=...), generate and whatever else runs a model.

An Edit says where it acts and how; it changes neither the model nor any other pass. Edits act in the order given, and what
they make is what is recorded. Layers, heads and positions count from 0.

B batch (1 here), T tokens, H heads, D head width, C model width.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.errors import InvalidEdit
from gpt2core.sites import ATTENTION_SITES, SITES, check_site

if TYPE_CHECKING:
    from gpt2core.trace import Trace


@dataclass(frozen=True)
class Here:
    """Where a pass stands. seen: the values of this block so far, after their own edits.

    past, ahead: how many tokens of the text were read before this pass, and how many are not read yet: row 0 is position
    `past`. Only causal edits meet a past.
    """

    site: str
    layer: int | None
    config: GPTConfig
    seen: Mapping[str, Tensor]
    past: int = 0
    ahead: int = 0


Change = Callable[[Tensor, Here], Tensor]


@dataclass(frozen=True)
class Edit:
    """At each of `sites`, in `layer`, use change(value, here) in place of value.

    layer: None is every layer, or the one place of a site that exists once. change: gets a copy of its own, with B
    (`mask` excepted), and returns a tensor of the same shape. name: says all that the change depends on, so that two
    edits are equal exactly if they do the same. causal: what it makes of a position hangs on no later position, nor on how
    many there are, so that keys and values of a text that grows may be kept; claimed, never assumed. fused: it neither acts on
    scores, mask and pattern nor reads them in `here.seen`, so that attention may be computed at once; claimed, never assumed.
    """

    name: str
    sites: tuple[str, ...]
    layer: int | None
    change: Change = field(compare=False, repr=False)
    causal: bool = field(default=False, compare=False)
    fused: bool = field(default=False, compare=False)


def all_causal(edits: Iterable[Edit]) -> bool:
    """Whether under all of these together, too, a position knows nothing of what follows."""
    return all(edit.causal for edit in edits)


def zero_head(layer: int, head: int) -> Edit:
    """The head writes nothing: z = 0. The output bias, which belongs to no head, stays."""
    return Edit(
        f"zero head {head} of layer {layer}", ("z",), layer, _on_head(head, torch.zeros_like), causal=True, fused=True
    )


def mean_head(layer: int, head: int) -> Edit:
    """The head writes at every position the mean of what it gathers over this text."""
    return Edit(f"mean head {head} of layer {layer}", ("z",), layer, _on_head(head, _mean_over_positions), fused=True)


def zero_attention(layer: int) -> Edit:
    """The attention branch of a layer writes nothing, bias included."""
    return Edit(
        f"zero attention of layer {layer}", ("attn_out",), layer, _each(torch.zeros_like), causal=True, fused=True
    )


def mean_attention(layer: int) -> Edit:
    """The attention branch writes at every position its mean over this text."""
    return Edit(f"mean attention of layer {layer}", ("attn_out",), layer, _each(_mean_over_positions), fused=True)


def zero_mlp(layer: int) -> Edit:
    """The MLP branch of a layer writes nothing, bias included."""
    return Edit(f"zero MLP of layer {layer}", ("mlp_out",), layer, _each(torch.zeros_like), causal=True, fused=True)


def mean_mlp(layer: int) -> Edit:
    """The MLP writes at every position its mean over this text."""
    return Edit(f"mean MLP of layer {layer}", ("mlp_out",), layer, _each(_mean_over_positions), fused=True)


def zero_neuron(layer: int, neuron: int) -> Edit:
    """One neuron of the MLP writes nothing: its activation after GELU is 0. neuron: 0 to 4C - 1."""
    return Edit(
        f"zero neuron {neuron} of layer {layer}",
        ("mlp_post",),
        layer,
        _on_neuron(neuron, torch.zeros_like),
        causal=True,
        fused=True,
    )


def mean_neuron(layer: int, neuron: int) -> Edit:
    """The neuron is at every position as active as it is on the mean over this text."""
    return Edit(
        f"mean neuron {neuron} of layer {layer}",
        ("mlp_post",),
        layer,
        _on_neuron(neuron, _mean_over_positions),
        fused=True,
    )


def zero_layer(layer: int) -> Edit:
    """The whole block writes nothing: resid_post = resid_pre."""
    return Edit(f"zero layer {layer}", ("attn_out", "mlp_out"), layer, _each(torch.zeros_like), causal=True, fused=True)


def mean_layer(layer: int) -> Edit:
    """Both branches of the block write their means over this text."""
    return Edit(f"mean layer {layer}", ("attn_out", "mlp_out"), layer, _each(_mean_over_positions), fused=True)


def knock_out(query: int, key: int, *, layer: int | None = None, head: int | None = None) -> Edit:
    """`query` no longer sees `key`, in every layer and head or in those given; its other weights grow to sum to 1.

    In all heads it is the mask that hides the key; in one head its score becomes -inf.
    """
    if not 0 <= key <= query:
        raise InvalidEdit(
            "Query {query} does not see key {key}: keys run from 0 to the query itself. Choose one of those.",
            query=query,
            key=key,
        )
    if head is not None and layer is None:
        raise InvalidEdit("Head {head} exists in every layer. Name the layer of the head that you mean.", head=head)

    def change(value: Tensor, here: Here) -> Tensor:
        row, T = query - here.past, value.size(-2)
        _check_position(query, here.past + T + here.ahead)
        if not 0 <= row < T:
            return value  # another pass reads this query
        if here.site == "mask":
            value[row, key] = True
        else:
            _check_head(head, value.size(1))
            value[:, head, row, key] = -math.inf
        return value

    place = "every layer" if layer is None else f"layer {layer}"
    whose = "" if head is None else f"head {head} of "
    site = "mask" if head is None else "scores"
    return Edit(f"hide key {key} from query {query} in {whose}{place}", (site,), layer, change, causal=True)


def patch(
    source: Trace,
    site: str,
    layer: int | None = None,
    *,
    head: int | None = None,
    positions: Sequence[int] | None = None,
) -> Edit:
    """Activation patching: put `source`'s value at `site` in place of this pass's own.

    head: that head only, where the site has heads. positions: those tokens only (queries, for scores and pattern).
    Not causal: the values come from a text of one length, and fit no other unless positions are named.
    Raises: MissingActivation if `source` did not record the site; UnknownSite. Refused at the trace where shapes differ.
    Source: Meng et al., "Locating and Editing Factual Associations in GPT", 2022.
    """
    given = source[site, layer]
    by_head = SITES[site].shape.startswith("[H")
    if head is not None and not by_head:
        raise InvalidEdit(
            "{site} is not split into heads. Leave head out, or patch q, k, v, scores, pattern or z.", site=site
        )
    where = None if positions is None else tuple(sorted(set(positions)))
    if where == ():
        raise InvalidEdit("There is no position to patch. Name at least one, or leave positions out to patch all.")

    def part(value: Tensor) -> Tensor:
        if head is not None:
            _check_head(head, value.size(0))
            value = value[head : head + 1]
        if where is None:
            return value
        axis = 1 if by_head else 0
        for position in where:
            _check_position(position, value.size(axis))
        return value.index_select(axis, torch.tensor(where, device=value.device))

    wanted = part(given)

    def change(value: Tensor, here: Here) -> Tensor:
        heads = slice(None) if head is None else slice(head, head + 1)
        rows: slice | list[int] = slice(None) if where is None else list(where)
        for own in value.unsqueeze(0) if site == "mask" else value:  # a view each: writing to it writes to value
            if part(own).shape != wanted.shape:
                raise InvalidEdit(
                    "{site} has shape {here} here but {there} in the other trace. "
                    "Patch between texts of the same number of tokens, or name positions that both have.",
                    site=site,
                    here=list(own.shape),
                    there=list(given.shape),
                )
            own[(heads, rows) if by_head else (rows,)] = wanted.to(own)
        return value

    what = f"{site}" + ("" if layer is None else f" of layer {layer}") + ("" if head is None else f", head {head}")
    at = "" if where is None else f" at {', '.join(map(str, where))}"
    return Edit(f"patch {what}{at} with {_digest(wanted)}", (site,), layer, change, fused=site not in ATTENTION_SITES)


def mask_off(layer: int | None = None) -> Edit:
    """Every query sees every key, the future too."""
    return Edit(f"mask off in {_layers(layer)}", ("mask",), layer, _each(torch.zeros_like))


def positions_off() -> Edit:
    """No position row is added, so that the model reads a bag of words seen causally."""
    return Edit("positions off", ("pos_emb",), None, _each(torch.zeros_like), causal=True, fused=True)


def norm_off(layer: int | None = None) -> Edit:
    """No mean is taken away and nothing is divided out: ln = x * scale + shift. None: in every layer, and the final norm."""
    names = ("ln1", "ln2", "ln_final") if layer is None else ("ln1", "ln2")

    def change(value: Tensor, here: Here) -> Tensor:
        return torch.full_like(value, 0.0 if here.site.endswith("_mean") else 1.0 - here.config.norm_eps)

    sites = tuple(f"{name}_{moment}" for name in names for moment in ("mean", "var"))
    return Edit(f"LayerNorm off in {_layers(layer)}", sites, layer, change, causal=True, fused=True)


def shortcut_off(layer: int, branch: Literal["attention", "mlp"] | None = None) -> Edit:
    """The stream is not carried past `branch`: after it there is only what the branch wrote. None: past neither branch, so
    that the layer hands on what its MLP wrote, having read what its attention wrote, and nothing else.

    The other half, a branch that writes nothing, is zero_attention or zero_mlp.
    Source: Dong et al., "Attention is Not All You Need: Pure Attention Loses Rank Doubly Exponentially with Depth", 2021.
    """
    written = {"resid_mid": "attn_out", "resid_post": "mlp_out"}
    if branch not in (None, "attention", "mlp"):
        raise InvalidEdit("There is no branch {branch!r} in a block. Choose 'attention' or 'mlp'.", branch=branch)
    sites = {None: ("resid_mid", "resid_post"), "attention": ("resid_mid",), "mlp": ("resid_post",)}[branch]
    return Edit(
        f"shortcut past {branch or 'both branches'} off in layer {layer}",
        sites,
        layer,
        lambda _, here: here.seen[written[here.site]].clone(),
        causal=True,
        fused=True,
    )


def scaling_off(layer: int | None = None) -> Edit:
    """scores = q k^T, not divided by sqrt(D)."""

    def change(value: Tensor, here: Here) -> Tensor:
        return value * math.sqrt(here.config.head_dim)

    return Edit(f"1/sqrt(D) off in {_layers(layer)}", ("scores",), layer, change, causal=True)


# Told of each edit that acts: its number, site, layer, the value before and the value after it.
Watch = Callable[[int, str, int | None, Tensor, Tensor], None]


class EditedPass:
    """A tap that applies edits, in order, to one forward pass. past, ahead: see Here. Raises: UnknownSite, InvalidEdit."""

    def __init__(
        self, edits: Iterable[Edit], config: GPTConfig, past: int = 0, ahead: int = 0, watch: Watch | None = None
    ) -> None:
        self.edits, self.config, self.past, self.ahead, self.watch = tuple(edits), config, past, ahead, watch
        self.opens_attention = not all(edit.fused for edit in self.edits)
        self._seen: dict[str, Tensor] = {}
        for edit in self.edits:
            for site in edit.sites:
                every_layer = edit.layer is None and site in SITES and SITES[site].per_layer
                check_site(site, 0 if every_layer else edit.layer, config.n_layers)

    def __call__(self, site: str, layer: int | None, value: Tensor) -> Tensor:
        if site == "resid_pre":
            self._seen.clear()  # one block's values at a time, whatever the depth
        if site == "pattern":
            self._refuse_blind_queries(layer)
        for number, edit in enumerate(self.edits):
            if site in edit.sites and edit.layer in (None, layer):
                here = Here(site, layer, self.config, MappingProxyType(self._seen), self.past, self.ahead)
                changed = edit.change(value.clone(), here)
                if changed.shape != value.shape:
                    raise InvalidEdit(
                        "The edit {edit!r} made {site} {made} instead of {wanted}. An edit must keep the shape.",
                        edit=edit.name,
                        site=site,
                        made=list(changed.shape),
                        wanted=list(value.shape),
                    )
                if self.watch is not None:
                    self.watch(number, site, layer, value, changed)
                value = changed
        self._seen[site] = value
        return value

    def _refuse_blind_queries(self, layer: int | None) -> None:
        hidden = self._seen["mask"] | (self._seen["scores"] == -math.inf)  # [B, H, T, T]
        blind = hidden.all(-1).nonzero().tolist()
        if blind:
            _, head, row = blind[0]
            raise InvalidEdit(
                "Query {query} would see no key at all in head {head} of layer {layer}, and attention must look somewhere. "
                "Leave it one key.",
                query=row + self.past,
                head=head,
                layer=layer,
            )


def _each(change: Callable[[Tensor], Tensor]) -> Change:
    return lambda value, _: change(value)


def _on_head(head: int, change: Callable[[Tensor], Tensor]) -> Change:
    def on_head(z: Tensor, _: Here) -> Tensor:
        _check_head(head, z.size(1))
        z[:, head] = change(z[:, head])
        return z

    return on_head


def _on_neuron(neuron: int, change: Callable[[Tensor], Tensor]) -> Change:
    def on_neuron(mlp_post: Tensor, _: Here) -> Tensor:
        if not 0 <= neuron < mlp_post.size(-1):
            raise InvalidEdit(
                "There is no neuron {neuron}; each layer's neurons are 0 to {last}.",
                neuron=neuron,
                last=mlp_post.size(-1) - 1,
            )
        mlp_post[..., neuron] = change(mlp_post[..., neuron])
        return mlp_post

    return on_neuron


def _mean_over_positions(value: Tensor) -> Tensor:
    return value.mean(1, keepdim=True).expand_as(value).clone()  # [B, T, ...]


def _layers(layer: int | None) -> str:
    return "every layer" if layer is None else f"layer {layer}"


def _check_head(head: int | None, n_heads: int) -> None:
    if head is None or not 0 <= head < n_heads:
        raise InvalidEdit("There is no head {head}; each layer's heads are 0 to {last}.", head=head, last=n_heads - 1)


def _check_position(position: int, n_tokens: int) -> None:
    if not 0 <= position < n_tokens:
        raise InvalidEdit(
            "There is no position {position}; this text's tokens are at 0 to {last}.",
            position=position,
            last=n_tokens - 1,
        )


def _digest(value: Tensor) -> str:
    """Which values, in a name: the first 12 digits of their sha256."""
    data = value.detach().cpu().contiguous()
    return hashlib.sha256(
        f"{data.dtype}{list(data.shape)}".encode() + data.view(torch.uint8).numpy().tobytes()
    ).hexdigest()[:12]
