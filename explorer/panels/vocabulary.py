"""The map of all tokens and, beside it, the nearest of the one that is picked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from explorer.answers.tsne import TSNE, tsne_of
from explorer.answers.vocabulary import (
    HISTORIES,
    LAYOUTS,
    Near,
    ages_of,
    checked_measure,
    flat_points,
    focus_of,
    named_model,
    near_at_ages,
    picture_of,
    vocabulary_of,
)
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.guard import in_words
from explorer.page.links import flag, number_between, numbers_listed, one_of
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.widgets.exchange import answered, asked_of, exchange
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.notice import info, new_job, notice_line, underway
from explorer.widgets.token_bars import bar_rows, token_bars
from explorer.widgets.vocabulary_map import growing_value, map_answer, sentence_value, vocabulary_map
from explorer.wording.numbers import fixed
from explorer.wording.text import token_labels
from gpt2core.embeddings import MEASURES, Measure

say = catalogue("vocabulary")

POINTS, FOCUS = "vocabulary", "vocabulary-focus"
N_NEAREST = 12
SORTS = ("often", "kind", "space", "letter")  # as widgets/vocabulary_map/groups.js has them
SLOW = 20_000  # tokens, for which t-SNE takes minutes


def build(ctx: TabContext) -> tuple[gr.Radio, gr.Checkbox]:
    """Returns what decides what near means: the measure, and whether the average row is taken away."""
    with gr.Row(equal_height=False):
        with (
            gr.Column(min_width=520, scale=5),
            frame("vocabulary-frame", name="vocabulary") as figure,
        ):
            shown = vocabulary_map("vocabulary-map", POINTS, FOCUS)
            with gr.Row(equal_height=True, elem_classes="vm-tsne"):
                told = notice_line("tsne-status")
                stop = stop_button("tsne-stop", scale=0, min_width=80)
        with gr.Column(min_width=300, scale=2), frame("neighbours-frame", name="nearest-tokens") as near_frame:
            neighbours = token_bars("neighbours")
            measure = gr.Radio(
                [(say(f"measure_{name}"), name) for name in MEASURES],
                value="cosine",
                label=say("measure"),
                elem_id="near-measure",
                container=False,
            )
            centred = gr.Checkbox(False, label=say("centred"), elem_id="near-centred")
    asking, focused = exchange(POINTS), exchange(FOCUS)

    def points(value: Any) -> dict[Any, Any]:
        answer, bar = points_answer(ctx.services, asked_of(value))
        return {asking: answered(answer), **({figure.bar: bar} if bar else {})}

    def near(run: RunKey, token: int, focus: Any, measure: Any, centred: Any) -> dict[Any, Any]:
        measure, centred = checked_measure(measure), bool(centred)
        history, picked = focus_of(ctx.services, run, token, asked_of(focus))
        ages = ages_of(ctx.services, run.model, history)
        lit = near_at_ages(ages, picked, N_NEAREST, measure, centred)
        (own,) = near_at_ages(ages_of(ctx.services, run.model, "model")[-1:], picked, N_NEAREST, measure, centred)
        bar, rows = near_list(ctx.services, run, picked, own, measure, centred)
        told = sentence_value(run.token_ids, run.model, history, picked, lit)
        return {shown: told, near_frame.bar: bar, neighbours: rows}

    def grow(run: RunKey, token: int, value: Any) -> Iterator[dict[Any, Any]]:
        history = value.get("start") if isinstance(value, dict) else None
        name = named_model(ctx.services, run.model, history if history in HISTORIES else "model")
        for update, points in growing(ctx.services, name):
            yield {told: update, **({shown: points} if points else {})}

    asking.input(points, asking, [asking, figure.bar], trigger_mode="always_last", **QUICK)
    ctx.draws(
        near,
        [shown, neighbours, near_frame.bar],
        follow=["token"],
        controls=[focused, measure, centred],
    )
    ctx.streams(
        grow,
        [shown],
        told=told,
        starts=[shown.submit],
        controls=[shown],
        stop=stop,
        stopped=say("tsne_stopped"),
        concurrency_id="t-sne",
        concurrency_limit=1,
    )
    ctx.linked(measure, "near_by", one_of(MEASURES))
    ctx.linked(centred, "near_centred", flag)
    ctx.linked(None, "map_layout", one_of(LAYOUTS), LAYOUTS[0])
    ctx.linked(None, "map_axes", numbers_listed, "1,2,3")
    ctx.linked(None, "map_history", one_of(HISTORIES), HISTORIES[0])
    ctx.linked(None, "map_colour", one_of(SORTS), SORTS[0])
    ctx.linked(None, "map_point", number_between(0, 10**6, whole=True), "")
    return measure, centred


def points_answer(services: Services, asked: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """What the map asks for: the answer, and what the frame says then, None where it stays as it is."""
    model, history = str(asked.get("model")), asked.get("history")
    try:
        picture = picture_of(services, model, asked.get("layout"), asked.get("axes"), history)
        name = named_model(services, model, str(history))
        if picture is None:
            return {"asked": asked, "missing": missing_in_words(services, name)}, None
        vocabulary = None if asked.get("known") == name else vocabulary_of(services, name)
        title = say("map_title", n=picture.points.size(1), model=services.models.title(name))
        return map_answer(asked, picture, vocabulary, name), frame_value(title, picture.told)
    except Exception as error:
        return {"asked": asked, "refused": in_words(error)}, None


def missing_in_words(services: Services, model: str) -> str:
    """What a t-SNE that nobody has computed would be."""
    config = services.models.get(model).model.config
    settings = TSNE.for_rows(config.vocab_size)
    return say(
        "tsne_missing",
        width=config.emb_dim,
        n=config.vocab_size,
        time=say("tsne_minutes") if config.vocab_size > SLOW else say("tsne_seconds"),
        perplexity=settings.perplexity,
        seed=settings.seed,
        rounds=settings.rounds,
    )


def near_list(
    services: Services, run: RunKey, picked: int, near: Near, measure: Measure, centred: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the frame says of the nearest, and their list."""
    tokenizer = services.models.tokenizer(run.model)
    (label,) = token_labels([picked], tokenizer)
    n = services.models.get(run.model).model.config.vocab_size
    model = services.models.title(run.model)
    summary = say(f"near_summary_{measure}", n=n, model=model) + (say("near_centred") if centred else "")
    is_derived = measure == "cosine" and not centred
    origins = [{"kind": "cosine", "index": [picked, one]} for one in near.ids] if is_derived else None
    full = 1.0 if measure == "cosine" else max((abs(one) for one in near.values), default=0.0) or 1.0
    rows = bar_rows(
        token_labels(near.ids, tokenizer),
        [str(one) for one in near.ids],
        near.values,
        [fixed(one, 3) for one in near.values],
        "",
        origins,
        full,
    )
    return frame_value(say("near_title", token=label.text, id=picked), summary), rows


def growing(services: Services, model: str) -> Iterator[tuple[dict[str, Any], dict[str, str] | None]]:
    """What the line below the map says while t-SNE runs, and the points so far where there are any."""
    job = new_job()
    for state in tsne_of(services, model):
        if state.over:
            yield info(state.told or say("tsne_done")), growing_value(model, None)
        elif state.layout is None:
            yield underway(state.told, job), None
        else:
            points = flat_points(state.layout.places)
            yield underway(state.told, job, state.done), growing_value(model, points)
