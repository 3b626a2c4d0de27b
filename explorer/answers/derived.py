"""Numbers of the page that are no site of the trace, each one step above what is: a share, its logarithm, a length, a guess on the way,
a loss, a cosine, a mean weight, a head's part of a logit. One table of them, in the terms of gpt2core.explain: operands as columns, and
the law from their products to the number.

T tokens, C model width, V vocabulary; small letters count along them. All sums are float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from explorer.catalogue import catalogue
from gpt2core import GPTModel, Trace, analysis, embeddings, lens
from gpt2core.errors import InvalidSetting
from gpt2core.explaining.lines import CodeLines, lines_of
from gpt2core.explaining.operands import Column, Group, Kind, bracketed, short
from gpt2core.explaining.recipes import LETTERS, Recipe
from gpt2core.ranges import shown
from gpt2core.sampling import MOST_TEMPERATURE, Stage
from gpt2core.sites import SITES

say = catalogue("origins")
MEAN_WEIGHTS = ("self_weight", "before_weight", "first_weight")  # over the queries that have one
MID = "_mid"  # ends the name of what is read between a layer's attention and its MLP
LEAST_TEMPERATURE = 1e-3  # below it the likeliest token has all, as far as float64 tells


@dataclass(frozen=True)
class Number:
    """One number of a run. name: of a site, or of DERIVED. index: one place for each of its letters. layer: None where it has none, or
    for a guess after the embedding. site: whose row a length is of, else "". temperature: of a share."""

    name: str
    layer: int | None
    index: tuple[int, ...]
    site: str = ""
    temperature: float = 1.0


@dataclass(frozen=True)
class Derived:
    """How one kind of number is made. letters: what its index counts along. sites: what the trace must hold. code: the lines of gpt2core
    that compute the same. snippet: an expression for it over `seen`, a trace, and `gpt`, a Pretrained."""

    letters: tuple[str, ...]
    sites: Callable[[Number], frozenset[str]]
    recipe: Callable[[Trace, GPTModel, Number], Recipe]
    code: Callable[[], list[CodeLines]]
    snippet: Callable[[Number], str]


@torch.no_grad()
def derived_recipe(trace: Trace, model: GPTModel, number: Number) -> Recipe:
    """How it is made. The trace must hold DERIVED[number.name].sites(number).

    Raises: InvalidSetting for a place that is not there.
    """
    check_place(trace, model, number)
    return DERIVED[number.name].recipe(trace, model, number)


def check_place(trace: Trace, model: GPTModel, number: Number) -> None:
    """Raises: InvalidSetting unless the number's index, layer and temperature are there."""
    n_layers, letters = model.config.n_layers, letters_of(number)
    if len(number.index) != len(letters):
        told = ", ".join(letters)
        raise InvalidSetting(say("bad_index", name=number.name, letters=told, index=shown(number.index)))
    sizes = {
        "t": len(trace.token_ids),
        "h": model.config.n_heads,
        **dict.fromkeys("vab", model.config.vocab_size),
        **dict.fromkeys("pq", model.config.context_length),
    }
    if number.name == "before_weight" and len(trace.token_ids) == 1:
        raise InvalidSetting(say("no_token_before"))
    if number.name == "loss":
        sizes["t"] -= 1  # what comes after the last token has not been read
    for letter, at in zip(letters, number.index, strict=True):
        if not 0 <= at < sizes[letter]:
            last = sizes[letter] - 1
            raise InvalidSetting(say("no_place", name=number.name, letter=letter, number=shown(at), last=last))
    if number.layer is not None and not 0 <= number.layer < n_layers:
        raise InvalidSetting(say("no_layer", layer=shown(number.layer), last=n_layers - 1))
    if number.name == "share" and not LEAST_TEMPERATURE <= number.temperature <= MOST_TEMPERATURE:
        raise InvalidSetting(say("no_share", value=number.temperature, least=LEAST_TEMPERATURE, most=MOST_TEMPERATURE))


def letters_of(number: Number) -> tuple[str, ...]:
    """What the index counts along. Raises: InvalidSetting for the length of what has no rows."""
    if number.name != "length":
        return DERIVED[number.name].letters
    letters = LETTERS[SITES[number.site].shape] if number.site in SITES and number.site != "mask" else ()
    if len(letters) < 2 or letters[-1] == "s":
        raise InvalidSetting(say("no_rows", site=shown(number.site)))
    return letters[:-1]


