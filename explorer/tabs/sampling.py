"""Sampling: from all logits to the next token under temperature and filters, and text written with them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
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
from explorer.widgets.settings import SETTINGS, chosen, sampling_settings, slid, typed
from gpt2core import Gpt2CoreError, generate
from gpt2core.errors import InvalidSetting
from gpt2core.sampling import SamplingSettings, falling_order, filtered_logits

log = logging.getLogger(__name__)
say = catalogue("sampling")

SLIDERS = {"temperature": (2.0, 0.01), "top_k": (200, 1), "top_p": (1.0, 0.01), "min_p": (1.0, 0.01)}  # maximum, step
PRESETS = {
    "precise": SamplingSettings(0.3, 10),
    "balanced": SamplingSettings(0.7, 50),
    "creative": SamplingSettings(1.0, 100),
    "experimental": SamplingSettings(1.2),
    "greedy": SamplingSettings(0.0),
}
MAX_NEW_TOKENS, START_TOKENS = 500, 60
MAX_SEED, START_SEED = 2**32 - 1, 42
MAX_SECONDS = 120.0
SECONDS_BETWEEN_UPDATES = (
    0.1  # an update costs the page some 20 ms; more often, a quick model would leave it no time to answer
)
_NEW_SEED = "() => crypto.getRandomValues(new Uint32Array(1))[0]"  # 0 to MAX_SEED


def build(ctx: TabContext) -> None:
    gr.Markdown(say("intro"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            gr.Markdown(say("presets"))
            with gr.Row():
                presets = [gr.Button(_preset_label(name), size="sm", min_width=150) for name in PRESETS]
            sliders, numbers = zip(*(_control(name) for name in SETTINGS), strict=True)
        with gr.Column(scale=3, min_width=300):
            bars = distribution_bars("distribution", catalogue("distribution").sentences)
    _wire_settings(sampling_settings(), sliders, numbers, presets)

    def draw(run: RunKey, token: int) -> dict[str, Any]:
        return next_token_figure(ctx.services, run, token)

    ctx.draws(draw, bars, follow=["token"])
    _build_writing(ctx, numbers)


def _preset_label(name: str) -> str:
    preset = PRESETS[name]
    shape = "preset_greedy" if not preset.temperature else "preset" if preset.top_k else "preset_off"
    return say(shape, name=say(name), temperature=preset.temperature, top_k=preset.top_k)


def _control(name: str) -> tuple[gr.Slider, gr.Number]:
    """A slider for the usual range and a box for any number; the box is what counts."""
    start = getattr(SamplingSettings(), name)
    maximum, step = SLIDERS[name]
    with gr.Row(equal_height=True):
        slider = gr.Slider(
            0, maximum, start, step=step, label=say(f"{name}_label"), info=say(f"{name}_info"), buttons=[],
            elem_classes="no-number", scale=4, min_width=200,
        )  # fmt: skip
        number = gr.Number(start, step=step, label=say(f"number_{name}"), scale=1, min_width=80)
    return slider, number


def _wire_settings(
    settings: gr.HTML, sliders: tuple[Any, ...], numbers: tuple[Any, ...], presets: list[gr.Button]
) -> None:
    """In the browser alone: nothing here asks the server."""
    for name, slider, number in zip(SETTINGS, sliders, numbers, strict=True):
        moves: dict[str, Any] = {"fn": None, "trigger_mode": "always_last", **QUICK}
        slider.input(inputs=[slider, *numbers], outputs=[settings, number], js=slid(name), **moves)
        number.input(inputs=[*numbers], outputs=[settings, slider], js=typed(name, SLIDERS[name][0]), **moves)
    for button, preset in zip(presets, PRESETS.values(), strict=True):
        button.click(None, None, [settings, *sliders, *numbers], js=chosen(preset), **QUICK)


def _build_writing(ctx: TabContext, numbers: tuple[Any, ...]) -> None:
    gr.Markdown(say("write_heading"))
    with gr.Row(equal_height=True):
        n_tokens = gr.Number(START_TOKENS, step=1, label=say("n_tokens"), min_width=130)
        seed = gr.Number(START_SEED, step=1, label=say("seed"), min_width=130)
        new_seed = gr.Button(say("new_seed"), min_width=110)
        start = gr.Button(say("generate"), variant="primary", min_width=110)
        stop = gr.Button(say("stop"), variant="stop", min_width=90)
        go_on = gr.Button(say("continue_here"), min_width=150)
    told = notice_line("writing-status")
    text = generated_text("generated", catalogue("generated").sentences)

    def write(cursor: Any, n_tokens: Any, seed: Any, *values: Any) -> Iterator[Any]:
        try:
            run = ctx.services.run(cursor["run"] if isinstance(cursor, dict) else "")
            yield from written(ctx.services, run, n_tokens, seed, values)
        except Gpt2CoreError as error:
            yield gr.skip(), refusal(str(error))
        except Exception:
            log.exception("writing text failed")
            yield gr.skip(), refusal(catalogue("page")("broken"))

    writing = start.click(
        write,
        [ctx.cursor, n_tokens, seed, *numbers],
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
    new_seed.click(None, None, seed, js=_NEW_SEED, **QUICK)
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


def written(services: Services, run: RunKey, n_tokens: Any, seed: Any, values: tuple[Any, ...]) -> Iterator[Any]:
    """What (text, notice) show as the sentence is continued, token by token. values: as named in SETTINGS, unchecked.

    Raises: InvalidSetting, NotFinite.
    """
    n = _whole(n_tokens, 1, MAX_NEW_TOKENS, "bad_n_tokens")
    seed = _whole(seed, 0, MAX_SEED, "bad_seed")
    settings = dict(zip(SETTINGS, values, strict=True))
    SamplingSettings(**settings)
    tokenizer = services.models.tokenizer(run.model)
    started = last_shown = time.monotonic()
    chips: list[Chip] = []

    def shown(notice: dict[str, Any]) -> tuple[Any, Any]:
        data = tokenizer.decode_bytes([chip.label.token_id for chip in chips])
        return continuation(run.text, data.decode("utf-8", errors="ignore"), chips), notice

    def progress() -> tuple[Any, Any]:
        return shown(underway(info(say("writing", done=len(chips), n=n, seed=seed))))

    yield progress()
    for step in generate(services.models.get(run.model).model, run.token_ids, n, **settings, seed=seed):
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
