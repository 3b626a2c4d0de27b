"""What a training run has come to, from its two losses and from what it copies; never from how the curve looks.

Losses in nats per token. A verdict comes with the numbers that it rests on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from explorer.answers.training import Progress
from explorer.catalogue import catalogue

say = catalogue("training")

Kind = Literal["early", "noise", "learning", "right", "memorising", "diverging", "cheating", "shuffled", "small"]

BETTER_THAN_CHANCE = 0.1  # nats below guessing, from which on anything was learned
STILL_FALLING = 0.03  # of the held-back loss, gained by the last third of the checks
JUMP = 1.0  # nats above the lowest loss of any update: more than batches differ
WORSE_AGAIN = 0.05  # nats above the best check
GAP = 0.35  # nats between the text that is trained on and the text held back
LONG_COPY = 40  # characters in a row
SAME = 0.01  # nats a token: less is no difference
POOR = 0.6  # of the loss of guessing: what a model that is too small, or stuck, stays above
AROUND = 20  # characters shown on both sides of a copied passage
ENOUGH_CHECKS = 4
CHEATS = 0.5  # nats that the mask costs a model that was trained without it


@dataclass(frozen=True)
class Copied:
    """The longest passage of what was written that stands in the text word for word. before, after: what surrounds it there."""

    passage: str
    before: str
    after: str
    place: int  # characters from the start of the text


@dataclass(frozen=True)
class Verdict:
    """kind, and the sentence that says it with its numbers."""

    kind: Kind
    text: str
    copied: Copied | None


def longest_copied(written: str, text: str) -> Copied | None:
    """The longest passage of `written` that `text` holds, the first of several; None where not one character is there.

    Two ends walk through `written` once, so that it takes as many searches in `text` as it has characters, twice at most.
    """
    best, start, end = (0, 0), 0, 0
    while end < len(written):
        end = max(end, start) + 1
        while end <= len(written) and written[start:end] in text:
            if end - start > best[1] - best[0]:
                best = (start, end)
            end += 1
        start += 1
        end = max(start, end - 1)
    passage = written[best[0] : best[1]]
    if not passage:
        return None
    at = text.index(passage)
    after = at + len(passage)
    return Copied(passage, text[max(0, at - AROUND) : at], text[after : after + AROUND], at)


def verdict_of(progress: Progress, text: str) -> Verdict:
    """text: what is trained on, without the part that is held back."""
    copied = longest_copied(progress.samples[-1].text, text) if progress.samples and text else None
    kind = kind_of(progress, copied)
    checks = [loss for _, loss in progress.held_out]
    train = recent_loss(progress)
    best_step, best = progress.best
    told = say(
        f"verdict_{kind}",
        held_out=checks[-1],
        train=train,
        first=checks[0],
        chance=progress.chance_nats,
        best=best,
        best_step=best_step,
        gain=gain(progress),
        with_mask=progress.with_mask,
    )
    if kind in ("small", "shuffled") and progress.frequency_nats is not None:
        told += " " + say("only_frequency", frequency=progress.frequency_nats)
    return Verdict(kind, f"{told} {forgetting(progress)}".strip(), copied)


def forgetting(progress: Progress) -> str:
    """What a fine-tuned model has forgotten or learned of a text of before, in words; "" for others."""
    if len(progress.old) < 2:
        return ""
    (_, first), (_, last) = progress.old[0], progress.old[-1]
    if abs(last - first) < SAME:
        return say(f"kept_{progress.old_kind}", first=first, last=last)
    return say(f"forgot_{progress.old_kind}" if last > first else f"gained_{progress.old_kind}", first=first, last=last)


def kind_of(progress: Progress, copied: Copied | None) -> Kind:
    """Which of them it is, the worst first."""
    checks = [loss for _, loss in progress.held_out]
    last, train = checks[-1], recent_loss(progress)
    lowest_train = min((loss for _, loss in progress.train), default=math.inf)
    is_copying = copied is not None and len(copied.passage) >= LONG_COPY
    found: dict[Kind, bool] = {
        "diverging": progress.end == "not finite" or train > lowest_train + JUMP,
        "early": len(checks) < ENOUGH_CHECKS,
        "cheating": progress.with_mask is not None and progress.with_mask > last + CHEATS,
        "shuffled": progress.recipe.shuffled_targets,
        "noise": last > progress.chance_nats - BETTER_THAN_CHANCE,
        "memorising": last > progress.best[1] + WORSE_AGAIN or (is_copying and last - train > GAP),
        "learning": gain(progress) > STILL_FALLING * last,
        "small": train > POOR * progress.chance_nats and last - train < GAP,
        "right": True,
    }
    return next(kind for kind, holds in found.items() if holds)


def gain(progress: Progress) -> float:
    """By how much the last third of the checks lowered the held-back loss."""
    checks = [loss for _, loss in progress.held_out]
    return checks[-1 - max(1, len(checks) // 3)] - checks[-1] if len(checks) > 1 else 0.0


def recent_loss(progress: Progress) -> float:
    """On the pieces it trains on, the mean of the last twentieth of the updates: one update's is noise."""
    losses = [loss for _, loss in progress.train]
    return fmean(losses[-max(1, len(losses) // 20) :]) if losses else progress.held_out[-1][1]
