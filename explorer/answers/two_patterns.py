"""Two attention patterns side by side: that of the head on screen, and another head's, another sentence's, another model's, or the same
after a change.

T tokens; rows look from, columns look at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.edits import edit_in_words
from explorer.wording.numbers import fixed, percent
from explorer.wording.refusals import refusal_in_words
from explorer.wording.text import TokenLabel
from gpt2core import Gpt2CoreError
from gpt2core.errors import InvalidSetting
from gpt2core.ranges import shown

say = catalogue("two_patterns")

CHANGES = ("kept", "without")
MOST_CHANGES = 3  # in words
LEAST = 0.005  # a weight that changed by less is not told of
MOST_CHARACTERS = 40  # of a sentence in a title


@dataclass(frozen=True)
class Chosen:
    """What a person chooses for the right side, as a browser sends it. layer, head, model: "" as on the left. text: "" for the same
    sentence. changes: one of CHANGES, what becomes of the edits made on the page. edits: more of them, as links write them."""

    layer: Any = ""
    head: Any = ""
    model: Any = ""
    text: Any = ""
    changes: Any = CHANGES[0]
    edits: Any = ""


@dataclass(frozen=True, eq=False)
class Side:
    """One pattern [T, T]. causal: no token sees a later one. differs: what it has other than the page, in words."""

    run: RunKey
    layer: int
    head: int
    pattern: Tensor
    labels: list[TokenLabel]
    causal: bool
    differs: tuple[str, ...] = ()

    def place(self, index: tuple[Any, Any]) -> dict[str, Any]:
        """Where a weight is in the trace, for the drawer."""
        return {"site": "pattern", "layer": self.layer, "index": [self.head, *index]}


def left_side(services: Services, run: RunKey, layer: int, head: int) -> Side:
    """What the page shows. Raises: what a pass raises."""
    return _side(services, run, layer, head)


def right_side(services: Services, run: RunKey, layer: int, head: int, chosen: Chosen) -> Side:
    """What is chosen, the rest as on the page; another model than the page's reads without the page's edits, as in Compare.

    Raises: InvalidSetting, which says that it is of the right side.
    """
    try:
        other = right_run(services, run, chosen)
        config = services.models.get(other.model).model.config
        at = _checked(chosen.layer, layer, config.n_layers, is_layer=True)
        index = _checked(chosen.head, head, config.n_heads, is_layer=False)
        return _side(services, other, at, index, _differs(services, run, other, chosen))
    except Gpt2CoreError as error:
        raise InvalidSetting(say("refused", reason=refusal_in_words(error))) from error


def right_run(services: Services, run: RunKey, chosen: Chosen) -> RunKey:
    """Raises: InvalidSetting; what Services.read raises."""
    for given in (chosen.model, chosen.text, chosen.edits):
        if not isinstance(given, str):
            raise InvalidSetting(say("no_text", value=shown(given)))
    if chosen.changes not in CHANGES:
        raise InvalidSetting(say("bad_changes"))
    is_other = chosen.model not in ("", run.model)
    own = "" if chosen.changes == CHANGES[1] or is_other else run.edits_text
    edits = ",".join(part for part in (own, chosen.edits.strip()) if part)
    return services.read(chosen.text or run.text, chosen.model or run.model, edits)


def difference_of(left: Side, right: Side) -> Tensor | None:
    """right - left, [T, T]; None where they have not as many tokens."""
    return right.pattern - left.pattern if len(left.pattern) == len(right.pattern) else None


def in_words(left: Side, right: Side) -> str:
    """What differs most, or why nothing is to be seen."""
    found = difference_of(left, right)
    if found is None:
        return say("other_length", left=len(left.labels), right=len(right.labels))
    is_same = (left.run, left.layer, left.head) == (right.run, right.layer, right.head)
    if is_same:
        return say("same")
    if len(left.labels) == 1:
        return say("one_token")
    largest = float(found.abs().max())
    if largest < LEAST:
        return say("no_difference", most=f"{largest:.1g}")
    order = found.abs().flatten().argsort(descending=True, stable=True)[:MOST_CHANGES].tolist()
    places = [divmod(one, len(found)) for one in order]
    changes = [
        say(
            "more_at" if float(found[query, key]) > 0 else "less_at",
            query=_named(left, query),
            key=_named(left, key),
            much=fixed(abs(float(found[query, key])), 2),
        )
        for query, key in places
        if abs(float(found[query, key])) >= LEAST
    ]
    moved = float(found.abs().sum(-1).double().mean()) / 2
    return say("most_changed", changes="; ".join(changes), moved=percent(min(1.0, moved)))


def right_origin(run: RunKey, right: Side) -> tuple[str | None, str]:
    """How the drawer finds the right side's numbers: the model that it must be told of, None for the page's own; and why it cannot, ""
    where it can."""
    if right.run == run:
        return None, ""
    if right.run.text == run.text and not right.run.edits:
        return right.run.model, ""
    return None, say("no_origin")


def pair_table(left: Side, right: Side) -> pd.DataFrame:
    """A row a pair of places, its columns those of `column`."""
    n = max(len(left.pattern), len(right.pattern))
    everything = not (left.causal and right.causal)
    rows = [
        (query, *_at(left, right, query), key, *_at(left, right, key), *_weights(left, right, query, key))
        for query in range(n)
        for key in range(n if everything else query + 1)
    ]
    names = ("query", "query_left", "query_right", "key", "key_left", "key_right", "left", "right", "difference")
    return pd.DataFrame(rows, columns=[column(name) for name in names])


def column(name: str) -> str:
    return say(f"column_{name}")


def title_of(side: Side, where: str) -> str:
    """where: "left" or "right"."""
    name = say(f"title_{where}", layer=side.layer, head=side.head)
    return " · ".join([name, *side.differs])


def _side(services: Services, run: RunKey, layer: int, head: int, differs: tuple[str, ...] = ()) -> Side:
    seen = services.traces.get(run, {"pattern"})
    causal = all(edit.kind != "mask" for edit in run.edits)
    return Side(run, layer, head, seen["pattern", layer][head], services.labels(run), causal, differs)


def _checked(given: Any, same: int, n: int, *, is_layer: bool) -> int:
    if given in ("", None):
        at = same
    elif isinstance(given, str | int) and re.fullmatch("[0-9]{1,4}", str(given)):
        at = int(given)
    else:
        raise InvalidSetting(say("no_number", value=shown(given)))
    if at >= n:
        raise InvalidSetting(say("no_layer" if is_layer else "no_head", n=at, last=n - 1))
    return at


def _differs(services: Services, run: RunKey, other: RunKey, chosen: Chosen) -> tuple[str, ...]:
    told = []
    if other.model != run.model:
        told.append(services.models.title(other.model))
    if other.text != run.text:
        text = " ".join(other.text.split())
        told.append(f"“{text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + '…'}”")
    if run.edits and not set(run.edits) & set(other.edits):
        told.append(say("without_changes"))
    told += [edit_in_words(edit) for edit in other.edits if edit not in run.edits]
    return tuple(told)


def _named(side: Side, position: int) -> str:
    return say("shared_at_position", token=side.labels[position].text, position=position)


def _at(left: Side, right: Side, position: int) -> tuple[str | None, str | None]:
    first, second = (side.labels[position].text if position < len(side.labels) else None for side in (left, right))
    return first, second


def _weights(left: Side, right: Side, query: int, key: int) -> tuple[float | None, float | None, float | None]:
    first, second = (
        float(side.pattern[query, key].double()) if max(query, key) < len(side.pattern) else None
        for side in (left, right)
    )
    is_both = len(left.pattern) == len(right.pattern) and first is not None and second is not None
    return first, second, (second - first if is_both else None)  # type: ignore[operator]
