"""What a run has come to: each verdict from its two losses, and the longest passage copied, found as by brute force."""

from __future__ import annotations

import random

import pytest

from explorer.answers.recipe import Recipe
from explorer.answers.training import Progress, Sample
from explorer.answers.verdict import kind_of, longest_copied, verdict_of


def run(held_out, train, end=""):
    """held_out: by check; train: by update."""
    checks = [(20 * number, loss) for number, loss in enumerate(held_out)]
    updates = [(step, loss) for step, loss in enumerate(train, start=1)]
    return Progress(Recipe(), step=len(train), train=updates, held_out=checks, samples=[Sample(0, "a", "b")], end=end)


@pytest.mark.parametrize(
    ("kind", "progress"),
    [
        ("early", run([6.9, 5.0], [6.0] * 20)),
        ("noise", run([6.93, 6.92, 6.9, 6.91, 6.9], [6.9] * 80)),
        ("learning", run([6.9, 5.0, 4.0, 3.5, 3.1], [3.2] * 80)),
        ("right", run([6.9, 3.0, 2.5, 2.4, 2.4, 2.4, 2.4], [2.2] * 120)),
        ("memorising", run([6.9, 3.0, 2.5, 2.7, 2.9], [0.5] * 80)),
        ("small", run([6.9, 6.0, 5.7, 5.7, 5.7, 5.7, 5.7], [5.6] * 120)),
        ("diverging", run([6.9, 5.0, 7.5, 8.0, 8.2], [5.0] * 40 + [8.0] * 40)),
        ("diverging", run([6.9, 5.0], [5.0] * 20, "not finite")),
    ],
)
def test_each_verdict_follows_from_the_losses(kind, progress):
    assert kind_of(progress, None) == kind
    assert verdict_of(progress, "").text


def test_a_long_copy_and_a_gap_are_memorising_though_the_held_back_loss_has_not_turned():
    progress = run([6.9, 3.0, 2.5, 2.4, 2.4, 2.4, 2.4], [1.0] * 120)
    progress.samples.append(Sample(120, "a", "and so it was that the frog went home again that day."))
    text = "Once and so it was that the frog went home again that night."
    assert kind_of(progress, None) == "right"
    verdict = verdict_of(progress, text)
    assert verdict.kind == "memorising"
    assert verdict.copied.passage == "and so it was that the frog went home again that "
    assert text[verdict.copied.place :].startswith(verdict.copied.passage)


def longest_by_force(written, text):
    lengths = [b - a for a in range(len(written)) for b in range(a + 1, len(written) + 1) if written[a:b] in text]
    return max(lengths, default=0)


def test_the_longest_passage_is_found_as_by_trying_all():
    luck = random.Random(0)
    for _ in range(300):
        text, written = ("".join(luck.choices("ab\n漢", k=n)) for n in (30, 12))
        found = longest_copied(written, text)
        assert (len(found.passage) if found else 0) == longest_by_force(written, text)
        if found:
            assert text[found.place : found.place + len(found.passage)] == found.passage
            assert text.endswith(found.before + found.passage + found.after) or found.after in text
    assert longest_copied("xyz", "abc") is None
    assert longest_copied("", "abc") is None


def test_where_the_targets_were_shuffled_no_larger_model_is_advised():
    progress = run([6.9, 6.0, 5.7, 5.7, 5.7, 5.7, 5.7], [5.6] * 120)
    progress.recipe, progress.frequency_nats = Recipe(shuffled_targets=True), 4.65
    verdict = verdict_of(progress, "")
    assert verdict.kind == "shuffled"
    assert "4.65" in verdict.text
    assert "larger" not in verdict.text


def test_a_low_loss_that_the_mask_takes_away_is_cheating():
    progress = run([6.9, 3.0, 1.0, 0.5, 0.4], [0.1] * 80)
    progress.with_mask = 2.8
    verdict = verdict_of(progress, "")
    assert verdict.kind == "cheating"
    assert "2.80" in verdict.text
    progress.with_mask = 0.5
    assert verdict_of(progress, "").kind != "cheating"


@pytest.mark.parametrize(("last", "told"), [(2.9, "has forgotten"), (2.1, "fell from 2.50"), (2.501, "is still 2.50")])
@pytest.mark.parametrize("kind", ["own", "sample"])
def test_what_a_fine_tuned_model_forgot_is_told_in_nats(kind, last, told):
    progress = run([3.0, 2.5, 2.4], [2.4] * 40)
    progress.old_kind, progress.old = kind, [(0, 2.5), (20, 2.6), (40, last)]
    assert told in verdict_of(progress, "").text
    progress.old = []
    assert told not in verdict_of(progress, "").text
