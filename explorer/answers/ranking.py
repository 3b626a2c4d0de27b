"""Which heads and MLPs matter on the sentence on screen, a list that grows while one after the other is switched off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from explorer.answers.pace import Pace
from explorer.catalogue import catalogue
from explorer.store.services import RunKey, Services
from explorer.wording.numbers import as_given, fixed, percent, scientific, signed
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import Tokenizer
from gpt2core.errors import InvalidSetting
from gpt2core.notation import NamedEdit, named_so
from gpt2core.ranking import AblationCost, How, ablation_costs, all_parts, switched_off

say = catalogue("ranking")

MAX_SECONDS = 120.0
SECONDS_BETWEEN_UPDATES = 0.5
HOWS: dict[str, How] = {"zero": "zero", "mean": "mean"}


@dataclass(frozen=True)
class RankedPart:
    """One part and what it costs. label: in words; edit: what switches it off, as links write it; layer, head: head None for the MLP.

    cost: what is ranked by, nats, None where there are no numbers. loss: the sentence's without the part, rise: how much that is
    more, share: of the token that was likeliest, guess: the likeliest now, kl: how far the distribution has moved; all as a person
    reads them, "" where there is none. refusal: why there are no numbers.
    """

    label: str
    edit: str
    layer: int
    head: int | None
    cost: float | None
    loss: str
    rise: str
    share: str
    guess: TokenLabel | None
    kl: str
    refusal: str = ""


@dataclass(frozen=True)
class Ranking:
    """How far the ranking is. told: in words; over: it has ended. rows: the parts switched off so far, the dearest first, those without
    numbers last. done of all. by: "loss", or "kl" where there is no loss. before: what holds with nothing switched off, in words;
    summary: which part costs most; both "" while nothing is done."""

    told: str
    over: bool = False
    rows: tuple[RankedPart, ...] = ()
    done: int = 0
    all: int = 0
    by: str = "loss"
    before: str = ""
    summary: str = ""


def checked_how(how: Any) -> How:
    """How a part is switched off, as a browser sends it. Raises: InvalidSetting."""
    if not isinstance(how, str) or how not in HOWS:
        raise InvalidSetting(say("bad_how", value=as_given(how)))
    return HOWS[how]


def ranked(services: Services, run: RunKey, how: Any = "zero", token: int = -1) -> Iterator[Ranking]:
    """The parts of the run's model, its edits included, ranked as far as they have been switched off. token: after which the next
    one is foretold. What the run has switched off already is left out.

    Raises: InvalidSetting, NotFinite.
    """
    how = checked_how(how)
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    parts = [part for part in all_parts(model.config) if _named(part, how) not in run.edits]
    pace, costs = Pace(SECONDS_BETWEEN_UPDATES, MAX_SECONDS), list[AblationCost]()

    def state(told: str, *, over: bool) -> Ranking:
        rows = ranked_rows(costs, tokenizer)
        by = "loss" if _has_loss(costs) else "kl"
        before = before_sentence(costs[0], tokenizer, run.edits_text)
        return Ranking(told, over, rows, len(costs), len(parts), by, before, summary_sentence(costs))

    yield Ranking(say("ranking", done=0, n=len(parts)), all=len(parts))
    for cost in ablation_costs(model, run.token_ids, parts, run.pass_edits, how, token):
        costs.append(cost)
        if len(costs) < len(parts) and pace.out_of_time():
            yield state(say("out_of_time", seconds=int(MAX_SECONDS), done=len(costs), n=len(parts)), over=True)
            return
        if len(costs) < len(parts) and pace.due():
            yield state(say("ranking", done=len(costs), n=len(parts)), over=False)
    whole = say("ranked", n=len(parts))
    if costs and not _has_loss(costs):
        whole += " " + say("single_token" if len(run.token_ids) == 1 else "not_causal")
    yield state(whole, over=True) if costs else Ranking(say("nothing_left"), over=True)


def ranked_rows(costs: Sequence[AblationCost], tokenizer: Tokenizer) -> tuple[RankedPart, ...]:
    """The dearest first; among equals as they stand in the model, those without numbers last."""
    by_loss = _has_loss(costs)
    rows = [_row(one, tokenizer, by_loss=by_loss) for one in costs]
    return tuple(sorted(rows, key=lambda row: (row.cost is None, -(row.cost or 0.0), row.layer, _place(row.head))))


def before_sentence(cost: AblationCost, tokenizer: Tokenizer, edits: str) -> str:
    """With nothing switched off but what `edits` do, as links write them: the loss, and the likeliest next token."""
    token, share = token_labels([cost.guess_before], tokenizer)[0].text, percent(cost.share_before)
    if cost.loss_before is None:
        if edits:
            return say("before_edited_without_loss", edits=edits, token=token, share=share)
        return say("before_without_loss", token=token, share=share)
    loss = fixed(cost.loss_before, 2)
    if edits:
        return say("before_edited", edits=edits, loss=loss, token=token, share=share)
    return say("before", loss=loss, token=token, share=share)


def summary_sentence(costs: Sequence[AblationCost]) -> str:
    """Which of these parts costs most, and whether the model is better off without any."""
    by_loss = _has_loss(costs)
    known = [one for one in costs if one.refusal is None]
    if not known:
        return say("no_numbers")
    dearest = max(known, key=lambda one: _cost(one, by_loss=by_loss) or 0.0)
    label = _part_in_sentence(dearest.layer, dearest.head)
    if not by_loss:
        return say("dearest_by_kl", part=label, kl=fixed(dearest.kl or 0.0, 3))
    n_better = sum((one.rise or 0.0) < 0 for one in known)
    direction = "dearest" if (dearest.rise or 0.0) > 0 else "none_dear"
    told = [
        say(direction, part=label, before=fixed(dearest.loss_before or 0.0, 2), after=fixed(dearest.loss or 0.0, 2))
    ]
    heads = [one for one in known if one.head is not None and (one.rise or 0.0) > 0]
    if dearest.head is None and heads:
        head = max(heads, key=lambda one: one.rise or 0.0)
        told.append(say("dearest_head", part=part_in_words(head.layer, head.head), rise=signed(head.rise or 0.0, 2)))
    if n_better:
        told.append(say("better_without", n=n_better, total=len(known)))
    return " ".join(told)


def ranking_table(ranking: Ranking) -> pd.DataFrame:
    """A row a part, in the list's order."""
    columns = [say(f"column_{name}") for name in ("part", "edit", "rise", "loss", "kl", "share", "guess")]
    rows = [
        (row.label, row.edit, row.refusal or row.rise, row.loss, row.kl, row.share, row.guess.text if row.guess else "")
        for row in ranking.rows
    ]
    return pd.DataFrame(rows, columns=columns)


