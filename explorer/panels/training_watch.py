"""The page's sentence while a run goes on: the loss of each of its tokens, and the pattern of the head that the page's cursor stands on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import gradio as gr
import torch

from explorer.answers.live_runs import LiveRun
from explorer.answers.training_desk import TrainingDesk
from explorer.answers.watching import Watch, Watched, watched
from explorer.catalogue import catalogue
from explorer.page.wiring import TabContext
from explorer.store.services import MAX_CHARACTERS
from explorer.store.traces import RunKey
from explorer.widgets.frame import Frame, frame, frame_value
from explorer.widgets.matrix import Axis, matrix, matrix_value
from explorer.wording.refusals import refusal_in_words
from gpt2core import Gpt2CoreError, Pretrained

say = catalogue("training")
MOST = 1_000  # layers and heads: beyond every model's


@dataclass(frozen=True)
class WatchPanel:
    figure: Frame
    losses: gr.HTML
    pattern: gr.HTML
    ctx: TabContext

    def all(self) -> list[Any]:
        return [self.figure.bar, self.losses, self.pattern]

    def follow(self, desk: TrainingDesk, names: gr.Textbox) -> None:
        """Draw anew when the sentence or the cursor moves, as far as the last of these runs has come; names: as a link holds them."""

        def draw(run: RunKey, layer: int, head: int, names: Any) -> dict[Any, Any]:
            live = desk.last_of(str(names))
            if live is None:
                return {self.figure.bar: frame_value(say("watch_title"), say("watch_none"))}
            live.watch = Watch(run.text, layer, head)
            moments = self.ctx.services.models.moments(live.name)
            if not moments:
                return {self.figure.bar: gr.skip()}
            step, name = moments[-1]
            return self.updates(live, self.ctx.services.models.get(name), step)

        self.ctx.draws(draw, self.all(), follow=["layer", "head"], controls=[names])

    def updates(self, live: LiveRun, model: Pretrained, step: int) -> dict[Any, Any]:
        """What the figures are set to, of the run's model after `step` updates; nothing before the page's sentence is known."""
        if live.watch is None:
            return {}
        try:
            found = watched(model, live.watch)
        except Gpt2CoreError as error:
            return {self.figure.bar: frame_value(say("watch_title"), refusal_in_words(error))}
        if found is None:
            return {self.figure.bar: frame_value(say("watch_title"), say("watch_short"))}
        return {
            self.figure.bar: frame_value(say("watch_title"), told(found, step)),
            self.losses: losses_value(found, live.progress.chance_nats),
            self.pattern: pattern_value(found),
        }


def watch_from(sentence: Any, cursor: Any) -> Watch:
    """What the page's sentence and cursor say, whatever the browser sends for them."""
    places = [cursor.get(part) if isinstance(cursor, dict) else 0 for part in ("layer", "head")]
    layer, head = (place if isinstance(place, int) and 0 <= place < MOST else 0 for place in places)
    return Watch(sentence[:MAX_CHARACTERS] if isinstance(sentence, str) else "", layer, head)


def build(ctx: TabContext) -> WatchPanel:
    with frame("watch-frame", name="watch") as figure, gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=340):
            losses = matrix("watch-losses")
        with gr.Column(scale=2, min_width=340):
            pattern = matrix("watch-pattern")
    figure.bar.value = frame_value(say("watch_title"), say("watch_none"))
    return WatchPanel(figure, losses, pattern, ctx)


def told(found: Watched, step: int) -> str:
    mean = say("watch_summary", step=step, n=len(found.losses), loss=float(found.losses.mean()))
    return f"{mean} {say('watch_left_out', n=found.left_out)}" if found.left_out else mean


def losses_value(found: Watched, chance_nats: float) -> dict[str, Any]:
    """The scale ends at guessing, and what is worse than that has its colour too."""
    return matrix_value(
        torch.cat([torch.tensor([math.nan]), found.losses])[None],
        rows=Axis("", [say("watch_loss")]),
        columns=Axis("", found.labels),
        reading=say("watch_loss_reading"),
        label=say("watch_losses"),
        title=say("watch_losses"),
        limits=(0.0, max(chance_nats, float(found.losses.max()))),
        number="plain",
        shape="strips",
        texts=["", *(guess.text for guess in found.guesses)],
        nothing=say("watch_first"),
        no_origin=say("watch_no_origin"),
        picked=None,
    )


def pattern_value(found: Watched) -> dict[str, Any]:
    title = say("watch_pattern", layer=found.layer, head=found.head)
    return matrix_value(
        found.pattern,
        rows=Axis(say("watch_query"), found.labels),
        columns=Axis(say("watch_key"), found.labels),
        reading=say("watch_pattern_reading"),
        label=title,
        title=title,
        blank="future",
        no_origin=say("watch_no_origin"),
        picked=None,
    )
