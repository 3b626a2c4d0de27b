"""Sampling: from all logits to the token drawn, stage by stage, redrawn in the browser as the settings move."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.store.services import RunKey, Services
from explorer.widgets.distribution import distribution_figure, next_token_distribution
from explorer.widgets.settings import sampling_panel
from explorer.widgets.vocabulary import all_labels, vocabulary
from gpt2core.sampling import SamplingSettings, filtered_logits

say = catalogue("sampling")


def build(ctx: TabContext) -> None:
    gr.Markdown(say("intro"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            sampling_panel("sampling-settings")
        with gr.Column(scale=5, min_width=300):
            figure = distribution_figure("distribution", catalogue("distribution").sentences)
    names, named = vocabulary(), gr.State("")  # the model whose tokens the browser can name

    def draw(run: RunKey, token: int) -> dict[str, Any]:
        return next_token_figure(ctx.services, run, token)

    def name(run: RunKey, named: str) -> Any:
        if run.model == named:
            return gr.skip(), gr.skip()
        models = ctx.services.models
        return all_labels(models.tokenizer(run.model), models.get(run.model).model.config.vocab_size), run.model

    ctx.draws(draw, figure, follow=["token"])
    ctx.draws(name, [names, named], controls=[named])


def next_token_figure(services: Services, run: RunKey, token: int) -> dict[str, Any]:
    """What the bars show for position `token`, which predicts the one after it. Raises: NotFinite."""
    logits = services.traces.get(run, {"logits"})["logits"][token]  # [V]
    filtered_logits(logits, SamplingSettings(temperature=0))  # refuses what no softmax can be taken of
    here = services.labels(run)
    n = len(here)
    which = "heading_only" if n == 1 else "heading_last" if token == n - 1 else "heading_inside"
    heading = say(which, token=here[token].text, position=token + 1, n=n)
    came_next = run.token_ids[token + 1] if token + 1 < n else None
    return next_token_distribution(logits, run.token_ids[: token + 1], came_next, heading)


TAB = TabSpec(say("title"), 40, build)
