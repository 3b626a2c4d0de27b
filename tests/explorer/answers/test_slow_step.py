"""A step taken slowly is a step like any other, and its numbers make the weight."""

from __future__ import annotations

import pytest
import torch

from explorer.answers.recipe import Recipe
from explorer.answers.slow_step import PARTS, slow_step
from explorer.answers.training import TrainingRun, Wishes
from gpt2core.errors import InvalidSetting
from tests.explorer.answers.conftest import TO_LEARN

pytestmark = pytest.mark.usefixtures("toy_size")


@pytest.mark.parametrize("part", PARTS)
def test_the_weight_is_rebuilt_from_the_numbers(part):
    run = TrainingRun(TO_LEARN, Recipe("toy", 40, 1e-2, 4, clip_norm=0.2, accumulation_steps=2))
    for _ in range(3):
        found = slow_step(run, part)
        assert found.rebuilt == pytest.approx(found.after, rel=1e-5, abs=1e-8)
        first, second = found.betas
        gradient = found.gradient * found.factor
        assert found.mean == pytest.approx(first * found.mean_before + (1 - first) * gradient, rel=1e-4, abs=1e-9)
        squared = second * found.square_before + (1 - second) * gradient**2
        assert found.square == pytest.approx(squared, rel=1e-4, abs=1e-12)
        assert found.factor < 1
    assert run.progress.step == 3


def test_a_slow_step_trains_as_a_quick_one_does():
    recipe = Recipe("toy", 10, 1e-2, 4, drop_rate=0.1)
    slow, quick = TrainingRun(TO_LEARN, recipe), TrainingRun(TO_LEARN, recipe)
    losses = [slow_step(slow, PARTS[0]).batch_loss for _ in range(4)]
    list(quick.ticks(Wishes(), 4))
    assert losses == [loss for _, loss in quick.progress.train]
    assert torch.equal(slow.trainer.model.tok_emb.weight, quick.trainer.model.tok_emb.weight)


def test_the_losses_of_the_window_are_those_of_the_batch_without_dropout():
    run = TrainingRun(TO_LEARN, Recipe("toy", 10, 1e-2, 1))
    found = slow_step(run, PARTS[0])
    assert sum(loss for _, _, loss in found.losses) / len(found.losses) == pytest.approx(found.batch_loss, rel=1e-5)


@pytest.mark.parametrize("part", ["nothing", "trf_blocks.0.att.W_query.weight"])
def test_a_part_that_adamw_does_not_move_is_refused_and_no_step_made(part):
    run = TrainingRun(TO_LEARN, Recipe("toy", 10, 1e-2, 4, optimizer="muon"))
    with pytest.raises(InvalidSetting, match="does not learn by AdamW"):
        slow_step(run, part)
    assert run.progress.step == 0