def _exponentials(
    column: Column, at: int, temperature: float | None = None
) -> tuple[Group, Callable[[Tensor], Tensor], str]:
    """A softmax: its exponentials, less the largest in each exponent, which changes no quotient; the law to the share at `at`; and how
    that is written."""
    T = 1.0 if temperature is None else temperature
    top = float(column.values.max())
    over = "" if temperature is None else " / {}"
    columns = (column,) if temperature is None else (column, _constant("T", T))
    group = Group(columns, lambda x, *_: ((x - top) / T).exp(), f"exp(({{}} - {bracketed(top)}){over})")
    own = f"exp(({short(float(column.values[at]))} - {bracketed(top)}){over.format(short(T))})"
    return group, lambda products: products[at] / products.sum(), f"{own} / ({{sum}})"


def _share(trace: Trace, model: GPTModel, number: Number) -> Recipe:
    t, v = number.index
    row = _column("site", "logits", None, (t, None), trace["logits"][t])
    group, total, written = _exponentials(row, v, number.temperature)
    return Recipe("exp(logits[t, v] / T) / Σ_v' exp(logits[t, v'] / T)", (group,), total, written)


def _length(trace: Trace, model: GPTModel, number: Number) -> Recipe:
    row = _column(
        "site", number.site, number.layer, (*number.index, None), trace[number.site, number.layer][number.index]
    )
    letters = LETTERS[SITES[number.site].shape]
    squares = Group((row,), torch.square, "({})²")
    formula = f"sqrt(Σ_{letters[-1]} {number.site}[{', '.join(letters)}]²)"
    return Recipe(formula, (squares,), lambda products: products.sum().sqrt(), "sqrt({sum})")


def _stream(trace: Trace, number: Number) -> tuple[str, int | None, Tensor]:
    """The stream where the model is made to stop: name, layer, [T, C]."""
    if number.name.endswith(MID):
        layer = number.layer or 0
        return "resid_mid", layer, trace["resid_mid", layer]
    if number.layer is None:
        return "embed", None, trace["embed"]
    return "resid_post", number.layer, trace["resid_post", number.layer]


def _guess(trace: Trace, model: GPTModel, number: Number) -> Recipe:
    t, v = number.index
    _, _, stream = _stream(trace, number)
    logits = model.out_head(model.final_norm(stream[t]))  # [V]
    name = number.name.replace("guess", "lens_logit")
    row = _column("site", name, number.layer, (t, None), logits)
    group, total, written = _exponentials(row, v)
    return Recipe(f"exp({name}[t, v]) / Σ_v' exp({name}[t, v'])", (group,), total, written)


def _divergence(trace: Trace, model: GPTModel, number: Number) -> Recipe:
    (t,) = number.index
    _, _, stream = _stream(trace, number)
    answer = trace["logits"][t].double().log_softmax(-1)  # [V]
    guess = model.out_head(model.final_norm(stream[t])).double().log_softmax(-1)  # [V]
    name = number.name.replace("kl", "guess")
    columns = (
        _column("site", "share", None, (t, None), answer.exp()),
        _column("site", name, number.layer, (t, None), guess.exp()),
    )
    group = Group(columns, lambda p, q: answer.exp() * (answer - guess), "{} ln(that / {})")
    return Recipe(f"Σ_v share[t, v] ln(share[t, v] / {name}[t, v])", (group,))


def _lens_logit(trace: Trace, model: GPTModel, number: Number) -> Recipe:
    t, v = number.index
    name, layer, stream = _stream(trace, number)
    x = stream[t].detach().cpu().double()  # [C]
    scale, shift = (_weight(model, f"final_norm.{part}", None) for part in ("scale", "shift"))
    row = _weight(model, "out_head.weight", v, None)
    moments = (_constant("mean", float(x.mean())), _constant("var", float(x.var(correction=0))))
    normed = Group(
        (_column("site", name, layer, (t, None), x), *moments, _constant("eps", model.config.norm_eps), scale, row),
        lambda x, mean, var, eps, scale, row: (x - mean) / torch.sqrt(var + eps) * scale * row,
        "({} - {}) / sqrt({} + {}) * {} * {}",
    )
    formula = f"Σ_c (({name}[t, c] - mean[t]) / sqrt(var[t] + eps) * scale[c] + shift[c]) W_U[v, c]"
    return Recipe(formula, (normed, Group((shift, row))))


def _loss(trace: Trace, model: GPTModel, number: Number) -> Recipe:
    (t,) = number.index
    return Recipe("-ln(share[t, v]), v = token_ids[t + 1]", (_logarithm(trace, t, trace.token_ids[t + 1], sign=-1),))


def _log_share(trace: Trace, model: GPTModel, number: Number) -> Recipe:
    t, v = number.index
    return Recipe("ln(share[t, v])", (_logarithm(trace, t, v, sign=1),))


def _logarithm(trace: Trace, t: int, v: int, sign: int) -> Group:
    logs = trace["logits"][t].double().log_softmax(-1)
    told = _column("site", "share", None, (t, v), logs[v].exp())
    # a share too small for a float64 has a logarithm all the same
    law = partial(_signed_log, sign=sign, otherwise=sign * float(logs[v]))
    return Group((told,), law, "-ln({})" if sign < 0 else "ln({})")


