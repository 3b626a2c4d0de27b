"""Patching of the sentence on screen, the clean one, into a corrupted one of the same length: the grid as it grows, one patch followed.

T tokens, H heads, L layers. Answers are differences of two logits after the last token.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.answers.lens import labels_by_id, pinned_ids
from explorer.answers.pace import Pace
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import fixed, signed
from explorer.wording.text import TokenLabel
from gpt2core import Gpt2CoreError
from gpt2core.config import GPTConfig
from gpt2core.errors import InvalidSetting
from gpt2core.patching import (
    HEADS,
    PAIR_SITES,
    PATCH_SITES,
    Patching,
    Reach,
    pair_of,
    patch_reach,
    patched_rows,
    patching_work,
)

say = catalogue("block")

EVERY = "every"  # all places of the stream in one grid
SITES = (*PATCH_SITES[:-1], EVERY, HEADS)
PLACES = ("resid_pre", "attn_out", "resid_mid", "mlp_out", "resid_post")  # of one layer, in the order of the pass
A_LAYER = len(PLACES) - 1  # rows of a layer in the grid of EVERY: its last place is the next layer's first
REACHES = ("length", "answer")
LENGTHS = 1000.0  # the greatest length that is told apart by its colour, in units of the least: by their logarithm
MAX_SECONDS = 60.0
SECONDS_BETWEEN_UPDATES = 0.5
MOST_WORK = 6e11  # multiplications of one grid: half a minute of one core
N_ANSWERS = 2
ROUNDINGS = 16  # of the largest logit: what passes made in another order may differ by (6 were seen)
MOST_TRIED = 8  # changed sentences, a pass each


@dataclass(frozen=True, eq=False)
class Pair:
    """What is patched. other: the corrupted run. answers: the two tokens whose logits are compared, as they are shown. is_made: the
    corrupted sentence was made by changing one word, not typed."""

    runs: Patching
    other: RunKey
    answers: tuple[TokenLabel, TokenLabel]
    is_made: bool


@dataclass(frozen=True, eq=False)
class Grid:
    """How far the grid is. told: in words; over: it has ended. values [L, T or H], of EVERY [4L + 1, T]: the share of the answer that each
    patch recovers, or where there is nothing to recover how far it moves the answer; NaN where not computed yet. done: cells of all."""

    told: str
    over: bool
    values: Tensor
    is_score: bool
    done: int


def pair_for(services: Services, run: RunKey, typed: Any, answers: Any) -> Pair:
    """typed: the corrupted sentence, "" for one of ours. answers: no token, or two, as a person writes them.

    Raises: InvalidSetting where there is no such sentence, one of another length, or other than two answers; what a pass raises.
    """
    other, is_made = corrupted_run(services, run, typed)
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    chosen = pinned_ids(answers, tokenizer, model.config.vocab_size)
    if len(chosen) not in (0, N_ANSWERS):
        raise InvalidSetting(say("patch_bad_answers", n=len(chosen)))
    clean, corrupted = (services.traces.get(one, PAIR_SITES) for one in (run, other))
    runs = pair_of(clean, corrupted, (chosen[0], chosen[1]) if chosen else None, run.pass_edits)
    names = labels_by_id(runs.answer, tokenizer)
    return Pair(runs, other, (names[runs.answer[0]], names[runs.answer[1]]), is_made)


def corrupted_run(services: Services, run: RunKey, typed: Any) -> tuple[RunKey, bool]:
    """The run over the corrupted sentence, and whether it was made by us. Raises: as pair_for."""
    if not isinstance(typed, str):
        raise InvalidSetting(say("patch_no_sentence"))
    if not typed:
        return _made(services, run), True
    other = services.read(typed, run.model, run.edits_text)
    if len(other.token_ids) != len(run.token_ids):
        raise InvalidSetting(say("patch_lengths", clean=len(run.token_ids), corrupted=len(other.token_ids)))
    return other, False


def _made(services: Services, run: RunKey) -> RunKey:
    """The sentence with one of its words changed, so that it has as many tokens and, if any change does that, another likeliest next one."""
    found: list[RunKey] = []
    for text in changed_sentences(run.text):
        try:
            other = services.read(text, run.model, run.edits_text)
        except Gpt2CoreError:
            continue
        if len(other.token_ids) == len(run.token_ids) and other.token_ids != run.token_ids:
            found.append(other)
    if not found:
        raise InvalidSetting(say("patch_none_made", n=len(run.token_ids)))

    def likeliest(one: RunKey) -> int:
        return int(services.traces.get(one, {"logits"})["logits"][-1].argmax())

    mine = likeliest(run)
    return next((one for one in found[:MOST_TRIED] if likeliest(one) != mine), found[0])


def changed_sentences(text: str) -> Iterator[str]:
    """The sentence with every appearance of one word changed, in the order of the catalogue's pairs, each read both ways."""
    for pair in say("patch_swaps").split(", "):
        one, other = pair.split(" ")
        for word, instead in ((one, other), (other, one)):
            changed = re.sub(rf"\b{word}\b", instead, text)
            if changed != text:
                yield changed


