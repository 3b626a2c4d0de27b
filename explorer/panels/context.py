"""How context moves a word: the sentence's tokens beside one another before and after layers, and one word's way in several sentences."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.answers.context import alike_of, mean_of_others, paths_in_words, paths_of, paths_table, stage_names
from explorer.catalogue import catalogue
from explorer.figures.paths import word_paths
from explorer.page.links import any_text
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value, table_value
from explorer.widgets.matrix import MIRRORED_ROW, PICKED_ROW, Axis, matrix, matrix_value
from explorer.widgets.rested import rested, typed

say = catalogue("context")


def build(ctx: TabContext) -> None:
    gr.Markdown(say("heading"))
    with frame("paths-frame", name="ways-of-a-word") as paths_frame:
        paths = gr.Plot(show_label=False, elem_id="word-paths", elem_classes="plot-curves")
        starts = [say("word_start"), say("sentence_1"), say("sentence_2"), say("sentence_3")]
        with gr.Row(equal_height=True):
            boxes = [gr.Textbox(starts[0], label=say("word"), elem_id="paths-word", max_lines=1, min_width=90)]
            boxes += [
                gr.Textbox(start, label=say("sentence", n=n), elem_id=f"paths-{n}", max_lines=2, scale=3, min_width=220)
                for n, start in enumerate(starts[1:], 1)
            ]
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320), frame("alike-before-frame", name="alike-before") as before_frame:
            before = matrix("alike-before", group="alike")
        with gr.Column(min_width=320), frame("alike-after-frame", name="alike-after") as after_frame:
            after = matrix("alike-after", group="alike")
            layer = gr.Slider(0, 1, value=0, step=1, label=say("layer"), elem_id="alike-layer")
    clocks = [rested(box, on_enter=True) for box in boxes]

    def found_for(run: RunKey, values: tuple[Any, ...]) -> Any:
        word, *sentences = (
            start if value == {} or value is None else typed(value) for value, start in zip(values, starts, strict=True)
        )
        return paths_of(ctx.services, run, sentences, word)

    def draw_paths(run: RunKey, *values: Any) -> dict[Any, Any]:
        found = found_for(run, values)
        return {
            paths: word_paths(found.places, stage_names(ctx.services, run), found.shares),
            paths_frame.bar: frame_value(say("paths_title", word=found.word), paths_in_words(found)),
        }

    def rows(run: RunKey, *values: Any) -> Any:
        return table_value(paths_table(found_for(run, values), stage_names(ctx.services, run)))

    def draw_alike(run: RunKey, layer: int) -> dict[Any, Any]:
        found, labels = alike_of(ctx.services, run, layer), ctx.services.labels(run)
        updates: dict[Any, Any] = {}
        for shown, bar, values, title, words in (
            (before, before_frame.bar, found.before, say("before_title"), say("before_words")),
            (after, after_frame.bar, found.after, say("after_title", layer=layer), say("after_words")),
        ):
            updates[shown] = matrix_value(
                values,
                rows=Axis(say("shared_token"), labels),
                columns=Axis(say("shared_token"), labels),
                reading=say("alike_reading"),
                label=title,
                scale="diverging",
                limits=(-1.0, 1.0),
                no_origin=say("alike_no_origin"),
            )
            mean = mean_of_others(values)
            updates[bar] = frame_value(title, words if mean is None else f"{words} {say('others', mean=mean)}")
        return updates

    def reach(run: RunKey) -> Any:
        return gr.Slider(maximum=max(1, ctx.services.cursor_limits(run)["layer"] - 1))

    ctx.draws(draw_paths, [paths, paths_frame.bar], controls=clocks)
    ctx.draws(rows, paths_frame.table, controls=clocks, when=paths_frame.bar)
    ctx.draws(draw_alike, [before, before_frame.bar, after, after_frame.bar], follow=["layer"])
    ctx.draws(reach, layer)
    ctx.picks("layer", layer.input, layer, "value")
    ctx.mirrors(layer, "cursor.layer")
    for shown in (before, after):
        ctx.picks("token", shown.pick, shown, PICKED_ROW)
        ctx.mirrors(shown, MIRRORED_ROW)
    for name, box in zip(("word", "1", "2", "3"), boxes, strict=True):
        ctx.linked(box, f"paths_{name}", any_text)
