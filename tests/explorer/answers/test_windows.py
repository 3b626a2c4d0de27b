"""What the windows of a text are: those that the trainer reads, each asked for what follows."""

from __future__ import annotations

import pytest

from explorer.answers.recipe import Recipe
from explorer.answers.training import TrainingRun
from explorer.answers.windows import windows_of
from gpt2core.errors import CorpusTooShort
from tests.explorer.answers.conftest import TO_LEARN

pytestmark = pytest.mark.usefixtures("toy_size")


@pytest.mark.parametrize("stride", [0, 3])
def test_the_windows_are_those_of_the_trainers_first_batches(stride):
    recipe = Recipe("toy", 12, 1e-2, 4, stride=stride)
    cut, run = windows_of(TO_LEARN, recipe), TrainingRun(TO_LEARN, recipe)
    for batch in range(2):
        inputs, targets = run.trainer.curriculum.batch(batch)
        for row in range(4):
            ids = [label.token_id for label in cut.windows[4 * batch + row]]
            assert ids[:-1] == inputs[row].tolist()
            assert ids[1:] == targets[row].tolist()


def test_the_numbers_of_an_epoch_add_up():
    cut = windows_of(TO_LEARN, Recipe("toy", 12, 1e-2, 4))
    assert sorted(cut.starts) == list(range(min(cut.starts), max(cut.starts) + 1, 8))
    assert cut.epochs * cut.steps_an_epoch == pytest.approx(12)
    assert cut.seen == pytest.approx(12 * 4 * 8 / cut.n_train)


def test_a_text_too_short_for_one_window_is_refused():
    with pytest.raises(CorpusTooShort):
        windows_of("two words", Recipe("toy"))
