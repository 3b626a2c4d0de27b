"""The laws that a pass obeys, held against one trace and its model: what must be equal is computed both ways and the two are subtracted.

A law is a function of (trace, model) that gives an Identity. It looks at all numbers of the trace that it speaks of, in float64. Where an
edit has put in a number of its own, the law that this number broke is not to be expected and says nothing there.

How far the two sides may lie apart: float32 rounds each result to within eps times its size, and n roundings of random sign add up
to about sqrt(n) of one; those of a sum of shares, all above 0, may lean to one side, so there they are n of one. The size of a sum is
that of what was added, not of what is left of it.
Source: Higham and Mary, "A New Approach to Probabilistic Rounding Error Analysis", 2019.

T tokens, H heads, D head width, C model width, V vocabulary, L layers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.analysis import check_same_shape, direct_logit_attribution, token_losses
from gpt2core.model import GPTModel, MultiHeadAttention, evaluating
from gpt2core.sites import SITES
from gpt2core.trace import Trace

# What check_identities reads, for trace(model, token_ids, sites=SITES_TO_CHECK).
SITES_TO_CHECK = (
    *("tok_emb", "pos_emb", "embed", "mask", "pattern", "z", "attn_out", "mlp_out"),
    *("resid_pre", "resid_mid", "resid_post", "ln1_mean", "ln1_var", "ln1", "ln2_mean", "ln2_var", "ln2"),
    *("ln_final_mean", "ln_final_var", "ln_final", "logits"),
)
_A_FEW = 4  # roundings besides those of a sum: an exponential, a division, a root
_ROWS = 64  # of the vocabulary's width, worked on at once


@dataclass(frozen=True)
class Identity:
    """One law and how well a trace keeps it.

    name: one of NAMES. compared: the two sides, in the names of sites.SITES. n: how many numbers were compared. residual, bound: how far
    the two sides lie apart and how far float32 lets them, at the place where that is nearest to not being so. edits: the names of
    those edits because of which the law is not expected, in all places or in some; there it was not looked at.
    """

    name: str
    compared: str
    n: int
    residual: float
    bound: float
    edits: tuple[str, ...] = ()

    @property
    def holds(self) -> bool | None:
        """None where nothing was compared."""
        return self.residual <= self.bound if self.n else None


def check_identities(trace: Trace, model: GPTModel, position: int = -1) -> list[Identity]:
    """Every law on `trace`, which `model` made. position: the token whose likeliest successor's logit is taken apart.

    Runs the model once more where there are no edits. Raises: MissingActivation for one of SITES_TO_CHECK, InvalidSetting.
    """
    return list(identities(trace, model, position))


def identities(trace: Trace, model: GPTModel, position: int = -1) -> Iterator[Identity]:
    """check_identities, one by one, in the order of NAMES."""
    check_same_shape(trace, model)
    yield rows_sum_to_one(trace)
    yield future_is_unseen(trace)
    yield embedding_is_a_sum(trace)
    yield stream_adds_up(trace)
    yield stream_is_all_that_was_written(trace)
    yield norm_has_mean_zero(trace, model)
    yield norm_has_variance_one(trace, model)
    yield shares_sum_to_one(trace)
    yield logit_is_its_parts(trace, model, position)
    yield losses_follow_from_the_stream(trace, model)
    yield fused_path_agrees(trace, model)


NAMES = (
    "rows",
    "future",
    "embed",
    "stream",
    "written",
    "norm_mean",
    "norm_variance",
    "shares",
    "logit",
    "loss",
    "fused",
)


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two sides of a law and how far they may lie apart, in one shape. broken_by: the edits that put numbers of their own here."""

    left: Tensor
    right: Tensor
    allowed: Tensor
    broken_by: tuple[str, ...] = ()


def rows_sum_to_one(trace: Trace) -> Identity:
    """What a query takes of all keys together is 1: softmax divides by the sum."""

    def pair(layer: int) -> _Pair:
        total = trace["pattern", layer].sum(-1, dtype=torch.float64)  # [H, T]
        one = torch.ones_like(total)
        return _Pair(total, one, _sum_of_shares(trace["pattern", layer]), _edits_at(trace, ("pattern",), layer))

    return _identity("rows", "the rows of pattern and 1", map(pair, _layers(trace)))


def future_is_unseen(trace: Trace) -> Identity:
    """The weight on a key behind the query is 0, to the last digit, wherever the mask hides the future."""

    def pair(layer: int) -> _Pair:
        pattern, hidden = trace["pattern", layer], torch.ones_like(trace["mask", layer]).triu(1)  # [H, T, T], [T, T]
        opened = _edits_at(trace, ("mask",), layer) if not trace["mask", layer][hidden].all() else ()
        seen = pattern[:, hidden & trace["mask", layer] if opened else hidden].double()  # [H, n]
        broken_by = _edits_at(trace, ("pattern",), layer)
        return _Pair(seen, torch.zeros_like(seen), torch.zeros_like(seen), broken_by or opened * (not seen.numel()))

    return _identity("future", "pattern where key > query and 0", map(pair, _layers(trace)))


