"""Sampling: from all logits to the next token under temperature and filters, and text written with them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import gradio as gr
import torch

from explorer.catalogue import catalogue
from explorer.services import RunKey, Services
from explorer.tab import QUICK, TabContext, TabSpec
from explorer.text import token_labels
from explorer.widgets.distribution import N_BARS, distribution_bars, next_token_distribution
from explorer.widgets.generated import CONTINUED, SETTLED, Chip, continuation, generated_text, stopped, underway
from explorer.widgets.notice import info, notice_line, refusal
from explorer.widgets.settings import checked_settings, sampling_panel
from gpt2core import Gpt2CoreError, generate
from gpt2core.errors import InvalidSetting
from gpt2core.sampling import SamplingSettings, falling_order, filtered_logits

log = logging.getLogger(__name__)
say = catalogue("sampling")

MAX_NEW_TOKENS, START_TOKENS = 500, 60
MAX_SECONDS = 120.0
SECONDS_BETWEEN_UPDATES = (
    0.1  # an update costs the page some 20 ms; more often, a quick model would leave it no time to answer
)


def build(ctx: TabContext) -> None:
    gr.Markdown(say("intro"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            panel = sampling_panel("sampling-settings")
        with gr.Column(scale=5, min_width=300):
            bars = distribution_bars("distribution", catalogue("distribution").sentences)

    def draw(run: RunKey, token: int) -> dict[str, Any]:
        return next_token_figure(ctx.services, run, token)

    ctx.draws(draw, bars, follow=["token"])
    _build_writing(ctx, panel)


def _build_writing(ctx: TabContext, panel: gr.HTML) -> None:
    gr.Markdown(say("write_heading"))
    with gr.Row(equal_height=True):
        n_tokens = gr.Number(START_TOKENS, step=1, label=say("n_tokens"), min_width=130)
        start = gr.Button(say("generate"), variant="primary", min_width=110)
        stop = gr.Button(say("stop"), variant="stop", min_width=90)
        go_on = gr.Button(say("continue_here"), min_width=150)
    told = notice_line("writing-status")
    text = generated_text("generated", catalogue("generated").sentences)

    def write(cursor: Any, n_tokens: Any, settings: Any) -> Iterator[Any]:
        try:
            run = ctx.services.run(cursor["run"] if isinstance(cursor, dict) else "")
            yield from written(ctx.services, run, n_tokens, settings)
        except Gpt2CoreError as error:
            yield gr.skip(), refusal(str(error))
        except Exception:
            log.exception("writing text failed")
            yield gr.skip(), refusal(catalogue("page")("broken"))

    writing = start.click(
        write,
        [ctx.cursor, n_tokens, panel],
        [text, told],
        concurrency_limit=2,
        concurrency_id="generate",
        show_progress="minimal",
        show_progress_on=told,
        api_visibility="private",
    )
    halted = stop.click(None, None, None, cancels=[writing], api_visibility="private")
    settled = halted.then(None, None, None, js=SETTLED, **QUICK)
    settled.then(None, [text, told], told, js=stopped(say.sentences["stopped"]), **QUICK)
    go_on.click(None, [text, ctx.sentence], ctx.sentence, js=CONTINUED, **QUICK)


def next_token_figure(services: Services, run: RunKey, token: int) -> dict[str, Any]:
    """What the bars show for position `token`, which predicts the one after it. Raises: NotFinite."""
    logits = services.traces.get(run, {"logits"})["logits"][token]  # [V]
    filtered_logits(logits, SamplingSettings(temperature=0))  # refuses what no softmax can be taken of
    tokenizer = services.models.tokenizer(run.model)
    likeliest = token_labels(falling_order(logits)[:N_BARS].tolist(), tokenizer)
    here = services.labels(run)
    n = len(here)
    which = "heading_only" if n == 1 else "heading_last" if token == n - 1 else "heading_inside"
    heading = say(which, token=here[token].text, position=token + 1, n=n)
    return next_token_distribution(logits, likeliest, here[token + 1] if token + 1 < n else None, heading)


def written(services: Services, run: RunKey, n_tokens: Any, chosen: Any) -> Iterator[Any]:
    """What (text, notice) show as the sentence is continued, token by token. chosen: what the panel holds, unchecked.

    Raises: InvalidSetting, NotFinite.
    """
    n = _whole(n_tokens, 1, MAX_NEW_TOKENS, "bad_n_tokens")
    settings, seed = checked_settings(chosen)
    tokenizer = services.models.tokenizer(run.model)
    started = last_shown = time.monotonic()
    chips: list[Chip] = []

    def shown(notice: dict[str, Any]) -> tuple[Any, Any]:
        data = tokenizer.decode_bytes([chip.label.token_id for chip in chips])
        return continuation(run.text, data.decode("utf-8", errors="ignore"), chips), notice

    def progress() -> tuple[Any, Any]:
        return shown(underway(info(say("writing", done=len(chips), n=n, seed=seed))))

    yield progress()
    for step in generate(services.models.get(run.model).model, run.token_ids, n, **asdict(settings), seed=seed):
        rank = _rank(step.logits, step.token_id)
        chips.append(Chip(token_labels([step.token_id], tokenizer)[0], step.probability, rank))
        now = time.monotonic()
        if now - started > MAX_SECONDS and len(chips) < n:
            yield shown(info(say("out_of_time", seconds=int(MAX_SECONDS), n=len(chips), asked=n)))
            return
        if now - last_shown >= SECONDS_BETWEEN_UPDATES:
            last_shown = now
            yield progress()
    yield shown(info(say("written", n=n, tokens=catalogue("page")("token" if n == 1 else "tokens"), seed=seed)))


def _rank(logits: torch.Tensor, token_id: int) -> int:
    """1 for the largest logit; among equals the lowest id comes first."""
    mine = logits[token_id]
    return int((logits > mine).sum() + (logits[:token_id] == mine).sum()) + 1


def _whole(value: Any, least: int, most: int, sentence: str) -> int:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and least <= value <= most and value == int(value)):
        raise InvalidSetting(say(sentence, value=say("missing") if value is None else repr(value), limit=most))
    return int(value)


TAB = TabSpec(say("title"), 40, build)