def checked_site(site: Any) -> str:
    if not isinstance(site, str) or site not in SITES:
        raise InvalidSetting(say("patch_bad_site"))
    return site


def position_of(at: Any, n_tokens: int) -> int | None:
    """Where heads are patched, as a person types it: "" for all positions. Raises: InvalidSetting."""
    if not isinstance(at, str) or (at.strip() and not re.fullmatch("[0-9]{1,6}", at.strip())):
        raise InvalidSetting(say("patch_bad_position", last=n_tokens - 1))
    position = int(at) if at.strip() else None
    if position is not None and position >= n_tokens:
        raise InvalidSetting(say("patch_bad_position", last=n_tokens - 1))
    return position


def work_of(config: GPTConfig, n_tokens: int, site: str) -> float:
    """Multiplications of a grid."""
    return (
        A_LAYER * patching_work(config, n_tokens, PLACES[0]) if site == EVERY else patching_work(config, n_tokens, site)
    )


def longest(config: GPTConfig, site: str) -> int:
    """How many tokens a grid may have."""
    fitting = (n for n in range(config.context_length, 1, -1) if work_of(config, n, site) <= MOST_WORK)
    return next(fitting, 1)


def rows_of(config: GPTConfig, site: str) -> list[tuple[str, int]]:
    """The site and layer of each row of a grid."""
    layers = range(config.n_layers)
    if site != EVERY:
        return [(site, layer) for layer in layers]
    return [*((one, layer) for layer in layers for one in PLACES[:-1]), (PLACES[-1], config.n_layers - 1)]


def row_names(config: GPTConfig, site: str) -> list[str]:
    """What the rows of a grid are called."""
    if site != EVERY:
        return [str(layer) for layer in range(config.n_layers)]
    return [say(f"patch_row_{one}", layer=layer) for one, layer in rows_of(config, site)]


def site_picked(site: Any, place: Any) -> str:
    """The site that is carried over: `place` where the grid shows EVERY one of them. Raises: InvalidSetting."""
    site = checked_site(site)
    if site != EVERY:
        return site
    if not isinstance(place, str) or place not in PLACES:
        raise InvalidSetting(say("patch_bad_site"))
    return place


def grids(services: Services, run: RunKey, pair: Pair, site: Any, at: Any) -> Iterator[Grid]:
    """The grid, row after row. Raises: InvalidSetting for a site or position that is none, or a text too long; NotFinite."""
    site, model = checked_site(site), services.models.get(run.model).model
    config, n = model.config, len(run.token_ids)
    where = position_of(at, n) if site == HEADS else None
    if work_of(config, n, site) > MOST_WORK:
        raise InvalidSetting(say("patch_too_long", n=n, limit=longest(config, site)))
    places, rows = config.n_heads if site == HEADS else n, rows_of(config, site)
    values = torch.full((len(rows), places), math.nan)
    apart = pair.runs.clean_answer - pair.runs.corrupted_answer
    pace, is_score = Pace(SECONDS_BETWEEN_UPDATES, MAX_SECONDS), apart != 0
    total = len(rows) * places
    for at_row, (own, layer) in enumerate(rows):
        (row,) = patched_rows(model, pair.runs, own, at=where, layers=[layer])
        moved = _beyond_rounding(row.answers - pair.runs.corrupted_answer, pair.runs)
        values[at_row] = moved / apart if is_score else moved
        done = (at_row + 1) * places
        if done < total and pace.out_of_time():
            told = say("patch_out_of_time", seconds=int(MAX_SECONDS), done=done, n=total)
            yield Grid(told, True, values, is_score, done)
            return
        if done < total and pace.due():
            yield Grid(say("patch_done", done=done, n=total), False, values.clone(), is_score, done)
    yield Grid("" if is_score else say("patch_nothing_to_recover"), True, values, is_score, total)


def _beyond_rounding(moved: Tensor, runs: Patching) -> Tensor:
    """Differences of answers, 0 where they are no more than what float32 makes of the same sums in another order."""
    largest = float(runs.corrupted["logits"][runs.position].abs().max())
    return moved.masked_fill(moved.abs() <= ROUNDINGS * torch.finfo(torch.float32).eps * largest, 0.0)


def reach_of(
    services: Services, run: RunKey, pair: Pair, site: Any, at: Any, position: int, layer: int, head: int
) -> Reach:
    """What the picked patch does further on: at `position`, or of the heads at `at`. site: as `site_picked` gives it."""
    model = services.models.get(run.model).model
    if site == HEADS:
        where = position_of(at, len(run.token_ids))
        return patch_reach(model, pair.runs, site, layer, place=head, at=where)
    return patch_reach(model, pair.runs, site, layer, place=position)