def embedding_is_a_sum(trace: Trace) -> Identity:
    """What enters the first block is the token's row and the position's, added."""
    pair = _sum(trace, trace["embed"], (trace["tok_emb"], trace["pos_emb"]), _edits_at(trace, ("embed",)))
    return _identity("embed", "embed and tok_emb + pos_emb", [pair])


def stream_adds_up(trace: Trace) -> Identity:
    """Nothing but what attention and the MLP write is added to the stream, and no layer loses any of it."""

    def pairs() -> Iterator[_Pair]:
        before = trace["embed"]
        for layer in _layers(trace):
            pre, mid, post = (trace[site, layer] for site in ("resid_pre", "resid_mid", "resid_post"))
            yield _sum(trace, pre, (before,), _edits_at(trace, ("resid_pre",), layer))
            yield _sum(trace, mid, (pre, trace["attn_out", layer]), _edits_at(trace, ("resid_mid",), layer))
            yield _sum(trace, post, (mid, trace["mlp_out", layer]), _edits_at(trace, ("resid_post",), layer))
            before = post

    return _identity("stream", "resid_mid and resid_pre + attn_out, resid_post and resid_mid + mlp_out", pairs())


def stream_is_all_that_was_written(trace: Trace) -> Identity:
    """The stream behind the last layer is the embedding and all that attention and MLPs of all layers wrote, added."""
    written = [trace[site, layer] for layer in _layers(trace) for site in ("attn_out", "mlp_out")]
    total = torch.stack([trace["embed"], *written]).sum(0, dtype=torch.float64)  # [T, C]
    partial = [trace[site, layer].double().abs() for layer in _layers(trace) for site in ("resid_mid", "resid_post")]
    broken_by = _edits_anywhere(trace, ("resid_pre", "resid_mid", "resid_post"))
    last = trace["resid_post", trace.config.n_layers - 1].double()
    # every addition rounds what there was so far
    pair = _Pair(last, total, _rounding(trace, 1, torch.stack(partial).sum(0)), broken_by)
    return _identity("written", "the last resid_post and embed + every attn_out + every mlp_out", [pair])


@torch.no_grad()
def norm_has_mean_zero(trace: Trace, model: GPTModel) -> Identity:
    """Before it is stretched and moved, what a norm hands on has mean 0 at every token."""

    def pair(norm: _Norm) -> _Pair:
        left = norm.normed.mean(-1)  # [T]
        return _Pair(left, torch.zeros_like(left), norm.error.mean(-1), norm.broken_by)

    return _identity("norm_mean", "the mean of (ln - shift) / scale and 0", map(pair, _norms(trace, model)))


@torch.no_grad()
def norm_has_variance_one(trace: Trace, model: GPTModel) -> Identity:
    """And variance 1, less what eps takes of it: v / (v + eps), where v is that of the stream which it read."""

    def pair(norm: _Norm) -> _Pair:
        variance = norm.stream.var(-1, correction=0)  # [T]
        left = norm.normed.var(-1, correction=0)
        error = 2 * (norm.normed.abs() * norm.error).mean(-1)
        return _Pair(left, variance / (variance + trace.config.norm_eps), error, norm.broken_by)

    return _identity(
        "norm_variance", "the variance of (ln - shift) / scale and v / (v + eps)", map(pair, _norms(trace, model))
    )


def shares_sum_to_one(trace: Trace) -> Identity:
    """After every token, the shares of all tokens that may come next are 1 together; in float64, as sampling takes them."""

    def pair(logits: Tensor) -> _Pair:
        shares = logits.double().softmax(-1)  # [n, V]
        return _Pair(shares.sum(-1), torch.ones_like(shares[:, 0]), _sum_of_shares(shares))

    return _identity("shares", "the softmax of logits, summed, and 1", map(pair, trace["logits"].split(_ROWS)))


