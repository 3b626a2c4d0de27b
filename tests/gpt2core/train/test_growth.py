"""The snapshots that ship: one model at sixteen ages, on both sides of the moment at which it learns to copy."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gpt2core import Pretrained, load_pretrained, trace
from gpt2core.analysis import induction_scores, previous_token_scores, repeated_tokens
from gpt2core.train.loss import next_token_loss

FOLDER = Path(__file__).parents[3] / "checkpoints" / "growth"
WINDOW = 32  # what every one of them has met
STORY = (
    "Once upon a time, there was a little girl named Lily. She loved to play in the park with her dog. One day, she saw a "
    "big red ball under a tree. She was very happy and wanted to play with it. Her mom said they could take it home.\n"
)


@pytest.fixture(scope="module")
def snapshots() -> dict[int, Pretrained]:
    return {int(folder.name[-5:]): load_pretrained(folder) for folder in sorted(FOLDER.glob("step-*"))}


def story_loss(gpt: Pretrained) -> float:
    token_ids = torch.tensor(gpt.tokenizer.encode(STORY))
    n_windows = (len(token_ids) - 1) // WINDOW
    inputs, targets = (token_ids[first : first + n_windows * WINDOW].view(n_windows, WINDOW) for first in (0, 1))
    with torch.no_grad():
        return float(next_token_loss(gpt.model(inputs), targets))


def heads(gpt: Pretrained) -> tuple[float, float]:
    """The best previous-token head on the story, and the best induction head on random tokens read twice."""
    repeats = [repeated_tokens(gpt.model.config.vocab_size, WINDOW // 2, seed) for seed in range(4)]
    induction = torch.stack([induction_scores(trace(gpt.model, ids, {"pattern"})) for ids in repeats]).mean(0)
    before = previous_token_scores(trace(gpt.model, gpt.tokenizer.encode(STORY)[:WINDOW], {"pattern"}))
    return float(before.max()), float(induction.max())


def test_there_are_about_sixteen_of_one_shape_most_of_them_where_the_heads_appear(snapshots) -> None:
    assert 14 <= len(snapshots) <= 18
    assert len({gpt.model.config for gpt in snapshots.values()}) == 1
    assert min(snapshots) == 0
    assert sum(400 <= step <= 800 for step in snapshots) >= len(snapshots) / 2 - 1


def test_older_ones_read_a_story_better_than_much_younger_ones(snapshots) -> None:
    losses = [story_loss(snapshots[step]) for step in (0, 100, 200, 400, 800, 1300, 2000)]
    assert losses == sorted(losses, reverse=True)


def test_the_heads_that_copying_needs_are_not_there_and_then_they_are(snapshots) -> None:
    scores = {step: heads(snapshots[step]) for step in (0, 300, 600, 2000)}
    assert max(scores[0]) < 0.2
    assert scores[300][1] < 0.1
    assert scores[600][1] > 0.3
    assert scores[300][0] < scores[600][0]
    assert min(scores[2000]) > 0.5


def test_they_are_small_and_no_entry_of_the_model_menu() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) < 6_000_000
    assert not (FOLDER / "model.safetensors").exists()