def reach_values(reach: Reach, shown: Any) -> tuple[Tensor, tuple[float, float]]:
    """What the grid of a reach shows [P, T], NaN out of reach, and the values at the ends of its colours. Raises: InvalidSetting."""
    if not isinstance(shown, str) or shown not in REACHES:
        raise InvalidSetting(say("reach_bad_shown"))
    values = (reach.changes if shown == "length" else reach.answers).masked_fill(~reach.possible, math.nan)
    most = float(values.nan_to_num(0.0).abs().max()) or 1.0
    return values, (most / LENGTHS if shown == "length" else -most, most)


def answer_rows(pair: Pair, patched: float) -> list[dict[str, Any]]:
    """The answer of the three runs, one below the other, as widgets/measures shows them."""
    answers = {"corrupted": pair.runs.corrupted_answer, "patched": patched, "clean": pair.runs.clean_answer}
    return [
        {
            "name": say(f"answer_{name}"),
            "about": say(f"answer_{name}_about"),
            "value": value,
            "scale": "signed",
            "shown": signed(value),
            "details": [],
        }
        for name, value in answers.items()
    ]


def pair_in_words(services: Services, run: RunKey, pair: Pair) -> str:
    """The corrupted sentence, where the two differ, and what each answers."""
    tokens = zip(services.labels(run), services.labels(pair.other), strict=True)
    apart = [(at, one, other) for at, (one, other) in enumerate(tokens) if one.token_id != other.token_id]
    parts = []
    if not apart:
        parts.append(say("patch_same"))
    else:
        at, one, other = apart[0]
        parts.append(say("patch_differ", n=len(apart), clean=one.text, corrupted=other.text, position=at))
    clean, corrupted = (fixed(one, 2) for one in (pair.runs.clean_answer, pair.runs.corrupted_answer))
    first, second = (label.text for label in pair.answers)
    parts.append(say("patch_answers", first=first, second=second, clean=clean, corrupted=corrupted))
    return " ".join(parts)


def score_in_words(pair: Pair, patched: float) -> str:
    """The formula with its numbers put in."""
    clean, corrupted = pair.runs.clean_answer, pair.runs.corrupted_answer
    if clean == corrupted:
        return say("patch_moves", change=signed(patched - corrupted, 3))
    share = (patched - corrupted) / (clean - corrupted)
    numbers = {"patched": patched, "clean": clean, "corrupted": corrupted}
    return say("patch_formula", **{name: fixed(value, 2) for name, value in numbers.items()}, score=fixed(share, 2))


def place_in_words(services: Services, run: RunKey, site: str, at: Any, position: int, layer: int, head: int) -> str:
    """What is carried over: a site of a layer at a token, or a head's."""
    labels = services.labels(run)
    if site != HEADS:
        return say(f"patch_at_{site}", layer=layer, token=labels[position].text, position=position)
    where = position_of(at, len(labels))
    if where is None:
        return say("patch_one_head", layer=layer, head=head)
    return say("patch_one_head_at", layer=layer, head=head, token=labels[where].text, position=where)


def python_of(
    services: Services, run: RunKey, pair: Pair, site: str, at: Any, position: int, layer: int, head: int
) -> str:
    """Lines that print the score (or how far the answer moves) of the picked patch in a process of its own; "" for a model that has no folder."""
    source = services.models.source(run.model)
    if source is None:
        return ""
    edits, names, changes = "", "edits, load_pretrained, trace", []
    if run.edits:
        names, edits = "edits, load_pretrained, parse_edits, trace", "*changes, "
        changes = [
            f"changes = [one.edit() for one in parse_edits({run.edits_text!r}, gpt.model.config, len(clean_ids))]"
        ]
    given = ", changes" if changes else ""
    where = position_of(at, len(run.token_ids)) if site == HEADS else position
    place = f", head={head}" if site == HEADS else ""
    place += "" if where is None else f", positions=[{where}]"
    first, second = pair.runs.answer
    last = (
        "patched - corrupted"
        if pair.runs.clean_answer == pair.runs.corrupted_answer
        else ("(patched - corrupted) / (clean - corrupted)")
    )
    return "\n".join(
        [
            f"from gpt2core import {names}",
            f"gpt = load_pretrained({source!r})",
            f"clean_ids = gpt.tokenizer.encode({run.text!r})",
            f"corrupted_ids = gpt.tokenizer.encode({pair.other.text!r})",
            *changes,
            f'source = trace(gpt.model, clean_ids, {{"{site}", "logits"}}{given})',
            f'patch = edits.patch(source, "{site}", {layer}{place})',
            f'before = trace(gpt.model, corrupted_ids, {{"logits"}}{given})',
            f'after = trace(gpt.model, corrupted_ids, {{"logits"}}, [{edits}patch])',
            f'answers = [seen["logits"][-1, {first}] - seen["logits"][-1, {second}] for seen in (source, before, after)]',
            "clean, corrupted, patched = map(float, answers)",
            f"print({last})",
        ]
    )
