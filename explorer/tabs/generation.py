"""Generation: text written token by token, and what keeping keys and values saves."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import gradio as gr
import pandas as pd
import plotly.graph_objects as go

from explorer.answers.settings import checked_settings
from explorer.catalogue import catalogue
from explorer.figures.decoding import decoding_lines
from explorer.page.events import QUICK
from explorer.page.guard import in_words
from explorer.page.intro import intro
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.store.services import RunKey, Services
from explorer.widgets.frame import frame, frame_value, table_value
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.settings import sampling_panel
from explorer.widgets.story import CONTINUED, line, piece, prompt, story, story_prompt
from explorer.wording.numbers import is_whole
from explorer.wording.text import token_labels
from gpt2core import SamplingSettings, generate
from gpt2core.decoding import DecodingTime, decoding_times
from gpt2core.errors import InvalidSetting
from gpt2core.generation import alternatives
from gpt2core.tokenizer import END_OF_TEXT

say = catalogue("generation")

MOST_TOKENS, START_TOKENS, MOST_BRANCHES = 500, 60, 20
N_ALTERNATIVES, N_GRAM = 7, 3
MAX_SECONDS = 120.0
SECONDS_BETWEEN_UPDATES = 0.2  # an update costs the page some 20 ms; a quick model would leave it no time to answer
TIMED_STEPS, MAX_TIMING_SECONDS = 64, 60.0


def build(ctx: TabContext) -> None:
    intro(say)
    limits = {
        "most_tokens": MOST_TOKENS,
        "most_branches": MOST_BRANCHES,
        "start_tokens": START_TOKENS,
        "n_gram": N_GRAM,
    }
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300, elem_classes="last-on-a-phone"):
            sampling_panel("generation-settings")
        with gr.Column(scale=5, min_width=320):
            sentence = story_prompt("story-prompt")
            text = story("story", catalogue("story").sentences, **limits)

    def tell(run: RunKey) -> dict[str, Any]:
        return prompted(ctx.services, run)

    def write(state: Any, value: Any) -> Iterator[dict[str, Any]]:
        request = value.get("request") if isinstance(value, dict) else None
        job = request.get("job") if isinstance(request, dict) else None
        try:
            run = ctx.services.run(state["run"] if isinstance(state, dict) else "")
            yield from written(ctx.services, run, request)
        except Exception as error:
            yield piece(job, "refused", said=in_words(error))

    ctx.draws(tell, sentence)
    writing = text.write(
        write,
        [ctx.page.cursor, text],
        text,
        trigger_mode="multiple",  # the widget asks for one thing at a time, and may ask again before a halt has come through
        concurrency_limit=2,
        concurrency_id="generate",
        show_progress="hidden",
        api_visibility="private",
    )
    text.halt(None, None, None, cancels=[writing], api_visibility="private")
    text.carry(None, [text, ctx.sentence], ctx.sentence, js=CONTINUED, **QUICK)
    _build_timing(ctx)


def prompted(services: Services, run: RunKey) -> dict[str, Any]:
    """What the widget shows of a sentence before anything is written."""
    end_of_text = services.models.tokenizer(run.model).special.get(END_OF_TEXT)
    return prompt(run, services.models.get(run.model).model.config.context_length, end_of_text)


@dataclass(frozen=True)
class Asked:
    """n tokens after `path`, those written so far; stop: not beyond end-of-text; job: whatever the answer is to be known by."""

    job: Any
    path: tuple[int, ...]
    n: int
    stop: bool
    settings: SamplingSettings
    seed: int


def asked(request: Any, run: RunKey) -> Asked:
    """What the widget asks for, checked but for the ids.

    Raises: InvalidSetting, also where it continues another sentence than `run`, the one on screen by now.
    """
    if not isinstance(request, dict):
        raise InvalidSetting(say("bad_request"))
    if request.get("run") != run.to_json():
        raise InvalidSetting(say("other_sentence"))
    path = request.get("path")
    if not (isinstance(path, list) and len(path) <= MOST_TOKENS and all(type(token_id) is int for token_id in path)):
        raise InvalidSetting(say("bad_request"))
    n = request.get("n")
    if not is_whole(n, 1, MOST_TOKENS):
        raise InvalidSetting(say("bad_n", value=say("nothing") if n is None else repr(n), limit=MOST_TOKENS))
    if len(path) + n > MOST_TOKENS:
        raise InvalidSetting(say("too_long", n=len(path) + int(n), limit=MOST_TOKENS))
    settings, seed = checked_settings(request.get("settings"))
    return Asked(request.get("job"), tuple(path), int(n), bool(request.get("stop")), settings, seed)


def written(services: Services, run: RunKey, request: Any) -> Iterator[dict[str, Any]]:
    """What the widget shows as the text grows. What comes after a path is what `generate` writes after it, whenever it is asked.

    Raises: InvalidSetting, TokenOutOfRange, NotFinite.
    """
    wanted = asked(request, run)
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    end_of_text = tokenizer.special.get(END_OF_TEXT)
    stop_ids = [end_of_text] if wanted.stop and end_of_text is not None else []
    settings = asdict(wanted.settings)
    drawn_with = json.dumps([*settings.values(), wanted.seed])
    started = last_shown = time.monotonic()
    lines = ""

    def shown(state: str, said: str = "") -> dict[str, Any]:
        seconds = time.monotonic() - started
        return piece(wanted.job, state, lines=lines, settings=drawn_with, said=said, seconds=seconds)

    steps = generate(
        model,
        [*run.token_ids, *wanted.path],
        wanted.n,
        **settings,
        seed=wanted.seed,
        stop_ids=stop_ids,
        edits=run.pass_edits,
    )
    for n_written, step in enumerate(steps, 1):
        found = alternatives(step, N_ALTERNATIVES)
        labels = token_labels([one.token_id for one in found], tokenizer)
        lines += line(step.token_id, zip(found, labels, strict=True))
        now = time.monotonic()
        if now - started > MAX_SECONDS and n_written < wanted.n:
            yield shown("late", say("out_of_time", seconds=int(MAX_SECONDS), n=n_written, asked=wanted.n))
            return
        if now - last_shown >= SECONDS_BETWEEN_UPDATES and n_written < wanted.n:
            last_shown = now
            yield shown("writing")
    yield shown("ended" if step.token_id in stop_ids else "done")


def _build_timing(ctx: TabContext) -> None:
    gr.Markdown(say("timing"))
    with gr.Row(equal_height=False):
        measure = gr.Button(say("measure"), scale=0, min_width=130)
        stop = gr.Button(catalogue("page")("stop"), scale=0, min_width=90, interactive=False)
    told = notice_line("timing-status")
    with gr.Column(visible=False) as results, frame("timing-frame", name="timing") as figure:
        plot = gr.Plot(show_label=False, elem_id="timing-plot", elem_classes="plot-two-lines")

    def run_timing(run: RunKey, _: int) -> Iterator[dict[Any, Any]]:
        for drawn, rows, notice in timed(ctx.services, run):
            updates = {told: notice, results: gr.Column(visible=True)}
            if drawn is not None:
                updates |= {
                    plot: drawn,
                    figure.bar: frame_value(say("timing_title"), ""),
                    figure.table: table_value(rows),
                }
            yield updates

    ctx.streams(
        run_timing,
        [plot, figure.bar, figure.table, results],
        told=told,
        starts=[measure.click],
        marks=[plot],
        stop=stop,
        stopped=say("timing_stopped"),
        concurrency_id="timing",
        concurrency_limit=1,
    )


def timed(services: Services, run: RunKey) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    """(figure, table, notice) as the measurement goes on: the sentence is read, then TIMED_STEPS further tokens.

    A sentence that leaves the model too few positions loses its beginning, which is said.
    """
    model = services.models.get(run.model).model
    limit = model.config.context_length
    n_steps = min(TIMED_STEPS, limit // 2)
    token_ids = run.token_ids[-(limit - n_steps) :]
    cut = say("cut", n=len(token_ids), all=len(run.token_ids)) if len(token_ids) < len(run.token_ids) else ""
    started = last_shown = time.monotonic()
    job = new_job()
    times: list[DecodingTime] = []
    yield None, None, underway(say("measuring", n=0, of=n_steps), job)
    for time_taken in decoding_times(model, token_ids, n_steps, edits=run.pass_edits):
        times.append(time_taken)
        now = time.monotonic()
        if now - started > MAX_TIMING_SECONDS:
            break
        if now - last_shown > 0.5 and len(times) > 1:
            last_shown = now
            yield None, None, underway(say("measuring", n=len(times) - 1, of=n_steps), job)
    told = timing_sentence(times)
    yield timing_figure(times[1:]), timing_table(times), info(" ".join(filter(None, (told, cut))))


def timing_figure(times: list[DecodingTime]) -> go.Figure:
    return decoding_lines(
        [one.n_tokens for one in times],
        [1e3 * one.cached_seconds for one in times],
        [1e3 * one.recomputed_seconds for one in times],
    )


def timing_sentence(times: list[DecodingTime]) -> str:
    """The measurement in words: medians over the tokens that were timed."""
    first, *rest = times
    read_ms = 1e3 * first.cached_seconds
    prefill = say("prefill", n=first.n_tokens, ms=read_ms, each=read_ms / first.n_tokens)
    if not rest:
        return prefill
    cached = 1e3 * statistics.median(one.cached_seconds for one in rest)
    recomputed = 1e3 * statistics.median(one.recomputed_seconds for one in rest)
    difference = max(float((one.cached_logits - one.recomputed_logits).abs().max()) for one in times)
    decode = say("decode", n=len(rest), cached=cached, recomputed=recomputed, times=recomputed / cached)
    return " ".join((prefill, decode, say("same_logits", difference=difference), say("why")))


def timing_table(times: list[DecodingTime]) -> pd.DataFrame:
    rows = [
        (one.n_tokens, one.n_read, round(1e3 * one.cached_seconds, 3), round(1e3 * one.recomputed_seconds, 3))
        for one in times
    ]
    return pd.DataFrame(
        rows, columns=[say("column_tokens"), say("column_read"), say("with_cache"), say("without_cache")]
    )


TAB = TabSpec(say("title"), 60, build)
