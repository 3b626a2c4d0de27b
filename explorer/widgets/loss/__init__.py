"""The curve of a training run that grows: what it trains on as a line, held-back text as dots, guessing as a dashed line; earlier
runs paler beside it. What is drawn against what is chosen in the browser."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr
import torch

from explorer.catalogue import catalogue
from explorer.widgets.widget import packed, widget

Check = tuple[int, float]  # step, nats per token
Update = tuple[int, float, float, float, float]  # step, nats per token, learning rate, gradient norm, seconds
P = TypeVar("P", Check, Update)
MOST_POINTS = 400  # about one a pixel of a narrow plot, two a pixel never
BY = ("step", "tokens", "time")
OF = ("loss", "perplexity", "rate", "norm")
WORDS = (
    "read",
    "read_held_out",
    "read_more",
    "read_other",
    "best",
    "of_loss",
    "of_perplexity",
    "of_rate",
    "of_norm",
    "by_step",
    "by_tokens",
    "by_time",
)
USUAL = {"by": BY[0], "of": OF[0], "log": False, "smooth": 0.0}


@dataclass(frozen=True)
class Curve:
    """One run. label: its name at the end of its line. tokens: how many an update reads. Losses in nats per token."""

    label: str
    train: Sequence[Update]
    held_out: Sequence[Check]
    tokens: int


def loss_plot(elem_id: str, value: dict[str, Any]) -> gr.HTML:
    """A plot; set it to `loss_curve(...)`. In links: loss_by, loss_of, loss_log and loss_smooth, of BY, OF, a flag and 0 to 0.98."""
    say = catalogue("training")
    legend = "".join(
        f'<li><i class="loss-key loss-key-{name}"></i>{html.escape(say(f"legend_{name}"))}</li>'
        for name in ("train", "held_out", "chance")
    )
    menus = {
        "of": [(name, say(f"plot_of_{name}")) for name in OF],
        "by": [(name, say(f"plot_by_{name}")) for name in BY],
    }
    skeleton = f"""<figure class="loss">
      <progress class="loss-progress" max="1" aria-label="{html.escape(say("progress"))}"></progress>
      <canvas class="loss-canvas main-figure"></canvas>
      <p class="loss-read"></p>
      <ul class="loss-facts"></ul>
      <p class="loss-origin"></p>
      <figcaption><ul class="loss-legend">{legend}</ul></figcaption>
      <div class="loss-controls">
        <label>{html.escape(say("plot_of"))} <select class="loss-of">{_options(menus["of"])}</select></label>
        <label>{html.escape(say("plot_by"))} <select class="loss-by">{_options(menus["by"])}</select></label>
        <label><input type="checkbox" class="loss-log"> {html.escape(say("plot_log"))}</label>
        <label>{html.escape(say("plot_smooth"))} <input type="range" class="loss-smooth" min="0" max="0.98" step="0.02" value="0"></label>
      </div>
    </figure>"""
    words = {key: say(f"plot_{key}") for key in WORDS}
    columns = say("plot_columns").split(", ")
    return widget(
        Path(__file__).parent,
        skeleton,
        {"words": words, "columns": columns, "usual": USUAL},
        elem_id=elem_id,
        value=value,
    )


def _options(choices: Sequence[tuple[str, str]]) -> str:
    return "".join(f'<option value="{name}">{html.escape(label)}</option>' for name, label in choices)


def loss_curve(
    curves: Sequence[Curve],
    *,
    steps: int,
    planned: int,
    step: int,
    chance_nats: float,
    n_tokens: int,
    best: int | None,
    facts: Sequence[str],
    summary: str,
    origin: str = "",
) -> dict[str, Any]:
    """What the plot shows. curves: the run it tells of, then earlier ones. steps: where the axis ends; planned: of that run; step: where it is; best:
    after which update the held-back loss was lowest; facts: shown below it; summary: what it says, in a sentence, for those who cannot
    see it; origin: where the numbers come from, if not from this person's run. chance_nats: of guessing among n_tokens."""
    say = catalogue("training")
    return {
        "curves": [
            {
                "label": curve.label,
                "train": _packed(downsampled(curve.train, MOST_POINTS)),
                "held_out": _packed(downsampled(curve.held_out, MOST_POINTS)),
                "tokens": curve.tokens,
            }
            for curve in curves
        ],
        "steps": steps,
        "planned": planned,
        "step": step,
        "best": best,
        "chance": chance_nats,
        "chanceWords": say("plot_chance", n=n_tokens, loss=chance_nats),
        "facts": list(facts),
        "summary": summary,
        "origin": origin,
    }


def _packed(points: Sequence[Sequence[float]]) -> str:
    return packed(torch.tensor(points, dtype=torch.float32).flatten())


def downsampled(points: Sequence[P], most: int) -> list[P]:
    """At most `most` (4 or more) points: the first, the last, and the lowest and highest of every stretch between them."""
    if len(points) <= most:
        return list(points)
    inner, n_stretches = points[1:-1], (most - 2) // 2
    edges = [len(inner) * number // n_stretches for number in range(n_stretches + 1)]
    kept: list[P] = []
    kept.append(points[0])
    for start, end in pairwise(edges):
        stretch = inner[start:end]
        ends = {min(stretch, key=_height), max(stretch, key=_height)}
        kept.extend(sorted(ends))
    kept.append(points[-1])
    return kept


def _height(point: Sequence[float]) -> float:
    return point[1]