@torch.no_grad()
def logit_is_its_parts(trace: Trace, model: GPTModel, position: int = -1) -> Identity:
    """The logit of the likeliest token after `position` is the sum of what each part of the model wrote, read by the final norm."""
    token_id = int(trace["logits"][position].argmax())
    parts = direct_logit_attribution(trace, model, token_id, position)
    row = model.out_head.weight[token_id].double()  # [C]
    root = torch.rsqrt(trace["ln_final_var"][position].double() + trace.config.norm_eps)
    reading = (model.final_norm.scale * row).abs() * root
    written = trace["tok_emb"][position].double().abs() + trace["pos_emb"][position].double().abs()  # [C]
    for layer in _layers(trace):
        written += _sizes_of_attention(trace, model, layer, position) + trace["mlp_out", layer][position].double().abs()
    # centring takes the mean away, which is no larger than what it is the mean of
    size = reading @ written + reading.mean() * written.sum() + model.final_norm.shift.double().abs() @ row.abs()
    streams = ("embed", "resid_pre", "resid_mid", "resid_post")
    broken_by = _edits_anywhere(trace, (*streams, "attn_out", "ln_final_mean", "ln_final_var", "ln_final", "logits"))
    allowed = _rounding(trace, 2 * trace.config.emb_dim + 2 * trace.config.n_layers, size)
    logit, total = torch.tensor([parts.logit, parts.total() - parts.edits], dtype=torch.float64, device=size.device)
    return _identity("logit", "a logit and its direct attribution, summed", [_Pair(logit, total, allowed, broken_by)])


@torch.no_grad()
def losses_follow_from_the_stream(trace: Trace, model: GPTModel) -> Identity:
    """Each token's loss is ln(sum of exp(logits)) - its own logit, with the logits multiplied out once more."""
    pairs: list[_Pair] = []
    if len(trace.token_ids) > 1:
        told = torch.tensor(trace.token_ids[1:], device=trace["logits"].device)  # [T - 1]
        losses = token_losses(trace).double()
        allowed = 2 * _logit_rounding(trace, model, trace.config.emb_dim)[:-1] + _rounding(trace, 1, losses)
        again = [
            _losses(rows @ model.out_head.weight.T, ids)
            for rows, ids in zip(trace["ln_final"][:-1].split(_ROWS), told.split(_ROWS), strict=True)
        ]
        pairs = [_Pair(losses, torch.cat(again), allowed, _edits_at(trace, ("logits",)))]
    return _identity("loss", "token losses and ln(sum of exp(ln_final W_U)) - ln_final W_U of the token", pairs)


def fused_path_agrees(trace: Trace, model: GPTModel) -> Identity:
    """The model run without a tap, as it is trained and as it writes, gives the same logits; that run knows no edits.

    No bound is certain for a whole network, for later layers may enlarge what earlier ones rounded. This one is the rounding of all
    sums on the longest way through it, enlarged by every norm as where that enlarges most.
    """
    if trace.edits:
        return Identity("fused", _FUSED, 0, 0.0, 0.0, trace.edits)
    config, weight = trace.config, model.tok_emb.weight
    with evaluating(model):
        fused = model(torch.tensor([trace.token_ids], device=weight.device))[0]  # [T, V]
    way = config.n_layers * (7 * config.emb_dim + config.head_dim + 2 * len(trace.token_ids)) + config.emb_dim
    enlarged = math.prod(norm.enlarges for norm in _norms(trace, model))
    allowed = enlarged * _logit_rounding(trace, model, way).unsqueeze(-1)  # [T, 1]
    rows = zip(*(one.split(_ROWS) for one in (trace["logits"], fused, allowed)), strict=True)
    return _identity("fused", _FUSED, (_Pair(ours, theirs, most.expand_as(ours)) for ours, theirs, most in rows))


_FUSED = "logits and those of the model without a tap"


@dataclass(frozen=True, eq=False)
class _Norm:
    """One norm's part of a trace, float64. stream [T, C]: what it read; normed [T, C]: what it made of that before scale and shift;
    error [T, C]: how far float32 lets that be off. enlarges: how many times larger an error is, at most, beside what it hands on than
    it was beside the stream."""

    stream: Tensor
    normed: Tensor
    error: Tensor
    enlarges: float
    broken_by: tuple[str, ...]


def _norms(trace: Trace, model: GPTModel) -> Iterator[_Norm]:
    for layer in _layers(trace):
        block = model.trf_blocks[layer]
        yield _norm(trace, block.get_submodule("norm1"), "ln1", layer, trace["resid_pre", layer])
        yield _norm(trace, block.get_submodule("norm2"), "ln2", layer, trace["resid_mid", layer])
    yield _norm(trace, model.final_norm, "ln_final", None, trace["resid_post", trace.config.n_layers - 1])


def _norm(trace: Trace, norm: torch.nn.Module, site: str, layer: int | None, stream: Tensor) -> _Norm:
    scale, shift = norm.get_parameter("scale").double(), norm.get_parameter("shift").double()  # [C]
    out, x = trace[site, layer].double(), stream.double()  # [T, C]
    moved = out - shift
    root = torch.rsqrt(x.var(-1, correction=0, keepdim=True) + trace.config.norm_eps)  # [T, 1]
    centred = (x - x.mean(-1, keepdim=True)) * root
    # a channel whose scale is 0 does not show what it was before: there it is the stream's
    normed = torch.where(scale == 0, centred, moved / scale.masked_fill(scale == 0, 1))
    shown = ((out.abs() + shift.abs()) / scale.abs()).masked_fill(scale == 0, 0)
    size = shown + centred.abs() + root * x.abs().mean(-1, keepdim=True)
    error = _rounding(trace, x.size(-1), size)
    enlarges = max(1.0, float((root.squeeze(-1) * x.square().mean(-1).sqrt()).max()))
    return _Norm(x, normed, error, enlarges, _edits_at(trace, (f"{site}_mean", f"{site}_var", site), layer))


