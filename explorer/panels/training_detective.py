"""The training detective: a recipe that goes wrong on purpose, a question, the run, and then the explanation."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import gradio as gr

from explorer.answers.detective import CASES
from explorer.answers.recipe import Recipe
from explorer.answers.training import sample_text
from explorer.answers.training_words import changes_in_words
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.links import one_of
from explorer.page.wiring import TabContext
from explorer.panels.training_recipe import RecipePanel
from explorer.widgets.notice import info, notice_line

say = catalogue("training")


def build(ctx: TabContext, recipe: RecipePanel) -> None:
    with gr.Accordion(say("detective"), open=False, elem_id="train-detective"):
        case = gr.Dropdown(
            [(say("detective_none"), ""), *((say(f"case_{name}_title"), name) for name in CASES)],
            value="",
            label=say("detective_case"),
            elem_id="train-case",
        )
        question = gr.Markdown(say("detective_words"))
        with gr.Row():
            take = gr.Button(
                say("detective_take"), size="sm", interactive=False, elem_id="train-case-take", min_width=140
            )
            back = gr.Button(say("detective_back"), size="sm", elem_id="train-case-back", min_width=140)
        told = notice_line("train-case-told")
        with gr.Accordion(say("detective_answer"), open=False, visible=False, elem_id="train-case-answer") as box:
            answer = gr.Markdown("")
    ctx.linked(case, "train_case", one_of(["", *CASES]))
    handlers = CaseHandlers(recipe)
    case.change(handlers.chosen, case, [question, answer, take, box], **QUICK)
    take.click(handlers.taken, case, [told, recipe.text, *recipe.controls], **QUICK)
    back.click(handlers.usual, None, [told, recipe.text, *recipe.controls], **QUICK)


class CaseHandlers:
    def __init__(self, recipe: RecipePanel) -> None:
        self.recipe = recipe

    def chosen(self, case: Any) -> tuple[Any, ...]:
        if case not in CASES:
            return say("detective_words"), "", gr.update(interactive=False), gr.update(visible=False)
        told = say(f"case_{case}_question"), say(f"case_{case}_answer")
        return *told, gr.update(interactive=True), gr.update(visible=True, open=False)

    def taken(self, case: Any) -> list[Any]:
        """The text and the recipe of the case, into their boxes, and what differs from the usual one."""
        if case not in CASES:
            return [gr.skip()] * (2 + len(self.recipe.controls))
        found = CASES[case]
        told = say("detective_taken", changes=changes_in_words(found.recipe, Recipe()))
        return [info(told), found.text(), *boxes_of(found.recipe)]

    def usual(self) -> list[Any]:
        """What the boxes hold when the page opens."""
        return [info(say("detective_usual")), sample_text(), *boxes_of(Recipe())]


def boxes_of(recipe: Recipe) -> list[Any]:
    """A value for each control; a vocabulary of one's own stays known."""
    chosen = {field.name: getattr(recipe, field.name) for field in fields(Recipe)}
    return [*({**chosen, "vocabulary": gr.skip()}.values())]
