"""One attention head step by step, for a pair of tokens or for all of them: what each step reads and makes, in real numbers.

C: width of the stream, D: of a head, H heads, T tokens; i: the token that looks (query), j: the one that is looked at (key).
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.text import TokenLabel
from gpt2core import GPTModel, Trace
from gpt2core.analysis import attention_bias, head_outputs
from gpt2core.errors import InvalidSetting
from gpt2core.explaining.lines import CodeLines, code_of
from gpt2core.ranges import is_whole
from gpt2core.sites import SITES

say = catalogue("head_steps")
SITES_READ = ("resid_pre", "ln1", "q", "k", "v", "scores", "mask", "pattern", "z", "attn_out", "resid_mid")
# Each step and the site that it makes: its shape and its lines of code are told.
STEPS = {
    "enters": "ln1",
    "vectors": "q",
    "product": "scores",
    "scaled": "scores",
    "masked": "mask",
    "exponentials": "pattern",
    "weights": "pattern",
    "gathered": "z",
    "heads": "z",
    "projected": "attn_out",
    "added": "resid_mid",
}
SCOPES = ("pair", "all")
_STREAM, _HEAD = say("shared_stream_dimension"), say("head_dimension")
MOST_SCORES = 20_000_000  # of all heads and layers, which the pass keeps: 80 MB


@dataclass(frozen=True)
class Axis:
    """One side of the picture, as widgets/matrix has it."""

    name: str
    labels: Sequence[TokenLabel] | Sequence[str] | None = None


@dataclass(frozen=True)
class Origin:
    """Which numbers of the run a row is, as widgets/matrix has it."""

    site: str
    layer: int
    index: tuple[int | Literal["column"], ...]


@dataclass(frozen=True)
class StepPicture:
    """values [R, K] with rows and columns named; origins: of each row, or None. told: the step in words, with its numbers.
    shape: what is made, as gpt2core.sites says. code: (where, lines) of gpt2core."""

    title: str
    values: Tensor
    rows: Axis
    columns: Axis
    origins: list[Origin | None]
    told: str
    shape: str
    code: list[tuple[str, str]]
    number: Literal["share", "plain", "signed"]


@dataclass(frozen=True)
class _Head:
    """What all steps read."""

    trace: Trace
    model: GPTModel
    layer: int
    head: int
    i: int
    j: int
    labels: Sequence[TokenLabel]

    def of(self, site: str) -> Tensor:
        """The site in this layer; of this head where each has its own."""
        value = self.trace[site, self.layer]
        return value[self.head] if value.dim() == 3 else value

    def row(self, site: str, token: int) -> Origin:
        """A whole row of the site, for the drawer."""
        own = (self.head,) if self.trace[site, self.layer].dim() == 3 else ()
        return Origin(site, self.layer, (*own, token, "column"))

    @property
    def raw(self) -> Tensor:
        """q · k of all pairs, before they are scaled: [T, T]."""
        return self.of("q") @ self.of("k").mT

    @property
    def masked(self) -> Tensor:
        """[T, T], NaN where a query may not look."""
        return self.of("scores").masked_fill(self.trace["mask", self.layer], math.nan)

    @property
    def exponentials(self) -> Tensor:
        """e to the power of how far a score lies below the largest of its row: [T, T], 0 where masked."""
        hidden = self.of("scores").masked_fill(self.trace["mask", self.layer], -math.inf)
        return (hidden - hidden.amax(-1, keepdim=True)).exp()

    @property
    def tokens(self) -> Axis:
        return Axis(say("shared_token"), self.labels)

    @property
    def query(self) -> str:
        return self.labels[self.i].text

    @property
    def key(self) -> str:
        return self.labels[self.j].text


# Of each step: (values, names of rows, origins, columns, the step in words).
_Strips = tuple[Sequence[Tensor], Sequence[str], Sequence[Origin | None], Axis, str]


def checked_step(step: Any) -> str:
    """Raises: InvalidSetting for a step that there is not."""
    names = list(STEPS)
    if not is_whole(step) or not 0 <= step < len(names):
        raise InvalidSetting("There is no such step of a head; choose 1 to {last}.", last=len(names))
    return names[step]


def key_of(key: Any, pattern: Tensor, i: int) -> int:
    """The token that is looked at: the one asked for where it is there, else the one that i gives most weight. pattern [T, T]."""
    if is_whole(key) and 0 <= key < len(pattern):
        return int(key)
    return int(pattern[i].argmax())


def step_of(
    services: Services, run: RunKey, token: int, layer: int, head: int, step: str, scope: str, key: Any
) -> StepPicture:
    """Raises: InvalidSetting for another scope than SCOPES, and for a text whose scores are too many to keep."""
    if scope not in SCOPES:
        raise InvalidSetting("There is no such view of a step; choose one of {scopes}.", scopes=", ".join(SCOPES))
    model = services.models.get(run.model).model
    config = model.config
    most = math.isqrt(MOST_SCORES // (config.n_layers * config.n_heads))
    if len(run.token_ids) > most:
        raise InvalidSetting(
            "The steps of a head are shown for up to {most} tokens of this model, and the sentence has {n:,}; shorten it.",
            most=most,
            n=len(run.token_ids),
        )
    trace = services.traces.get(run, set(SITES_READ))
    pattern = trace["pattern", layer][head]
    seen = _Head(trace, model, layer, head, token, key_of(key, pattern, token), services.labels(run))
    strips, names, origins, columns, told = (_PAIR if scope == "pair" else _ALL)[step](seen)
    if scope == "pair":
        told = f"{say('pair', query=seen.query, i=seen.i, key=seen.key, j=seen.j)} {told}"
    if (
        scope == "pair"
        and step in ("masked", "exponentials", "weights", "gathered")
        and bool(trace["mask", layer][token, seen.j])
    ):
        told = f"{told} {say('not_seen', query=seen.query, key=seen.key)}"
    number = list(STEPS).index(step) + 1
    sites = [STEPS[step], *(("k", "v") if step == "vectors" else ())]
    is_shared = scope == "all" and len(names) == len(seen.labels)
    return StepPicture(
        say("title", layer=layer, head=head, number=number, n=len(STEPS), name=say(f"{step}_name")),
        torch.stack(list(strips)),
        Axis("", list(names)) if not is_shared else seen.tokens,
        columns,
        list(origins),
        told,
        " · ".join(f"{site} {SITES[site].shape}" for site in sites),
        [(_where(code), textwrap.dedent(code.text)) for code in code_of(sites[0])],
        "share" if step == "weights" else "plain" if step == "exponentials" else "signed",
    )


def in_full(value: float) -> str:
    """Four significant digits, with a minus that is as wide as a plus."""
    return f"{value:.4g}".replace("-", "−")


def _where(code: CodeLines) -> str:
    if code.first == code.last:
        return say("line", file=code.file, first=code.first)
    return say("lines", file=code.file, first=code.first, last=code.last)


def _products(one: Tensor, other: Tensor) -> str:
    """The first two products of a sum, written out."""
    first = [f"({in_full(float(a))}) × ({in_full(float(b))})" for a, b in zip(one[:2], other[:2], strict=True)]
    return " + ".join(first) + (" + …" if len(one) > 2 else "")


def _enters(h: _Head) -> _Strips:
    x = h.of("ln1")
    names = [say("row_ln1_i", i=h.i), say("row_ln1_j", j=h.j)]
    told = say("enters_pair", c=x.shape[-1])
    return (x[h.i], x[h.j]), names, (h.row("ln1", h.i), h.row("ln1", h.j)), Axis(_STREAM), told


def _vectors(h: _Head) -> _Strips:
    q, k = h.of("q"), h.of("k")
    told = say("vectors_pair", c=h.of("ln1").shape[-1], d=q.shape[-1], query=h.query, key=h.key)
    names = [say("row_q", i=h.i), say("row_k", j=h.j)]
    return (q[h.i], k[h.j]), names, (h.row("q", h.i), h.row("k", h.j)), Axis(_HEAD), told


def _product(h: _Head) -> _Strips:
    q, k = h.of("q")[h.i], h.of("k")[h.j]
    names = [say("row_q", i=h.i), say("row_k", j=h.j), say("row_product")]
    origins = (h.row("q", h.i), h.row("k", h.j), Origin("scores", h.layer, (h.head, h.i, h.j)))
    told = say("product_pair", d=len(q), products=_products(q, k), sum=in_full(float(q @ k)))
    return (q, k, q * k), names, origins, Axis(_HEAD), told


def _scaled(h: _Head) -> _Strips:
    raw, scores, d = h.raw, h.of("scores"), h.of("q").shape[-1]
    raw_one, score = float(raw[h.i, h.j]), float(scores[h.i, h.j])
    told = say(
        "scaled_pair", d=d, raw=in_full(raw_one), root=in_full(math.sqrt(d)), score=in_full(score), query=h.query
    )
    if not math.isclose(raw_one / math.sqrt(d), score, rel_tol=1e-3, abs_tol=1e-5):
        told = say("scaled_edited", raw=in_full(raw_one), score=in_full(score))
    names = [say("row_raw"), say("row_scores")]
    return (raw[h.i], scores[h.i]), names, (None, h.row("scores", h.i)), h.tokens, told


def _masked(h: _Head) -> _Strips:
    n_hidden = int(h.trace["mask", h.layer][h.i].sum())
    told = say("masked_pair", n=n_hidden, query=h.query) if n_hidden else say("masked_none", query=h.query)
    return (h.masked[h.i],), [say("row_scores")], (h.row("scores", h.i),), h.tokens, told


def _exponentials(h: _Head) -> _Strips:
    row, scores = h.exponentials[h.i], h.masked[h.i]
    told = say(
        "exponentials_pair",
        score=in_full(float(h.of("scores")[h.i, h.j])),
        largest=in_full(float(scores[~scores.isnan()].max())),
        power=in_full(float(row[h.j])),
        sum=in_full(float(row.sum())),
    )
    return (row,), [say("row_exponentials")], (h.row("pattern", h.i),), h.tokens, told


def _weights(h: _Head) -> _Strips:
    row, weight = h.exponentials[h.i], h.of("pattern")[h.i]
    told = say(
        "weights_pair",
        power=in_full(float(row[h.j])),
        sum=in_full(float(row.sum())),
        weight=in_full(float(weight[h.j])),
    )
    return (weight,), [say("row_weights")], (h.row("pattern", h.i),), h.tokens, told


def _gathered(h: _Head) -> _Strips:
    v, z, weight = h.of("v")[h.j], h.of("z")[h.i], h.of("pattern")[h.i, h.j]
    n_seen = int((~h.trace["mask", h.layer][h.i]).sum())
    told = say("gathered_pair", weight=in_full(float(weight)), n=n_seen, query=h.query, key=h.key)
    names = [say("row_v", j=h.j), say("row_weighted_v"), say("row_z", i=h.i)]
    return (v, weight * v, z), names, (h.row("v", h.j), None, h.row("z", h.i)), Axis(_HEAD), told


def _heads(h: _Head) -> _Strips:
    z = h.trace["z", h.layer][:, h.i]  # [H, D]
    names = [say("row_own_head", head=at) if at == h.head else say("row_head", head=at) for at in range(len(z))]
    origins = [Origin("z", h.layer, (at, h.i, "column")) for at in range(len(z))]
    told = say("heads_pair", h=len(z), d=z.shape[-1], c=z.numel(), query=h.query)
    return tuple(z), names, origins, Axis(_HEAD), told


def _projected(h: _Head) -> _Strips:
    written = head_outputs(h.trace, h.model, h.layer, h.i)  # [H, C]
    whole, bias = h.of("attn_out")[h.i], attention_bias(h.model, h.layer)
    own = written[h.head]
    strips = (own, written.sum(0) - own, bias, whole)
    names = [say("row_from_this_head"), say("row_from_others"), say("row_from_bias"), say("row_attn_out", i=h.i)]
    told = say("projected_pair", own=in_full(float(own.norm())), whole=in_full(float(whole.norm())))
    return strips, names, (None, None, None, h.row("attn_out", h.i)), Axis(_STREAM), told


def _added(h: _Head) -> _Strips:
    sites = ("resid_pre", "attn_out", "resid_mid")
    strips = [h.of(site)[h.i] for site in sites]
    before, wrote, after = (in_full(float(strip.norm())) for strip in strips)
    names = [say("row_resid_pre", i=h.i), say("row_attn_out", i=h.i), say("row_resid_mid")]
    told = say("added_pair", before=before, wrote=wrote, after=after)
    return strips, names, [h.row(site, h.i) for site in sites], Axis(_STREAM), told


def _whole(
    values: Callable[[_Head], Tensor], site: str | None, told: str, columns: str | None = None
) -> Callable[[_Head], _Strips]:
    """The same step for every token at once: a row a token. columns: what they are; None: tokens too."""

    def strips(h: _Head) -> _Strips:
        found = values(h)
        origins = [h.row(site, token) if site else None for token in range(len(found))]
        axis = h.tokens if columns is None else Axis(columns)
        return list(found), [str(token) for token in range(len(found))], origins, axis, told

    return strips


def _both_vectors(h: _Head) -> _Strips:
    q, k = h.of("q"), h.of("k")
    tokens = range(len(q))
    names = [say("row_q", i=at) for at in tokens] + [say("row_k", j=at) for at in tokens]
    origins = [h.row(site, at) for site in ("q", "k") for at in tokens]
    return [*q, *k], names, origins, Axis(_HEAD), say("vectors_all", n=len(q))


_PAIR: dict[str, Callable[[_Head], _Strips]] = {
    "enters": _enters,
    "vectors": _vectors,
    "product": _product,
    "scaled": _scaled,
    "masked": _masked,
    "exponentials": _exponentials,
    "weights": _weights,
    "gathered": _gathered,
    "heads": _heads,
    "projected": _projected,
    "added": _added,
}
_ALL: dict[str, Callable[[_Head], _Strips]] = {
    "enters": _whole(lambda h: h.of("ln1"), "ln1", say("enters_all"), _STREAM),
    "vectors": _both_vectors,
    "product": _whole(lambda h: h.raw, None, say("product_all")),
    "scaled": _whole(lambda h: h.of("scores"), "scores", say("scaled_all")),
    "masked": _whole(lambda h: h.masked, "scores", say("masked_all")),
    "exponentials": _whole(lambda h: h.exponentials, "pattern", say("exponentials_all")),
    "weights": _whole(lambda h: h.of("pattern"), "pattern", say("weights_all")),
    "gathered": _whole(lambda h: h.of("z"), "z", say("gathered_all"), _HEAD),
    "heads": _whole(
        lambda h: h.trace["z", h.layer].transpose(0, 1).flatten(1), None, say("heads_all"), say("all_heads_dimension")
    ),
    "projected": _whole(lambda h: h.of("attn_out"), "attn_out", say("projected_all"), _STREAM),
    "added": _whole(lambda h: h.of("resid_mid"), "resid_mid", say("added_all"), _STREAM),
}
