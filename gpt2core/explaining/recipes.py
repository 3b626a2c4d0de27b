"""How every site is computed from the sites before it and the weights: sites.SITES, one index at a time.

T tokens, H heads, D head width, C model width, V vocabulary; small letters count along them: t, s (the key), h, d, c, n (of 4C), v.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.explaining.operands import Column, Group, Kind, bracketed, short
from gpt2core.model import GPTModel
from gpt2core.sites import SITES
from gpt2core.trace import Key, Trace

# What runs along a site's axes, by its shape in sites.SITES.
LETTERS = {
    "[T]": ("t",),
    "[T, C]": ("t", "c"),
    "[T, 4C]": ("t", "n"),
    "[T, V]": ("t", "v"),
    "[T, T]": ("t", "s"),
    "[H, T, D]": ("h", "t", "d"),
    "[H, T, T]": ("h", "t", "s"),
}


@dataclass(frozen=True)
class Recipe:
    """One number of a site, before any edit.

    formula: in letters. total: from the products of all groups, one after the other, to the number. written: the number with the
    sum left open. size: what rounding is measured by where that is not the sum of the groups' sizes.
    """

    formula: str
    groups: tuple[Group, ...]
    total: Callable[[Tensor], Tensor] = torch.sum
    written: str = "{sum}"
    size: float | None = None


@dataclass(frozen=True)
class Gather:
    """Takes operands out of a trace and its model. layer: of the number that is explained."""

    trace: Trace
    model: GPTModel
    layer: int | None

    @property
    def config(self) -> GPTConfig:
        return self.trace.config

    def site(self, key: Key, *index: int | None) -> Column:
        return _column("site", key[0], key[1], index, self.trace[key])

    def own(self, name: str, *index: int | None) -> Column:
        """Of the same layer."""
        return self.site((name, self.layer), *index)

    def weight(self, name: str, *index: int | None) -> Column:
        return _column("weight", name, self.layer, index, self.model.get_parameter(name))

    def linear(self, name: str, row: int, inputs: Column) -> tuple[Group, ...]:
        """The products of one output of a linear map, and its bias if it has one."""
        products = Group((inputs, self.weight(f"{name}.weight", row, None)))
        if self.model.get_submodule(name).bias is None:
            return (products,)
        return products, Group((self.weight(f"{name}.bias", row),))

    def module(self, name: str) -> str:
        """The name of a part of this layer's block."""
        return f"trf_blocks.{self.layer}.{name}"


def recipe(trace: Trace, model: GPTModel, site: str, layer: int | None, index: tuple[int, ...]) -> Recipe:
    """How this number is computed. The place must exist and what operand_places names must be recorded."""
    return _RECIPES[site](Gather(trace, model, layer), *index)


def operand_places(site: str, layer: int | None, n_layers: int) -> tuple[Key, ...]:
    """The sites that a number of `site` is computed from, each with its layer."""
    if site == "resid_pre":
        return (("embed", None),) if not layer else (("resid_post", layer - 1),)
    if site.startswith("ln"):
        norm = site.removesuffix("_mean").removesuffix("_var")
        moments = [(f"{norm}_mean", layer), (f"{norm}_var", layer)] if site == norm else []
        return _stream(norm, layer, n_layers), *moments
    return tuple((name, layer if SITES[name].per_layer else None) for name in _OPERANDS.get(site, ()))


_OPERANDS: dict[str, tuple[str, ...]] = {
    "embed": ("tok_emb", "pos_emb"),
    "q": ("ln1",),
    "k": ("ln1",),
    "v": ("ln1",),
    "scores": ("q", "k"),
    "pattern": ("scores", "mask"),
    "z": ("v", "pattern"),
    "attn_out": ("z",),
    "resid_mid": ("resid_pre", "attn_out"),
    "mlp_pre": ("ln2",),
    "mlp_post": ("mlp_pre",),
    "mlp_out": ("mlp_post",),
    "resid_post": ("resid_mid", "mlp_out"),
    "logits": ("ln_final",),
}


def _stream(norm: str, layer: int | None, n_layers: int) -> Key:
    """What a norm reads."""
    if norm == "ln_final":
        return "resid_post", n_layers - 1
    return ("resid_pre" if norm == "ln1" else "resid_mid"), layer


def _tok_emb(at: Gather, t: int, c: int) -> Recipe:
    token_id = at.trace.token_ids[t]
    chosen = _number("token", "token_ids", (t,), token_id)
    row = at.weight("tok_emb.weight", token_id, c)
    return Recipe("W_E[token_ids[t], c]", (Group((row, chosen), _first, f"W_E[{token_id}, {c}]"),))


