"""Sampling: from all logits to the token drawn, stage by stage, redrawn in the browser as the settings move."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.intro import intro
from explorer.page.links import flag
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.store.services import RunKey, Services
from explorer.widgets.distribution import distribution_figure, next_token_distribution
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.settings import sampling_panel
from explorer.widgets.vocabulary import all_labels, vocabulary
from gpt2core.sampling import SamplingSettings, filtered_logits

say = catalogue("sampling")


def build(ctx: TabContext) -> None:
    intro(say)
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            sampling_panel("sampling-settings")
        with gr.Column(scale=5, min_width=300), frame("sampling-frame", name="next_token") as framed:
            figure = distribution_figure("distribution", catalogue("distribution").sentences)
    names, named_state = vocabulary(), gr.State("")  # the model whose tokens the browser can name

    def draw(run: RunKey, token: int) -> dict[Any, Any]:
        shown = next_token_figure(ctx.services, run, token)
        return {figure: shown, framed.bar: frame_value(shown["heading"], say("summary"))}

    def name(run: RunKey, named: str) -> dict[Any, Any]:
        if run.model == named:
            return {named_state: named}
        models = ctx.services.models
        labels = all_labels(models.tokenizer(run.model), models.get(run.model).model.config.vocab_size)
        return {names: labels, named_state: run.model}

    ctx.draws(draw, [figure, framed.bar], follow=["token"])
    ctx.linked(None, "sampling_zoom", flag, False)
    ctx.draws(name, [names, named_state], controls=[named_state])


def next_token_figure(services: Services, run: RunKey, token: int) -> dict[str, Any]:
    """What the bars show for position `token`, which predicts the one after it. Raises: NotFinite."""
    logits = services.traces.get(run, {"logits"})["logits"][token]  # [V]
    filtered_logits(logits, SamplingSettings(temperature=0))  # refuses what no softmax can be taken of
    here = services.labels(run)
    n = len(here)
    which = "heading_only" if n == 1 else "heading_last" if token == n - 1 else "shared_after_token"
    heading = say(which, token=here[token].text, position=token + 1, n=n)
    came_next = run.token_ids[token + 1] if token + 1 < n else None
    return next_token_distribution(logits, run.token_ids[: token + 1], came_next, heading)


TAB = TabSpec(say("title"), 40, build)