def _signed_log(share: Tensor, sign: int, otherwise: float) -> Tensor:
    return torch.where(share > 0, sign * share.log(), otherwise)


def _cosine(table: str, symbol: str, letters: str, trace: Trace, model: GPTModel, number: Number) -> Recipe:
    """Of two rows of `table`, which formulas call `symbol`, counted by the two `letters`."""
    rows = [_weight(model, table, place, None) for place in number.index]
    names = [f"{symbol}[{letter}]" for letter in letters]
    lengths = [_constant(f"|{name}|", float(row.values.norm())) for name, row in zip(names, rows, strict=True)]
    columns = (*rows, *lengths)
    group = Group(columns, lambda x, y, nx, ny: x * y / (nx * ny).clamp_min(1e-12), "{} * {} / ({} * {})")
    one, other = (f"{symbol}[{letter}, c]" for letter in letters)
    return Recipe(f"Σ_c {one} {other} / (|{names[0]}| |{names[1]}|)", (group,))


def _mean_weight(trace: Trace, model: GPTModel, number: Number) -> Recipe:
    (h,), n = number.index, len(trace.token_ids)
    pattern = trace["pattern", number.layer][h]  # [T, T]
    later = range(min(1, n - 1), n)
    cells, written = {
        "self_weight": ([(t, t) for t in range(n)], "pattern[h, t, t]"),
        "before_weight": ([(t, t - 1) for t in later], "pattern[h, t, t - 1]"),
        "first_weight": ([(t, 0) for t in later], "pattern[h, t, 0]"),
    }[number.name]
    n_queries = _constant("n", float(len(cells)))
    weights = [_column("site", "pattern", number.layer, (h, t, s), pattern[t, s]) for t, s in cells]
    groups = tuple(Group((weight, n_queries), torch.div, "{} / {}") for weight in weights)
    return Recipe(f"Σ_t {written} / n", groups)


def _head_logit(trace: Trace, model: GPTModel, number: Number) -> Recipe:
    h, t, v = number.index
    config = model.config
    D = config.emb_dim // config.n_heads
    gathered = _column("site", "z", number.layer, (h, t, None), trace["z", number.layer][h, t])
    row = (model.final_norm.scale * model.out_head.weight[v]).detach().cpu().double()  # [C]
    out = model.get_parameter(f"trf_blocks.{number.layer}.att.out_proj.weight").detach().cpu().double()  # [C, H D]
    deviation = (trace["ln_final_var"][t].double() + config.norm_eps).sqrt().cpu()
    reading = (row - row.mean()) @ out[:, h * D : (h + 1) * D] / deviation  # [D]
    read = Column("constant", say("read_by_token"), None, (None,), reading, (D,))
    written = "read[d] = Σ_c W_O[c, h D + d] (scale[c] W_U[v, c] - mean) / sqrt(ln_final_var[t] + eps)"
    return Recipe(f"Σ_d z[h, t, d] read[d], {written}", (Group((gathered, read)),))


def _column(kind: Kind, name: str, layer: int | None, index: tuple[int | None, ...], values: Tensor) -> Column:
    numbers = values.detach().to("cpu").double()
    return Column(kind, name, layer, index, numbers, tuple(numbers.shape))


def _weight(model: GPTModel, name: str, *index: int | None) -> Column:
    values = model.get_parameter(name)[tuple(slice(None) if part is None else part for part in index)]
    return _column("weight", name, None, index, values)


def _constant(name: str, value: float) -> Column:
    return Column("constant", name, None, (), torch.tensor(value, dtype=torch.float64))


def _lens_sites(number: Number) -> frozenset[str]:
    if number.name.endswith(MID):
        return frozenset({"resid_mid"})
    return frozenset({"embed" if number.layer is None else "resid_post"})


def _divergence_sites(number: Number) -> frozenset[str]:
    return _lens_sites(number) | {"logits"}


def _read_snippet(number: Number) -> str:
    """The logits that the lens reads, [V]."""
    (site,) = _lens_sites(number)
    stream = f'"{site}"' if site == "embed" else f'"{site}", {number.layer}'
    return f"gpt.model.out_head(gpt.model.final_norm(seen[{stream}][{number.index[0]}])).detach()"


def _lens_snippet(number: Number, softmax: str = "") -> str:
    return f"{_read_snippet(number)}{softmax}[{number.index[1]}]"


def _divergence_snippet(number: Number) -> str:
    answer = f'seen["logits"][{number.index[0]}]'
    return f"({answer}.softmax(-1) * ({answer}.log_softmax(-1) - {_read_snippet(number)}.log_softmax(-1))).sum()"


