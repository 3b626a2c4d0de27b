"""a - b + c over token rows, honest about what is left out and about when it fails."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from explorer.answers.arithmetic import analogies_of, score_in_words, score_of, sum_in_words, sum_of
from explorer.answers.vocabulary import checked_measure
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.links import any_text
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.rested import rested, typed
from explorer.widgets.token_bars import bar_rows, token_bars
from explorer.wording.numbers import fixed

say = catalogue("arithmetic")

START = ("ran", "run", "see")
# In the browser: the words of the chosen example, "ran run see", into the three boxes.
_WORDS = "(chosen) => (chosen || 'ran run see').split(' ').slice(0, 3)"


def build(ctx: TabContext, measure: Component, centred: Component) -> None:
    """measure, centred: how near is meant, as beside the map."""
    with frame("arithmetic-frame", name="arithmetic") as figure:
        nearest = token_bars("arithmetic")
        with gr.Row(equal_height=True):
            boxes = [
                gr.Textbox(word, label=say(name), elem_id=f"arithmetic-{name}", max_lines=1, min_width=90)
                for name, word in (("a", START[0]), ("b", START[1]), ("c", START[2]))
            ]
            example = gr.Dropdown(
                [], value=None, label=say("example"), elem_id="arithmetic-example", scale=3, min_width=220
            )
    clocks = [rested(box, on_enter=True) for box in boxes]

    def words_of(values: tuple[Any, ...]) -> list[Any]:
        return [typed(value) or start for value, start in zip(values, START, strict=True)]

    def draw(run: RunKey, measure: Any, centred: Any, *values: Any) -> dict[Any, Any]:
        measure, centred = checked_measure(measure), bool(centred)
        found = sum_of(ctx.services, run.model, words_of(values), measure, centred)
        score = score_of(ctx.services, run.model, measure, centred)
        a, b, c = (label.text for label in found.inputs)
        told = f"{sum_in_words(found)} {score_in_words(score)}"
        full = 1.0 if measure == "cosine" else max((abs(one) for one in found.values), default=0.0) or 1.0
        notes = [str(one.token_id) for one in found.tokens]
        shown = [fixed(one, 3) for one in found.values]
        return {
            nearest: bar_rows(found.tokens, notes, found.values, shown, full=full),
            figure.bar: frame_value(say("title", a=a, b=b, c=c), told),
        }

    def offer(run: RunKey, measure: Any, centred: Any) -> Any:
        score = score_of(ctx.services, run.model, checked_measure(measure), bool(centred))
        choices = []
        for analogy, rank in zip(analogies_of(ctx.services, run.model), score.ranks, strict=True):
            a, b, c, answer = analogy.words
            choices.append((say("ranked", a=a, b=b, c=c, answer=answer, rank=f"{rank:,}"), f"{a} {b} {c}"))
        return gr.Dropdown(choices=choices)

    ctx.draws(draw, [nearest, figure.bar], controls=[measure, centred, *clocks])
    ctx.draws(offer, example, controls=[measure, centred])
    example.input(None, example, boxes, js=_WORDS, **QUICK)
    for name, box in zip("abc", boxes, strict=True):
        ctx.linked(box, f"sum_{name}", any_text)
