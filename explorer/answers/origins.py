"""Where a number of the page comes from, as the drawer shows it: in plain words, as a formula, as the largest of its operands, each a
place one step deeper, and as code.

What is asked for comes from a browser: {"kind": "site" or one of DERIVED, "site", "layer", "index", "temperature"}, of another pass than
that of the sentence on screen with "after" and "model" (answers/passes.py), and with "block": [rows, columns] for the largest number of
so many from the index on. Each of these may be anything.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from explorer.answers.derived import DERIVED, MEAN_WEIGHTS, Number, derived_recipe
from explorer.answers.number_names import Names, by_letter, edit_named, short_name
from explorer.answers.passes import Pass, pass_of
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import is_whole, percent
from gpt2core import SITES, explain, sites_to_explain
from gpt2core.errors import InvalidSetting
from gpt2core.explain import CodeLines, Operand, Term, Terms, snippet
from gpt2core.explaining.operands import short

say = catalogue("origins")

MOST_TERMS = 12
LONGEST_NAME = 40  # of a site that is asked for
MOST_PARTS = 3  # of an index
BLOCK_AXES = 2  # rows and columns

# The tab where a number is looked at, by its name; any other's is that of the whole model.
HOMES = {
    **dict.fromkeys(("pattern", "scores", "head_logit", *MEAN_WEIGHTS), "attention"),
    **dict.fromkeys(("tok_emb", "pos_emb", "embed", "cosine", "position_cosine"), "embeddings"),
    **dict.fromkeys(("logits", "share", "log_share"), "sampling"),
    "loss": "scoring",
    **dict.fromkeys(("guess", "guess_mid", "lens_logit", "lens_logit_mid", "kl", "kl_mid"), "block"),
}
ELSEWHERE = "model"
WITHOUT_LAYER = ("share", "log_share", "loss", "cosine", "position_cosine")
SHARES = ("pattern", "share", "guess", "guess_mid", *MEAN_WEIGHTS)


@dataclass(frozen=True)
class Origin:
    """One number and what it was made of, whichever kind it is. before: what the pass had computed where `edit`, the name of one,
    replaced it; else value. snippet: the lines of Python that print it; "" for a model that has no folder."""

    value: float
    before: float
    edit: str | None
    formula: str
    with_numbers: str
    terms: Terms
    code: Sequence[CodeLines]
    snippet: str


def origin_of(services: Services, on_screen: RunKey, asked: object) -> dict[str, Any]:
    """The drawer's JSON for one number. Raises: InvalidSetting, UnknownSite for what is not there; what `pass_of` and a pass raise."""
    number = number_of(asked)
    of = pass_of(services, on_screen, asked)
    number = largest_in_block(services, of.run, number, asked)
    origin = (_derived_origin if number.name in DERIVED else _site_origin)(services, of, number)
    names = Names(services, of)
    largest = origin.terms.grouped(MOST_TERMS)
    total = float(origin.terms.products.abs().sum())
    common = _common(largest.largest)
    return {
        "place": place_of(number, of),
        "short": short_name(number),
        "title": names.number(number),
        "whose": of.words,
        "meaning": say(f"meaning_{number.name}") if number.name in DERIVED else SITES[number.name].meaning,
        "value": exact(origin.value),
        "share": percent(origin.value) if number.name in SHARES else "",
        "edited": _edited(origin),
        "formula": minus(origin.formula),
        "with_numbers": minus(origin.with_numbers),
        "terms": [_term(names, term, number, total, common) for term in largest.largest],
        "common": [_operand(names, factor, number) for factor in common],
        "rest": _rest(largest.n_rest, largest.rest),
        "code": [{"file": lines.file, "first": lines.first, "text": lines.text} for lines in origin.code],
        "snippet": origin.snippet,
        "no_snippet": "" if origin.snippet else say("no_folder", model=services.models.title(of.run.model)),
        "home": None if of.words else home_of(number, of.run),
    }


def number_of(asked: object) -> Number:
    """What a browser asked for, as far as that can be told without looking. Raises: InvalidSetting."""
    given = asked if isinstance(asked, dict) else {}
    kind, site, layer, index = (given.get(part) for part in ("kind", "site", "layer", "index"))
    temperature = given.get("temperature", 1.0)
    name = site if kind in (None, "site") else kind
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not (name in DERIVED or kind in (None, "site")):
        raise InvalidSetting(say("no_number"))
    if not isinstance(index, list | tuple) or len(index) > MOST_PARTS or not all(map(is_whole, index)):
        raise InvalidSetting(say("no_number"))
    if isinstance(temperature, bool) or not isinstance(temperature, int | float):
        raise InvalidSetting(say("no_number"))
    of = site if name == "length" and isinstance(site, str) else ""
    if name in DERIVED and layer == -1:
        layer = None
    if layer is not None and not is_whole(layer):
        raise InvalidSetting(say("no_number"))
    at = None if layer is None or name in WITHOUT_LAYER else int(layer)
    return Number(name, at, tuple(map(int, index)), of[:LONGEST_NAME], float(temperature) if name == "share" else 1.0)


