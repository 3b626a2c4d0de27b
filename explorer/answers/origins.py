"""Where a number of the page comes from, as the drawer shows it: in plain words, as a formula, as the largest of its operands, each a
place one step deeper, and as code.

What is asked for comes from a browser: {"kind": "site" or one of DERIVED, "site", "layer", "index", "temperature"}, each of which may be
anything.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.answers.derived import DERIVED, Number, derived_recipe, letters_of
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.edits import edit_in_words
from explorer.wording.numbers import is_whole, percent
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import SITES, explain, sites_to_explain
from gpt2core.errors import Gpt2CoreError, InvalidSetting
from gpt2core.explain import CodeLines, Operand, Term, Terms
from gpt2core.explaining.operands import short
from gpt2core.explaining.recipes import LETTERS
from gpt2core.notation import named_so

say = catalogue("origins")

MOST_TERMS = 12
LONGEST_NAME = 40  # of a site that is asked for
MOST_PARTS = 3  # of an index

# The tab where a number is looked at, by its name; any other's is that of the whole model.
HOMES = {
    **dict.fromkeys(("pattern", "scores"), "attention"),
    **dict.fromkeys(("tok_emb", "pos_emb", "embed", "cosine"), "embeddings"),
    **dict.fromkeys(("logits", "share"), "sampling"),
    "loss": "scoring",
}
ELSEWHERE = "model"
SHARES = ("pattern", "share", "guess")


@dataclass(frozen=True)
class Origin:
    """One number and what it was made of, whichever kind it is. before: what the pass had computed where `edit`, the name of one,
    replaced it; else value. snippet: Python lines, or the sentence that says why there are none in `no_snippet`."""

    value: float
    before: float
    edit: str | None
    formula: str
    with_numbers: str
    terms: Terms
    code: Sequence[CodeLines]
    snippet: str
    no_snippet: str


def origin_of(services: Services, run: RunKey, asked: object) -> dict[str, Any]:
    """The drawer's JSON for one number of `run`. Raises: InvalidSetting, UnknownSite for what is not there; what a pass raises."""
    number = number_of(asked)
    origin = (_derived_origin if number.name in DERIVED else _site_origin)(services, run, number)
    words = Words(services, run)
    largest = origin.terms.grouped(MOST_TERMS)
    total = float(origin.terms.products.abs().sum())
    common = _common(largest.largest)
    return {
        "place": place_of(number),
        "short": short_name(number),
        "title": words.number(number),
        "meaning": say(f"meaning_{number.name}") if number.name in DERIVED else SITES[number.name].meaning,
        "value": exact(origin.value),
        "share": percent(origin.value) if number.name in SHARES else "",
        "edited": words.edited(origin),
        "formula": minus(origin.formula),
        "with_numbers": minus(origin.with_numbers),
        "terms": [words.term(term, number, total, common) for term in largest.largest],
        "common": [words.factor(factor, number) for factor in common],
        "rest": _rest(largest.n_rest, largest.rest),
        "code": [{"file": lines.file, "first": lines.first, "text": lines.text} for lines in origin.code],
        "snippet": origin.snippet,
        "no_snippet": origin.no_snippet,
        "home": home_of(number, run),
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
    at = None if layer is None else int(layer)
    return Number(name, at, tuple(map(int, index)), of[:LONGEST_NAME], float(temperature) if name == "share" else 1.0)


def place_of(number: Number) -> dict[str, Any]:
    """The same as JSON, for the browser to ask again."""
    kind = number.name if number.name in DERIVED else "site"
    site = number.site if kind == "length" else number.name if kind == "site" else None
    place = {"kind": kind, "site": site, "layer": number.layer, "index": list(number.index)}
    return place | ({"temperature": number.temperature} if kind == "share" else {})


def short_name(number: Number) -> str:
    """As formulas write it: pattern[5, 7, 3]."""
    of = f"{number.site}, " if number.site else ""
    return f"{number.name}[{of}{', '.join(map(str, number.index))}]"


def home_of(number: Number, run: RunKey) -> dict[str, Any]:
    """Where on the page it is looked at: the tab, and the positions of the cursor that it has."""
    name, at = number.site or number.name, _by_letter(number)
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
    return {part: position for part, position in where.items() if position is not None}


def _by_letter(number: Number) -> dict[str, int]:
    """The index, by what each place in it counts."""
    letters = LETTERS[SITES[number.name].shape] if number.name in SITES else letters_of(number)
    return dict(zip(letters, number.index, strict=True))


# What need not be said of a number that stands beside one with the same: its head, its token, its dimension, but never the key or the
# token of the vocabulary that it is about.
_UNSAID = ("h", "t", "c", "d", "n")


def _unsaid(number: Number, around: Sequence[Number]) -> dict[str, int]:
    """The part of the index that is still to be said."""
    others = [_by_letter(other) for other in around]
    at = _by_letter(number)
    of_a_key = number.name in ("k", "v")  # whose t is a key's, another's s
    return {
        letter: place
        for letter, place in at.items()
        if letter not in _UNSAID or (letter == "t" and of_a_key) or all(other.get(letter) != place for other in others)
    }


def exact(value: float) -> str:
    """The shortest number that is the same float32; a share too small for one as exact as that."""
    is_small = 0 < abs(value) < np.finfo(np.float32).tiny
    return minus(f"{value:.8g}" if is_small else str(np.float32(value)))


def minus(text: str) -> str:
    """With signs as wide as a plus, and products as they are printed."""
    return text.replace("-", "−").replace(" * ", " × ")


def _rest(n: int, value: float) -> str:
    return "" if n == 0 else say("rest_one" if n == 1 else "rest", n=n, value=minus(short(value)))


def _common(terms: Sequence[Term]) -> list[Operand]:
    """The factors that several terms have alike."""
    counted = Counter(factor for term in terms for factor in term.factors)
    return [factor for factor, n in counted.items() if n > 1]


def _site_origin(services: Services, run: RunKey, number: Number) -> Origin:
    model = services.models.get(run.model).model
    sites = sites_to_explain(number.name, number.layer, model.config.n_layers)
    found = explain(services.traces.get(run, sites), model, number.name, number.layer, number.index)
    snippet, no_snippet = _snippet(services, run, number, "")
    return Origin(
        found.value,
        found.before,
        found.edit,
        found.formula,
        found.with_numbers,
        found.terms,
        found.code,
        snippet,
        no_snippet,
    )


def _derived_origin(services: Services, run: RunKey, number: Number) -> Origin:
    model, derived = services.models.get(run.model).model, DERIVED[number.name]
    sites = derived.sites(number) & SITES.keys()
    trace = services.traces.get(run, sites)
    made = derived_recipe(trace, model, number)
    terms = Terms(made.groups)
    value = float(made.total(terms.products))
    name = short_name(number)
    snippet, no_snippet = _snippet(services, run, number, derived.snippet(number))
    return Origin(
        value,
        value,
        None,
        f"{number.name} = {made.formula}",
        f"{name} = {made.written.format(sum=terms.in_numbers())} = {short(value)}",
        terms,
        derived.code(),
        snippet,
        no_snippet,
    )


def _snippet(services: Services, run: RunKey, number: Number, expression: str) -> tuple[str, str]:
    """The lines that print the number in a process of their own, or why there are none."""
    source = services.models.source(run.model)
    if source is None:
        return "", say("no_folder", model=services.models.title(run.model))
    model = services.models.get(run.model).model
    (site, *_) = sorted(DERIVED[number.name].sites(number)) if expression else [number.name]
    layer = number.layer if SITES[site].per_layer else None
    index = number.index if not expression else (0,) * len(LETTERS[SITES[site].shape])
    seen = services.traces.get(run, sites_to_explain(site, layer, model.config.n_layers))
    try:
        lines = explain(seen, model, site, layer, index).snippet(source, run.text)
    except Gpt2CoreError as error:
        return "", str(error)
    if not expression:
        return lines, ""
    return "\n".join([*lines.splitlines()[:-1], f"print(float({expression}))"]), ""


class Words:
    """How the numbers of one run are called."""

    def __init__(self, services: Services, run: RunKey) -> None:
        self._tokens = services.labels(run)
        self._tokenizer = services.models.tokenizer(run.model)
        self._ids = run.token_ids

    def number(self, number: Number, *around: Number) -> str:
        """ "Attention pattern, layer 2, head 5: from “·Lily” (7) at “,” (3)". around: what it is named beside: where it has the same layer,
        head, token and dimension as one of these, that is not said again."""
        what, layer = say(f"name_{number.name}"), number.layer
        if number.name == "length":
            what = say("length_of", of=say(f"name_{number.site}"))
        if layer is None and number.name in ("guess", "lens_logit"):
            what = say("after_embedding", what=what)
        at = _unsaid(number, around)
        names_layer = layer is not None and layer not in [other.layer for other in around]
        if names_layer:
            what = say("in_layer", what=what, layer=layer)
        where = self._where(number, at)
        apart = names_layer or next(iter(at), "") in "hcdn"
        return say("parted" if apart else "whole", what=what, where=where) if where else what

    def _where(self, number: Number, at: Mapping[str, int]) -> str:
        """at: the part of the index that is to be said, by its letters."""
        if number.name == "loss":
            return say("where_next", v=self._token(at["t"] + 1), t=self._token(at["t"]))
        if not at:
            return ""
        named = {
            letter: self._token(place) if letter in "ts" else self._token_id(place) if letter in "vab" else place
            for letter, place in at.items()
        }
        given = {letter: named.get(letter, "") for letter in ("h", "t", "s", "c", "n", "d", "v", "a", "b")}
        where = say(f"where_{'_'.join(at)}", **given)
        if number.temperature == 1:
            return where
        return say("at_temperature", where=where, temperature=number.temperature)

    def term(self, term: Term, number: Number, total: float, common: Sequence[Operand]) -> dict[str, Any]:
        """One bar: what it is, its number, what it adds, and its part of `total`, the sum of all products' absolute values."""
        others = [factor for factor in term.factors if factor not in common and not _hides_nothing(factor)]
        own = _deeper(term)
        around = (number,) if own is None else (number, own)
        return {
            **self.factor(term, number),
            "product": minus(short(term.product)),
            "part": abs(term.product) / total if 0 < total < math.inf else 0.0,
            "negative": term.product < 0,
            "factors": [self.factor(factor, *around) for factor in others],
        }

    def factor(self, operand: Operand, *around: Number) -> dict[str, Any]:
        """An operand: its name in words beside `around`, its value, and the place one step deeper, or what it is where there is none."""
        deeper = _deeper(operand)
        name = self.number(deeper, *around) if deeper is not None else self._end(operand)
        return {
            "name": name,
            "value": minus(short(operand.value)),
            "place": None if deeper is None else place_of(deeper),
            "end": "" if deeper is not None else say(f"end_{operand.kind}"),
        }

    def _end(self, operand: Operand) -> str:
        """What has nothing below it."""
        if operand.kind == "weight":
            name = re.sub(r"^trf_blocks\.\d+\.", "", operand.name)  # the layer is that of the number
            return say("weight", name=name, index=", ".join(map(str, operand.index)))
        if operand.kind == "token":
            return say("token_id", token=self._token(operand.index[0]))
        if operand.kind == "position":
            return say("position", token=self._token(operand.index[0]))
        return _edit_in_words(operand.name) if operand.kind == "edit" else operand.name

    def edited(self, origin: Origin) -> str:
        if origin.edit is None:
            return ""
        return say("edited", edit=_edit_in_words(origin.edit), before=exact(origin.before))

    def _token(self, position: int) -> str:
        return say("at_position", token=self._tokens[position].text, position=position)

    def _token_id(self, token_id: int) -> str:
        known = self._tokenizer.vocab_size
        (label,) = (
            token_labels([token_id], self._tokenizer)
            if token_id < known
            else [TokenLabel(token_id, f"#{token_id}", "", False)]
        )
        return say("with_id", token=label.text, id=token_id)


def _hides_nothing(factor: Operand) -> bool:
    """The mask of a key that is seen, which is said by its being there."""
    return factor.name == "mask" and factor.value == 0


def _deeper(operand: Operand) -> Number | None:
    if operand.place is None:
        return None
    return Number(operand.name, operand.layer, operand.index)


def _edit_in_words(name: str) -> str:
    named = named_so(name)
    return name if named is None else edit_in_words(named)