def _share_snippet(number: Number) -> str:
    t, v = number.index
    return f'(seen["logits"][{t}] / {number.temperature:g}).softmax(-1)[{v}]'


def _length_snippet(number: Number) -> str:
    where = f'"{number.site}"' if number.layer is None else f'"{number.site}", {number.layer}'
    return f"seen[{where}][{', '.join(map(str, number.index))}].norm()"


def _loss_snippet(number: Number) -> str:
    (t,) = number.index
    return f'-seen["logits"][{t}].log_softmax(-1)[token_ids[{t + 1}]]'


def _log_share_snippet(number: Number) -> str:
    t, v = number.index
    return f'seen["logits"][{t}].log_softmax(-1)[{v}]'


def _cosine_snippet(table: str, number: Number) -> str:
    a, b = (f"gpt.model.{table}[{row}].detach()" for row in number.index)
    return f"{a} @ {b} / ({a}.norm() * {b}.norm())"


def _head_logit_snippet(number: Number) -> str:
    h, t, v = number.index
    layer = f"gpt.model.trf_blocks[{number.layer}].att.out_proj.weight"
    gathered = f'seen["z", {number.layer}][{h}, {t}]'
    written = f"(w := {layer}.view(-1, gpt.model.config.n_heads, len({gathered}))[:, {h}] @ {gathered})"
    frozen = f'(seen["ln_final_var"][{t}] + gpt.model.config.norm_eps).sqrt()'
    row = f"gpt.model.final_norm.scale * gpt.model.out_head.weight[{v}]"
    return f"(({written} - w.mean()) / {frozen} @ ({row})).detach()"


def _mean_weight_snippet(number: Number) -> str:
    cells = {
        "self_weight": ".diagonal()",
        "before_weight": ".diagonal(-1)",
        "first_weight": "[min(1, len(token_ids) - 1):, 0]",
    }[number.name]
    return f'seen["pattern", {number.layer}][{number.index[0]}]{cells}.mean()'


def _logits(_: Number) -> frozenset[str]:
    return frozenset({"logits"})


_cosine_code = partial(lines_of, embeddings.alike, ("return (table @",))
_lens_code = partial(lines_of, analysis.logit_lens, ("return model.out_head",))
_kl_code = partial(lines_of, lens.lens_row, ("apart = (answer.exp()",))
DERIVED: Mapping[str, Derived] = {
    "share": Derived(
        ("t", "v"),
        _logits,
        _share,
        partial(lines_of, vars(Stage)["probabilities"].func, ("return torch.softmax(self.logits, -1)",)),
        _share_snippet,
    ),
    "length": Derived((), lambda number: frozenset({number.site}), _length, list, _length_snippet),
    "guess": Derived(("t", "v"), _lens_sites, _guess, _lens_code, partial(_lens_snippet, softmax=".softmax(-1)")),
    "lens_logit": Derived(("t", "v"), _lens_sites, _lens_logit, _lens_code, _lens_snippet),
    "guess_mid": Derived(("t", "v"), _lens_sites, _guess, _lens_code, partial(_lens_snippet, softmax=".softmax(-1)")),
    "lens_logit_mid": Derived(("t", "v"), _lens_sites, _lens_logit, _lens_code, _lens_snippet),
    "kl": Derived(("t",), _divergence_sites, _divergence, _kl_code, _divergence_snippet),
    "kl_mid": Derived(("t",), _divergence_sites, _divergence, _kl_code, _divergence_snippet),
    "loss": Derived(
        ("t",), _logits, _loss, partial(lines_of, analysis.token_losses, ("return F.cross_entropy",)), _loss_snippet
    ),
    "log_share": Derived(("t", "v"), _logits, _log_share, list, _log_share_snippet),
    "cosine": Derived(
        ("a", "b"),
        lambda number: frozenset({"tok_emb"}),
        partial(_cosine, "tok_emb.weight", "W_E", "ab"),
        _cosine_code,
        partial(_cosine_snippet, "tok_emb.weight"),
    ),
    "position_cosine": Derived(
        ("p", "q"),
        lambda number: frozenset({"pos_emb"}),
        partial(_cosine, "pos_emb.weight", "W_P", "pq"),
        _cosine_code,
        partial(_cosine_snippet, "pos_emb.weight"),
    ),
    "head_logit": Derived(
        ("h", "t", "v"),
        lambda number: frozenset({"z", "ln_final_var"}),
        _head_logit,
        partial(lines_of, analysis.head_logits, ("written = _per_head_output", "divided =", "return model.out_head")),
        _head_logit_snippet,
    ),
    **dict.fromkeys(
        MEAN_WEIGHTS,
        Derived(("h",), lambda number: frozenset({"pattern"}), _mean_weight, list, _mean_weight_snippet),
    ),
}