def _sizes_of_attention(trace: Trace, model: GPTModel, layer: int, position: int) -> Tensor:
    """What is added up to attn_out, without its signs: |z| |W_O| + |bias|. [C]"""
    attention = model.trf_blocks[layer].get_submodule("att")
    assert isinstance(attention, MultiHeadAttention)
    z = trace["z", layer][:, position].flatten().double().abs()  # [C]
    return attention.out_proj.weight.double().abs() @ z + attention.out_proj.bias.double().abs()


def _losses(logits: Tensor, token_ids: Tensor) -> Tensor:
    """[n, V], [n] -> [n] float64"""
    wide = logits.double()
    return wide.logsumexp(-1) - wide.gather(1, token_ids.unsqueeze(1)).squeeze(1)


@torch.no_grad()
def _logit_rounding(trace: Trace, model: GPTModel, n: int) -> Tensor:
    """How far any logit may be off after n roundings: [T]. Its terms together are no larger than |ln_final| times the longest row of W_U."""
    longest = torch.stack([rows.double().norm(dim=1).max() for rows in model.out_head.weight.split(8192)]).max()
    return _rounding(trace, n, trace["ln_final"].double().norm(dim=-1) * longest)


def _sum(trace: Trace, total: Tensor, parts: tuple[Tensor, ...], broken_by: tuple[str, ...]) -> _Pair:
    """total = the sum of parts, which float32 rounds once; a single part is handed on as it is."""
    added = torch.stack(parts).sum(0, dtype=torch.float64)
    size = torch.stack(parts).abs().sum(0, dtype=torch.float64) * (len(parts) > 1)
    return _Pair(total.double(), added, torch.finfo(total.dtype).eps * size, broken_by)


def _rounding(trace: Trace, n: int, size: Tensor) -> Tensor:
    """What n roundings of numbers of that size may add up to, and the few that come besides."""
    return torch.finfo(trace["logits"].dtype).eps * math.sqrt(n + _A_FEW) * size


def _sum_of_shares(shares: Tensor) -> Tensor:
    """What the last axis of a softmax may miss of 1: [..., n] -> [...]"""
    eps = torch.finfo(shares.dtype).eps
    return torch.full(shares.shape[:-1], eps * (shares.size(-1) + _A_FEW), dtype=torch.float64, device=shares.device)


def _edits_at(trace: Trace, sites: Iterable[str], layer: int | None = None) -> tuple[str, ...]:
    """The names of those edits that changed a number here, in their order. Raises: MissingActivation: only of what is recorded is it known."""
    numbers: set[int] = set()
    for site in sites:
        trace[site, layer]
        if (site, layer) in trace.replaced:
            numbers |= set(trace.replaced[site, layer].by.unique().tolist())
    return tuple(trace.edits[number] for number in sorted(numbers) if number >= 0)


def _edits_anywhere(trace: Trace, sites: Iterable[str]) -> tuple[str, ...]:
    """The same of every layer, each edit once."""
    places = [(site, layer) for site in sites for layer in (_layers(trace) if SITES[site].per_layer else (None,))]
    return tuple(dict.fromkeys(name for site, layer in places for name in _edits_at(trace, (site,), layer)))


def _layers(trace: Trace) -> range:
    return range(trace.config.n_layers)


def _identity(name: str, compared: str, pairs: Iterable[_Pair]) -> Identity:
    """The pairs as one: the place that is nearest to not being equal, or farthest from it."""
    n, worst, residual, bound = 0, -1.0, 0.0, 0.0
    broken_by: dict[str, None] = {}
    for pair in pairs:
        broken_by |= dict.fromkeys(pair.broken_by)
        if pair.broken_by or not pair.left.numel():
            continue
        apart = (pair.left.double() - pair.right.double()).abs()
        allowed = pair.allowed.double()
        # what is no number is farther than anything
        nearness = (apart / allowed.clamp(min=torch.finfo(torch.float64).tiny)).nan_to_num(math.inf)
        place = nearness.argmax()
        n += apart.numel()
        if float(nearness.flatten()[place]) > worst:
            worst = float(nearness.flatten()[place])
            residual, bound = float(apart.flatten()[place]), float(allowed.flatten()[place])
    return Identity(name, compared, n, residual, bound, tuple(broken_by))
