"""The snapshots that ship: one model at ten ages."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch

from gpt2core import load_pretrained
from gpt2core.train import validation_loss

FOLDER = Path(__file__).parents[3] / "checkpoints" / "growth"
STORY = (
    "Once upon a time, there was a little girl named Lily. She loved to play in the park with her dog. One day, she saw a "
    "big red ball under a tree. She was very happy and wanted to play with it. Her mom said they could take it home.\n"
) * 2


def test_each_snapshot_opens_and_older_ones_read_a_story_better_than_much_younger_ones() -> None:
    folders = sorted(FOLDER.glob("step-*"))
    assert 8 <= len(folders) <= 12
    opened = [load_pretrained(folder) for folder in folders]
    assert len({one.model.config for one in opened}) == 1
    token_ids = torch.tensor(opened[0].tokenizer.encode(STORY))
    losses = [validation_loss(one.model, token_ids, max_windows=1) for one in opened]
    assert all(older < younger for younger, older in pairwise(losses[::2]))


def test_they_are_small_and_no_entry_of_the_model_menu() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) < 5_000_000
    assert not (FOLDER / "model.safetensors").exists()
