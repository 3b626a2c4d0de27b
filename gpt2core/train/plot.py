"""The losses of a run as a picture, for those who read a report and not a log."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpt2core.train.loop import TrainEvent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TRAINING, _VALIDATION, _CHANCE = "#0072b2", "#d55e00", "#555555"  # told apart by all eyes (Okabe and Ito)


def loss_figure(events: Sequence[TrainEvent], vocab_size: int) -> Figure:
    """Training loss of every update, validation loss where it was measured, and the loss of guessing among all tokens."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (half a second, only at the end of a run)

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot(xlabel="update", ylabel="loss (nats per token)", title="What was learned")
    axes.plot(
        [event.step for event in events],
        [event.loss_nats for event in events],
        color=_TRAINING,
        lw=0.8,
        label="training",
    )
    checked = [(event.step, event.val_loss_nats) for event in events if event.val_loss_nats is not None]
    if checked:
        last = checked[-1][1]
        axes.plot(
            *zip(*checked, strict=True), color=_VALIDATION, marker="o", ms=4, label=f"validation (last {last:.3f})"
        )
    axes.axhline(math.log(vocab_size), color=_CHANCE, ls="--", lw=1, label=f"guessing among {vocab_size:,} tokens")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
