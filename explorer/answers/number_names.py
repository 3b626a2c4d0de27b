"""How the numbers of a run are called: in plain words with their tokens, and briefly, as formulas write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from explorer.answers.derived import Number, letters_of
from explorer.answers.passes import Pass
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.wording.edits import edit_in_words
from explorer.wording.text import token_labels
from gpt2core import SITES
from gpt2core.explain import Operand
from gpt2core.explaining.recipes import LETTERS
from gpt2core.notation import named_so

say = catalogue("origins")

# What need not be said of a number that stands beside one with the same: its head, its token, its dimension, but never the key or the
# token of the vocabulary that it is about.
_UNSAID = ("h", "t", "c", "d", "n")
_APART = ("h", "c", "d", "n")  # what is named after a comma


class Names:
    """How the numbers of one pass are called."""

    def __init__(self, services: Services, of: Pass) -> None:
        self.of = of
        self._tokens = services.labels(of.run)
        self._tokenizer = services.models.tokenizer(of.run.model)

    def number(self, number: Number, *around: Number) -> str:
        """ "Attention pattern, layer 2, head 5: from “·Lily” (7) at “,” (3)". around: what it is named beside: where it has the same layer,
        head, token and dimension as one of these, that is not said again."""
        what, layer = say(f"name_{number.name}"), number.layer
        if number.name == "length":
            what = say("length_of", of=say(f"name_{number.site}"))
        if layer is None and number.name in ("guess", "lens_logit", "kl"):
            what = say("after_embedding", what=what)
        at = _unsaid(number, around)
        names_layer = layer is not None and layer not in [other.layer for other in around]
        if names_layer:
            what = say("in_layer", what=what, layer=layer)
        where = self._where(number, at)
        apart = names_layer or next(iter(at), None) in _APART
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
        given = {letter: named.get(letter, "") for letter in ("h", "t", "s", "c", "n", "d", "v", "a", "b", "p", "q")}
        where = say(f"where_{'_'.join(at)}", **given)
        if number.temperature == 1:
            return where
        return say("at_temperature", where=where, temperature=number.temperature)

    def end(self, operand: Operand) -> str:
        """What has nothing below it."""
        if operand.kind == "weight":
            name = re.sub(r"^trf_blocks\.\d+\.", "", operand.name)  # the layer is that of the number
            return say("weight", name=name, index=", ".join(map(str, operand.index)))
        if operand.kind == "token":
            return say("token_id", token=self._token(operand.index[0]))
        if operand.kind == "position":
            return say("position", token=self._token(operand.index[0]))
        return edit_named(operand.name) if operand.kind == "edit" else operand.name

    def _token(self, position: int) -> str:
        return say("shared_at_position", token=self._tokens[position].text, position=position)

    def _token_id(self, token_id: int) -> str:
        (label,) = token_labels([token_id], self._tokenizer)
        return say("with_id", token=label.text, id=token_id)


def short_name(number: Number) -> str:
    """As formulas write it: pattern[5, 7, 3]."""
    of = f"{number.site}, " if number.site else ""
    return f"{number.name}[{of}{', '.join(map(str, number.index))}]"


def by_letter(number: Number) -> dict[str, int]:
    """The index, by what each place in it counts."""
    letters = LETTERS[SITES[number.name].shape] if number.name in SITES else letters_of(number)
    return dict(zip(letters, number.index, strict=True))


def _unsaid(number: Number, around: Sequence[Number]) -> dict[str, int]:
    """The part of the index that is still to be said."""
    others = [by_letter(other) for other in around]
    at = by_letter(number)
    of_a_key = number.name in ("k", "v")  # whose t is a key's, another's s
    return {
        letter: place
        for letter, place in at.items()
        if letter not in _UNSAID or (letter == "t" and of_a_key) or all(other.get(letter) != place for other in others)
    }


def edit_named(name: str) -> str:
    named = named_so(name)
    return name if named is None else edit_in_words(named)
