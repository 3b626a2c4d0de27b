"""Whether the numbers on screen keep the laws that they must: each law in a sentence, with how far its two sides lie apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import scientific
from gpt2core.identities import SITES_TO_CHECK, Identity, check_identities
from gpt2core.notation import named_so

say = catalogue("truth")


@dataclass(frozen=True)
class TruthRow:
    """One law. sentence: what it says; residual: how far the two sides lie apart, bound: how far float32 lets them, both as a person
    reads them, "" where nothing was compared; ok: None there; note: what was left out and why, "" where nothing was."""

    name: str
    sentence: str
    residual: str
    bound: str
    ok: bool | None
    note: str


@dataclass(frozen=True)
class Truth:
    """All of it. ok: no law is broken; summary: that in one sentence."""

    rows: tuple[TruthRow, ...]
    summary: str
    ok: bool


def truth_of(services: Services, run: RunKey, token: int = -1) -> Truth:
    """Every law on the pass on screen, its edits included. token: whose likeliest successor's logit is taken apart.

    Costs a second pass where nothing is changed. Raises: what TraceStore.get raises.
    """
    trace = services.traces.get(run, SITES_TO_CHECK)
    return told(check_identities(trace, services.models.get(run.model).model, token))


def told(found: Sequence[Identity]) -> Truth:
    """What gpt2core.identities found, in words."""
    return Truth(tuple(map(_row, found)), summary_sentence(found), all(one.holds is not False for one in found))


def law_table(truth: Truth) -> pd.DataFrame:
    """A row a law."""
    columns = [say(f"column_{name}") for name in ("law", "residual", "bound", "note")]
    return pd.DataFrame([(row.sentence, row.residual, row.bound, row.note) for row in truth.rows], columns=columns)


def summary_sentence(found: Sequence[Identity]) -> str:
    """How many laws hold of those that could be held against the pass, over how many numbers, or which are broken."""
    held = [one for one in found if one.holds is not None]
    broken = [say(f"law_{one.name}") for one in held if not one.holds]
    n = sum(one.n for one in held)
    if broken:
        return say("broken", broken=len(broken), n_laws=len(held), n=n, laws=" ".join(broken))
    left_out = [one for one in found if one.edits]
    if left_out:
        return say("all_hold_changed", n_laws=len(held), n=n, left_out=len(left_out))
    return say("all_hold", n_laws=len(held), n=n)


def _row(one: Identity) -> TruthRow:
    residual, bound = (_distance(one.residual), _distance(one.bound)) if one.n else ("", "")
    return TruthRow(one.name, say(f"law_{one.name}"), residual, bound, one.holds, _note(one))


def _distance(value: float) -> str:
    return scientific(value) if math.isfinite(value) else say("no_number")


def _note(one: Identity) -> str:
    if one.edits:
        edits = ", ".join(_as_written(name) for name in one.edits)
        key = "left_out_fused" if one.name == "fused" else "left_out_in_part" if one.n else "left_out"
        return say(key, edits=edits)
    return "" if one.n else say("too_short")


def _as_written(name: str) -> str:
    """An edit as links write it; by its own name where they cannot."""
    named = named_so(name)
    return name if named is None else str(named)
