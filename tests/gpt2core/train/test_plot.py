"""The picture of a run."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import pytest

from gpt2core.train import TrainEvent
from gpt2core.train.plot import loss_figure


def event(step: int, loss: float, held_out: float | None = None) -> TrainEvent:
    return TrainEvent(step, 4, loss, 1e-3, 1.0, step * 10, 100.0, 0.0, held_out)


def test_the_figure_holds_every_loss_where_it_was_measured_and_what_guessing_costs() -> None:
    events = [event(1, 6.0), event(2, 5.0, 5.5), event(3, 4.0), event(4, 3.5, 4.5)]
    (axes,) = loss_figure(events, 1000).axes
    training, validation, chance = axes.get_lines()
    assert training.get_xydata().tolist() == [[1, 6], [2, 5], [3, 4], [4, 3.5]]
    assert validation.get_xydata().tolist() == [[2, 5.5], [4, 4.5]]
    assert list(chance.get_ydata()) == pytest.approx([math.log(1000)] * 2)
    assert "nats per token" in axes.get_ylabel()
    assert "4.500" in axes.get_legend().get_texts()[1].get_text()


def test_a_run_that_was_never_checked_has_no_validation_line() -> None:
    (axes,) = loss_figure([event(1, 6.0)], 10).axes
    assert len(axes.get_lines()) == 2


def test_nobody_waits_for_the_plotting_library_who_does_not_plot() -> None:
    for path in Path(loss_figure.__code__.co_filename).parents[1].rglob("*.py"):
        at_import = ast.parse(path.read_text(encoding="utf-8")).body
        assert not any(
            "matplotlib" in ast.unparse(node) for node in at_import if isinstance(node, ast.Import | ast.ImportFrom)
        )
