"""Compare: two models on the same sentence and the same luck, and one model under several seeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from explorer.answers.compared import comparison, two_runs
from explorer.answers.streams import Stream, growing
from explorer.catalogue import catalogue
from explorer.page.download_panel import download_panel, wanted
from explorer.page.links import any_text, number_between
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.store.models import UNTRAINED
from explorer.store.services import RunKey, Services
from explorer.widgets.columns import Column, grown, text_columns
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.pairs import paired_bars
from explorer.widgets.settings import MAX_SEED, checked_settings, sampling_panel
from explorer.wording.numbers import is_whole
from gpt2core.comparison import parting, spread
from gpt2core.errors import InvalidSetting

say = catalogue("compare")

MAX_NEW_TOKENS, START_TOKENS = 120, 40
LEAST_SAMPLES, MOST_SAMPLES, START_SAMPLES = 2, 6, 3
MAX_SECONDS = 120.0
SECONDS_BETWEEN_UPDATES = 0.15  # six columns cost the page about 30 ms
Update = tuple[Any, dict[str, Any]]  # the columns, and what is said above them


def build(ctx: TabContext) -> None:
    gr.Markdown(say("intro"))
    with gr.Row():
        a = _menu(ctx, "a", [(say("on_screen"), "")], "")
        b = _menu(ctx, "b", [], UNTRAINED)
    download = download_panel(ctx.services, "compare-download")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300, elem_classes="last-on-a-phone"):
            panel = sampling_panel("compare-settings")
        with gr.Column(scale=3, min_width=300):
            figure = paired_bars("compare-pairs")

    def draw(run: RunKey, token: int, a: Any, b: Any, chosen: Any) -> Any:
        return comparison(ctx.services, run, token, (a, b), *checked_settings(chosen))

    def offer(_: RunKey, a: Any, b: Any) -> Any:
        return wanted(ctx.services, a, b)

    ctx.draws(draw, figure, follow=["token"], controls=[a, b, panel], again=[figure.select, download.ended.then])
    ctx.draws(offer, download.row, controls=[a, b], again=[download.ended.then])
    ctx.linked(a, "compare_a", any_text)
    ctx.linked(b, "compare_b", any_text)
    _build_writing(ctx, panel, a, b)
    _build_samples(ctx, panel, a)


def _menu(ctx: TabContext, letter: str, first: list[tuple[str, str]], value: str) -> gr.Dropdown:
    return ctx.model_menu(
        first,
        value,
        label=say(f"menu_{letter}"),
        elem_id=f"compare-{letter}",
        elem_classes="label-beside",
        min_width=300,
        allow_custom_value=True,
    )


def _build_writing(ctx: TabContext, panel: gr.HTML, a: gr.Dropdown, b: gr.Dropdown) -> None:
    gr.Markdown(say("write_heading"))
    with gr.Row(equal_height=True):
        n_tokens = gr.Number(START_TOKENS, step=1, label=say("n_tokens"), min_width=130, elem_id="compare-n-tokens")
        start = gr.Button(say("write"), variant="primary", scale=0, min_width=110, elem_id="compare-write")
        stop = gr.Button(say("stop"), variant="stop", scale=0, min_width=90, elem_id="compare-stop")
    told = notice_line("compare-writing")
    columns = text_columns("compare-texts", catalogue("columns").sentences)

    def write(run: RunKey, _: int, a: Any, b: Any, n_tokens: Any, chosen: Any) -> Iterator[dict[Any, Any]]:
        for update in written(ctx.services, run, (a, b), n_tokens, chosen):
            yield dict(zip((columns, told), update, strict=True))

    _wire(ctx, start, stop, write, [a, b, n_tokens, panel], columns, told)
    ctx.linked(n_tokens, "compare_tokens", number_between(1, MAX_NEW_TOKENS, whole=True))


def _build_samples(ctx: TabContext, panel: gr.HTML, a: gr.Dropdown) -> None:
    gr.Markdown(say("samples_heading"))
    with gr.Row(equal_height=True):
        n_samples = gr.Slider(
            LEAST_SAMPLES, MOST_SAMPLES, START_SAMPLES, step=1, label=say("n_samples"), elem_id="samples-n", buttons=[]
        )
        n_tokens = gr.Number(START_TOKENS, step=1, label=say("n_tokens"), min_width=130, elem_id="samples-n-tokens")
        start = gr.Button(say("write_samples"), variant="primary", scale=0, min_width=110, elem_id="samples-write")
        stop = gr.Button(say("stop"), variant="stop", scale=0, min_width=90, elem_id="samples-stop")
    told = notice_line("samples-writing")
    columns = text_columns("samples-texts", catalogue("columns").sentences)

    def write(run: RunKey, _: int, a: Any, n_samples: Any, n_tokens: Any, chosen: Any) -> Iterator[dict[Any, Any]]:
        for update in sampled(ctx.services, run, a, n_samples, n_tokens, chosen):
            yield dict(zip((columns, told), update, strict=True))

    _wire(ctx, start, stop, write, [a, n_samples, n_tokens, panel], columns, told)
    ctx.linked(n_samples, "samples", number_between(LEAST_SAMPLES, MOST_SAMPLES, whole=True))
    ctx.linked(n_tokens, "samples_tokens", number_between(1, MAX_NEW_TOKENS, whole=True))


def _wire(
    ctx: TabContext,
    start: gr.Button,
    stop: gr.Button,
    write: Callable[..., Any],
    controls: list[Any],
    columns: gr.HTML,
    told: gr.HTML,
) -> None:
    ctx.streams(
        write,
        [columns],
        told=told,
        starts=[start.click],
        controls=controls,
        marks=[columns],
        stop=stop,
        stopped=say.sentences["stopped"],
        concurrency_id="generate",
    )


def written(services: Services, run: RunKey, names: tuple[Any, Any], n_tokens: Any, chosen: Any) -> Iterator[Update]:
    """The sentence continued by two models with the same settings and seed. Raises: Gpt2CoreError."""
    n = _whole(n_tokens, 1, MAX_NEW_TOKENS, "bad_n_tokens")
    settings, seed = checked_settings(chosen)
    runs = two_runs(services, run, names)
    streams = [Stream(services, one, settings, seed, n) for one in runs]
    titles = [
        say("column", letter=letter, title=services.models.title(one.model))
        for letter, one in zip("AB", runs, strict=True)
    ]
    lengths = [len(one.token_ids) for one in runs]
    luck = say("same_luck", seed=seed) if lengths[0] == lengths[1] else say("other_places", a=lengths[0], b=lengths[1])
    if settings.temperature == 0:
        luck = say("no_luck")

    def columns() -> Any:
        apart = parting(streams[0].tokens, streams[1].tokens) or (None, None)
        return grown(run.text, [Column(*each) for each in zip(titles, (s.drawn for s in streams), apart, strict=True)])

    yield from _updates(streams, n, columns)
    done = len(streams[0].drawn)
    apart = parting(streams[0].tokens, streams[1].tokens)
    yield columns(), info(" ".join(filter(None, (_ended(done, n), parting_sentence(apart, done), luck))))


def parting_sentence(apart: tuple[int, int] | None, n: int) -> str:
    """Where two texts of n tokens part: apart, the places of the first tokens that differ."""
    if apart is None:
        return say("never_part", n=n)
    a, b = (place + 1 for place in apart)
    return say("part", a=a) if a == b else say("part_apart", a=a, b=b)


def sampled(services: Services, run: RunKey, name: Any, n_samples: Any, n_tokens: Any, chosen: Any) -> Iterator[Update]:
    """The sentence continued several times by model A, with a seed each. Raises: Gpt2CoreError."""
    n = _whole(n_tokens, 1, MAX_NEW_TOKENS, "bad_n_tokens")
    n_samples = _whole(n_samples, LEAST_SAMPLES, MOST_SAMPLES, "bad_n_samples")
    settings, first = checked_settings(chosen)
    run, _ = two_runs(services, run, (name, ""))
    seeds = [(first + number) % (MAX_SEED + 1) for number in range(n_samples)]
    streams = [Stream(services, run, settings, seed, n) for seed in seeds]

    def columns() -> Any:
        return grown(run.text, [Column(say("seed", seed=stream.seed), stream.drawn) for stream in streams])

    yield from _updates(streams, n, columns)
    done = len(streams[0].drawn)
    title = services.models.title(run.model)
    luck = say("no_luck") if settings.temperature == 0 else ""
    found = spread_sentence([stream.token_ids for stream in streams], title)
    yield columns(), info(" ".join(filter(None, (_ended(done, n), found, luck))))


def spread_sentence(texts: list[list[int]], title: str) -> str:
    """How different the samples are, in words. texts: their token ids."""
    found, n = spread(texts), len(texts)
    first = say("first_same") if found.n_first == 1 else say("first_other", first=found.n_first)
    whole = "texts_same" if found.n_texts == 1 else "texts_other" if found.n_texts == n else "texts_some"
    return say("spread", n=n, title=title, first=first, texts=say(whole, texts=found.n_texts), shared=found.shared)


def _updates(streams: list[Stream], n: int, columns: Callable[[], Any]) -> Iterator[Update]:
    """What to show as the streams grow, not more often than the page can draw."""
    shown, job = time.monotonic(), new_job()
    yield columns(), underway(say("writing", done=0, n=n), job)
    for done in growing(streams, n, MAX_SECONDS):
        now = time.monotonic()
        if now - shown >= SECONDS_BETWEEN_UPDATES:
            shown = now
            yield columns(), underway(say("writing", done=done, n=n), job, done)


def _ended(done: int, n: int) -> str:
    return "" if done == n else say("out_of_time", seconds=int(MAX_SECONDS), done=done, n=n)


def _whole(value: Any, least: int, most: int, sentence: str) -> int:
    if not is_whole(value, least, most):
        shown = say("missing") if value is None else repr(value)
        raise InvalidSetting(say(sentence, value=shown, least=least, limit=most))
    return int(value)


TAB = TabSpec(say("title"), 80, build)