def _pos_emb(at: Gather, t: int, c: int) -> Recipe:
    row = at.weight("pos_emb.weight", t, c)
    chosen = _number("position", "position", (t,), t)
    return Recipe("W_P[t, c]", (Group((row, chosen), _first, f"W_P[{t}, {c}]"),))


def _sum_of_two(first: str, second: str, at: Gather, t: int, c: int) -> Recipe:
    """Both of the same layer."""
    return Recipe(f"{first}[t, c] + {second}[t, c]", (Group((at.own(first, t, c),)), Group((at.own(second, t, c),))))


def _resid_pre(at: Gather, t: int, c: int) -> Recipe:
    ((name, layer),) = operand_places("resid_pre", at.layer, at.config.n_layers)
    below = "" if layer is None else " of the layer below"
    return Recipe(f"{name}[t, c]{below}", (Group((at.site((name, layer), t, c),)),))


def _mean(norm: str, at: Gather, t: int) -> Recipe:
    stream = _stream(norm, at.layer, at.config.n_layers)
    C = _number("constant", "C", (), at.config.emb_dim)
    group = Group((at.site(stream, t, None), C), torch.divide, "{} / {}")
    return Recipe(f"Σ_c {stream[0]}[t, c] / C", (group,))


def _var(norm: str, at: Gather, t: int) -> Recipe:
    """The mean in it is that of its own operands: an edit of the mean comes after the variance is computed."""
    stream = at.site(_stream(norm, at.layer, at.config.n_layers), t, None)
    C = _number("constant", "C", (), at.config.emb_dim)
    squares = Group(
        (stream, C),
        lambda x, n: (x - x.mean()).square() / n,
        f"({{}} - {bracketed(float(stream.values.mean()))})² / {{}}",
    )
    return Recipe(f"Σ_c ({stream.name}[t, c] - mean)² / C", (squares,))


def _norm(norm: str, module: str, at: Gather, t: int, c: int) -> Recipe:
    stream = _stream(norm, at.layer, at.config.n_layers)
    name = at.module(module) if at.layer is not None else module
    columns = (
        at.site(stream, t, c),
        at.own(f"{norm}_mean", t),
        at.own(f"{norm}_var", t),
        _number("constant", "eps", (), at.config.norm_eps),
        at.weight(f"{name}.scale", c),
    )
    stretched = Group(
        columns,
        lambda x, mean, var, eps, scale: (x - mean) / torch.sqrt(var + eps) * scale,
        "({} - {}) / sqrt({} + {}) * {}",
        lambda x, mean, var, eps, scale: (x.abs() + mean.abs()) / torch.sqrt(var + eps) * scale,
    )
    formula = f"({stream[0]}[t, c] - mean[t]) / sqrt(var[t] + eps) * scale[c] + shift[c]"
    return Recipe(formula, (stretched, Group((at.weight(f"{name}.shift", c),))))


def _projection(weights: str, at: Gather, h: int, t: int, d: int) -> Recipe:
    groups = at.linear(at.module(f"att.{weights}"), h * at.config.head_dim + d, at.own("ln1", t, None))
    return Recipe(f"Σ_c ln1[t, c] {weights}[hD + d, c]{_bias(groups, 'hD + d')}", groups)


def _scores(at: Gather, h: int, t: int, s: int) -> Recipe:
    root = _number("constant", "sqrt(D)", (), math.sqrt(at.config.head_dim))
    group = Group((at.own("q", h, t, None), at.own("k", h, s, None), root), lambda q, k, r: q * k / r, "{} * {} / {}")
    return Recipe("Σ_d q[h, t, d] k[h, s, d] / sqrt(D)", (group,))


def _mask(at: Gather, t: int, s: int) -> Recipe:
    key = Group((_number("position", "position", (s,), s),))
    query = Group((_number("position", "position", (t,), t),), torch.neg, "-{}")
    return Recipe("s > t", (key, query), lambda products: (products.sum() > 0).double(), "{sum} > 0", 1.0)


def _pattern(at: Gather, h: int, t: int, s: int) -> Recipe:
    scores, mask = at.own("scores", h, t, None), at.own("mask", t, None)
    visible = scores.values.masked_fill(mask.values.bool(), -math.inf)
    top = float(visible.max())  # taken away from all: it changes no quotient and keeps exp finite
    own = f"exp({short(float(visible[s]))} - {bracketed(top)})"
    exponentials = Group(
        (scores, mask),
        lambda x, hidden: (y := x.masked_fill(hidden.bool(), -math.inf)).sub(y.max()).exp(),
        f"exp({{}} - {bracketed(top)})",
    )
    return Recipe(
        "exp(scores[h, t, s]) / Σ_s' exp(scores[h, t, s']), over all s' that mask[t, s'] does not hide",
        (exponentials,),
        lambda products: products[s] / products.sum(),
        f"{own} / ({{sum}})",
        1.0,
    )