def largest_in_block(services: Services, run: RunKey, number: Number, asked: object) -> Number:
    """Of the numbers of a site that `asked` gives a block of, the largest, the first among equals; without one, `number` itself.

    Raises: InvalidSetting for a block that is none; UnknownSite.
    """
    block = asked.get("block") if isinstance(asked, dict) else None
    if block is None:
        return number
    is_block = isinstance(block, list | tuple) and len(block) == BLOCK_AXES and len(number.index) >= len(block)
    if not is_block or number.name in DERIVED or not all(is_whole(side, 1) for side in block):
        raise InvalidSetting(say("no_number"))
    sites = sites_to_explain(number.name, number.layer, services.models.get(run.model).model.config.n_layers)
    *before, row, column = number.index
    values = services.traces.get(run, sites)[number.name, number.layer]
    is_there = len(number.index) == values.dim() and all(
        0 <= at < size for at, size in zip(number.index, values.shape, strict=True)
    )
    if not is_there:
        return number  # what explains it says what is there
    part = values[tuple(before)][row : row + int(block[0]), column : column + int(block[1])]
    down, along = divmod(int(part.argmax()), part.size(1))
    return replace(number, index=(*before, row + down, column + along))


def place_of(number: Number, of: Pass | None = None) -> dict[str, Any]:
    """The same as JSON, for the browser to ask again."""
    kind = number.name if number.name in DERIVED else "site"
    site = number.site if kind == "length" else number.name if kind == "site" else None
    place = {"kind": kind, "site": site, "layer": number.layer, "index": list(number.index)}
    return place | ({"temperature": number.temperature} if kind == "share" else {}) | ({} if of is None else of.parts)


def home_of(number: Number, run: RunKey) -> dict[str, Any]:
    """Where on the page it is looked at: the tab, and the positions of the cursor that it has."""
    name, at = number.site or number.name, by_letter(number)
    where: dict[str, Any] = {
        "tab": HOMES.get(name, ELSEWHERE),
        "token": at.get("t"),
        "layer": number.layer,
        "head": at.get("h"),
    }
    if name == "loss":
        where["token"] = at["t"] + 1
    if name == "cosine" and number.index[0] in run.token_ids:
        where["token"] = run.token_ids.index(number.index[0])
    if name == "position_cosine" and number.index[0] < len(run.token_ids):
        where["token"] = number.index[0]
    return {part: position for part, position in where.items() if position is not None}


def exact(value: float) -> str:
    """The shortest number that is the same float32; a share too small for one as exact as that."""
    is_small = 0 < abs(value) < np.finfo(np.float32).tiny
    return minus(f"{value:.8g}" if is_small else str(np.float32(value)))


def minus(text: str) -> str:
    """With signs as wide as a plus, and products as they are printed."""
    return text.replace("-", "−").replace(" * ", " × ")


def _rest(n: int, value: float) -> str:
    return "" if n == 0 else say("rest", n=n, value=minus(short(value)))


def _common(terms: Sequence[Term]) -> list[Operand]:
    """The factors that several terms have alike."""
    counted = Counter(factor for term in terms for factor in term.factors)
    return [factor for factor, n in counted.items() if n > 1]


def _site_origin(services: Services, of: Pass, number: Number) -> Origin:
    run = of.run
    model = services.models.get(run.model).model
    sites = sites_to_explain(number.name, number.layer, model.config.n_layers)
    found = explain(services.traces.get(run, sites), model, number.name, number.layer, number.index)
    source = services.models.source(run.model)
    return Origin(
        found.value,
        found.before,
        found.edit,
        found.formula,
        found.with_numbers,
        found.terms,
        found.code,
        "" if source is None else found.snippet(source, of.text),
    )


def _derived_origin(services: Services, of: Pass, number: Number) -> Origin:
    run = of.run
    model, derived = services.models.get(run.model).model, DERIVED[number.name]
    sites = derived.sites(number) & SITES.keys()
    trace = services.traces.get(run, sites)
    made = derived_recipe(trace, model, number)
    terms = Terms(made.groups)
    value = float(made.total(terms.products))
    source = services.models.source(run.model)
    expression = derived.snippet(number)
    return Origin(
        value,
        value,
        None,
        f"{number.name} = {made.formula}",
        f"{short_name(number)} = {made.written.format(sum=terms.in_numbers())} = {short(value)}",
        terms,
        derived.code(),
        "" if source is None else snippet(expression, sites, source, run.token_ids, trace.edits, of.text),
    )


def _term(names: Names, term: Term, number: Number, total: float, common: Sequence[Operand]) -> dict[str, Any]:
    """One bar: what it is, its number, what it adds, and its part of `total`, the sum of all products' absolute values."""
    others = [factor for factor in term.factors if factor not in common and not _hides_nothing(factor)]
    own = _deeper(term)
    around = (number,) if own is None else (number, own)
    return {
        **_operand(names, term, number),
        "product": minus(short(term.product)),
        "part": abs(term.product) / total if 0 < total < math.inf else 0.0,
        "negative": term.product < 0,
        "factors": [_operand(names, factor, *around) for factor in others],
    }


def _operand(names: Names, operand: Operand, *around: Number) -> dict[str, Any]:
    """Its name in words beside `around`, its value, and the place one step deeper, or what it is where there is none."""
    deeper = _deeper(operand)
    return {
        "name": names.end(operand) if deeper is None else names.number(deeper, *around),
        "value": minus(short(operand.value)),
        "place": None if deeper is None else place_of(deeper, names.of),
        "end": say(f"end_{operand.kind}") if deeper is None else "",
    }


def _edited(origin: Origin) -> str:
    if origin.edit is None:
        return ""
    return say("edited", edit=edit_named(origin.edit), before=exact(origin.before))


def _hides_nothing(factor: Operand) -> bool:
    """The mask of a key that is seen, which is said by its being there."""
    return factor.name == "mask" and factor.value == 0


def _deeper(operand: Operand) -> Number | None:
    if operand.place is None:
        return None
    return Number(operand.name, operand.layer, operand.index)
