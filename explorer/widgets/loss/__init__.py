"""A loss curve that grows: training loss as a line, loss on held-back text as dots, guessing as a dashed line."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import gradio as gr
import torch

from explorer.catalogue import catalogue
from explorer.widgets.widget import packed, widget

Point = tuple[int, float]
MOST_POINTS = 400  # about one a pixel of a narrow plot, two a pixel never


def loss_plot(elem_id: str, value: dict[str, Any]) -> gr.HTML:
    """A plot; set it to `loss_curve(...)`."""
    say = catalogue("training")
    legend = "".join(
        f'<li><i class="loss-key loss-key-{name}"></i>{html.escape(say(f"legend_{name}"))}</li>'
        for name in ("train", "held_out", "chance")
    )
    skeleton = f"""<figure class="loss">
      <progress class="loss-progress" max="1" aria-label="{html.escape(say("progress"))}"></progress>
      <canvas class="loss-canvas main-figure"></canvas>
      <ul class="loss-facts"></ul>
      <p class="loss-origin"></p>
      <figcaption><ul class="loss-legend">{legend}</ul><p class="loss-read"></p></figcaption>
    </figure>"""
    return widget(Path(__file__).parent, skeleton, elem_id=elem_id, value=value)


def loss_curve(
    train: Sequence[Point],
    held_out: Sequence[Point],
    *,
    steps: int,
    step: int,
    chance_nats: float,
    facts: Sequence[str],
    summary: str,
    origin: str = "",
) -> dict[str, Any]:
    """What the plot shows. steps: where the axis ends; facts: shown above it; summary: what it says, in a sentence, for those
    who cannot see it; origin: where the numbers come from, if not from this person's run. Losses in nats per token."""
    say = catalogue("training")
    words = {key: say(f"plot_{key}") for key in ("x", "y", "chance", "read", "read_held_out")}
    series = {
        name: packed(torch.tensor(downsampled(points, MOST_POINTS), dtype=torch.float32).flatten())
        for name, points in (("train", train), ("held_out", held_out))
    }
    return {
        **series,
        "steps": steps,
        "step": step,
        "chance": chance_nats,
        "facts": list(facts),
        "summary": summary,
        "origin": origin,
        "words": words,
        "columns": say("plot_columns").split(", "),
    }


def downsampled(points: Sequence[Point], most: int) -> list[Point]:
    """At most `most` (4 or more) points: the first, the last, and the lowest and highest of every stretch between them."""
    if len(points) <= most:
        return list(points)
    inner, n_stretches = points[1:-1], (most - 2) // 2
    edges = [len(inner) * number // n_stretches for number in range(n_stretches + 1)]
    kept = [points[0]]
    for start, end in pairwise(edges):
        stretch = inner[start:end]
        ends = {min(stretch, key=_height), max(stretch, key=_height)}
        kept.extend(sorted(ends))
    return [*kept, points[-1]]


def _height(point: Point) -> float:
    return point[1]