def part_in_words(layer: int, head: int | None) -> str:
    """ "head 3 of layer 2", "MLP of layer 4"."""
    return say("mlp", layer=layer) if head is None else say("head", layer=layer, head=head)


def _part_in_sentence(layer: int, head: int | None) -> str:
    return say("the_mlp", layer=layer) if head is None else part_in_words(layer, head)


def _row(one: AblationCost, tokenizer: Tokenizer, *, by_loss: bool) -> RankedPart:
    named = named_so(one.edit.name)
    label, edit = part_in_words(one.layer, one.head), str(named)
    if one.refusal is not None or one.share is None or one.guess is None or one.kl is None:
        return RankedPart(label, edit, one.layer, one.head, None, "", "", "", None, "", say("overflows"))
    loss, rise = ("", "") if one.loss is None or one.rise is None else (fixed(one.loss, 3), signed(one.rise, 3))
    guess = token_labels([one.guess], tokenizer)[0]
    cost = _cost(one, by_loss=by_loss)
    return RankedPart(label, edit, one.layer, one.head, cost, loss, rise, percent(one.share), guess, _nats(one.kl))


def _nats(value: float) -> str:
    return fixed(value, 3) if value == 0 or value >= 5e-4 else scientific(value)


def _cost(one: AblationCost, *, by_loss: bool) -> float | None:
    return one.rise if by_loss else one.kl


def _has_loss(costs: Sequence[AblationCost]) -> bool:
    return any(one.loss is not None for one in costs)


def _place(head: int | None) -> float:
    return float("inf") if head is None else head


def _named(part: tuple[int, int | None], how: How) -> NamedEdit | None:
    return named_so(switched_off(part, how).name)