def _z(at: Gather, h: int, t: int, d: int) -> Recipe:
    return Recipe("Σ_s pattern[h, t, s] v[h, s, d]", (Group((at.own("v", h, None, d), at.own("pattern", h, t, None))),))


def _attn_out(at: Gather, t: int, c: int) -> Recipe:
    groups = at.linear(at.module("att.out_proj"), c, at.own("z", None, t, None))
    return Recipe(f"Σ_h Σ_d z[h, t, d] W_O[c, hD + d]{_bias(groups, 'c')}", groups)


def _mlp_pre(at: Gather, t: int, n: int) -> Recipe:
    groups = at.linear(at.module("ff.layers.0"), n, at.own("ln2", t, None))
    return Recipe(f"Σ_c ln2[t, c] W_in[n, c]{_bias(groups, 'n')}", groups)


def _mlp_post(at: Gather, t: int, n: int) -> Recipe:
    """Where x is far below 0 the rounding of 1 + tanh, or 1 + erf, is all there is: its size is that of x."""
    x = at.own("mlp_pre", t, n)
    law, inner = (
        (_gelu_tanh, "tanh(sqrt(2/π) * ({0} + 0.044715 * {0}³))")
        if at.config.gelu == "tanh"
        else (_gelu_erf, "erf({0} / sqrt(2))")
    )
    form = f"0.5 * {{0}} * (1 + {inner})"
    group = Group((x,), law, form.format(bracketed(float(x.values))), torch.abs)
    return Recipe(f"{form.format('x')}, x = mlp_pre[t, n]", (group,))


def _mlp_out(at: Gather, t: int, c: int) -> Recipe:
    groups = at.linear(at.module("ff.layers.2"), c, at.own("mlp_post", t, None))
    return Recipe(f"Σ_n mlp_post[t, n] W_out[c, n]{_bias(groups, 'c')}", groups)


def _logits(at: Gather, t: int, v: int) -> Recipe:
    groups = at.linear("out_head", v, at.own("ln_final", t, None))
    tied = ", W_U = W_E" if at.config.tied_head else ""
    return Recipe(f"Σ_c ln_final[t, c] W_U[v, c]{_bias(groups, 'v')}{tied}", groups)


_RECIPES: dict[str, Callable[..., Recipe]] = {
    "tok_emb": _tok_emb,
    "pos_emb": _pos_emb,
    "embed": partial(_sum_of_two, "tok_emb", "pos_emb"),
    "resid_pre": _resid_pre,
    "ln1_mean": partial(_mean, "ln1"),
    "ln1_var": partial(_var, "ln1"),
    "ln1": partial(_norm, "ln1", "norm1"),
    "q": partial(_projection, "W_query"),
    "k": partial(_projection, "W_key"),
    "v": partial(_projection, "W_value"),
    "scores": _scores,
    "mask": _mask,
    "pattern": _pattern,
    "z": _z,
    "attn_out": _attn_out,
    "resid_mid": partial(_sum_of_two, "resid_pre", "attn_out"),
    "ln2_mean": partial(_mean, "ln2"),
    "ln2_var": partial(_var, "ln2"),
    "ln2": partial(_norm, "ln2", "norm2"),
    "mlp_pre": _mlp_pre,
    "mlp_post": _mlp_post,
    "mlp_out": _mlp_out,
    "resid_post": partial(_sum_of_two, "resid_mid", "mlp_out"),
    "ln_final_mean": partial(_mean, "ln_final"),
    "ln_final_var": partial(_var, "ln_final"),
    "ln_final": partial(_norm, "ln_final", "final_norm"),
    "logits": _logits,
}


def _column(kind: Kind, name: str, layer: int | None, index: tuple[int | None, ...], values: Tensor) -> Column:
    chosen = values.detach()[tuple(slice(None) if part is None else part for part in index)]
    numbers = chosen.to("cpu").double()
    return Column(kind, name, layer, index, numbers.flatten() if numbers.dim() else numbers, tuple(chosen.shape))


def _number(kind: Kind, name: str, index: tuple[int, ...], value: float) -> Column:
    return Column(kind, name, None, index, torch.tensor(value, dtype=torch.float64))


def _first(row: Tensor, chosen: Tensor) -> Tensor:
    """What a token id or a position chooses."""
    return row


def _bias(groups: tuple[Group, ...], letters: str) -> str:
    return f" + bias[{letters}]" if len(groups) > 1 else ""


def _gelu_tanh(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _gelu_erf(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))
