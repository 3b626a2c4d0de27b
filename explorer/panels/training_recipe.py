"""What is learned and how: the text, the model's shape, and every setting of the run, each with the reason for its usual value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from explorer.answers.recipe import ALL, HEAD_ONLY, LAST, NUMBERS, OWN, SHAPE, SIZES, VOCAB_SIZES, WHOLE, Recipe
from explorer.answers.training_words import size_choice, vocabulary_choice
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.links import any_text, flag, number_between, one_of
from explorer.page.wiring import TabContext
from explorer.panels import training_texts
from gpt2core.train.optimizer import OPTIMIZERS

say = catalogue("training")
USUAL = Recipe()
FINE_TUNING_RATE = 3e-4
BATCH_SIZES = [4, 8, 16, 32]
_IN_LINKS = {  # where a link's name is not the field's own
    "learning_rate": "train_rate",
    "batch_size": "train_batch",
}


@dataclass(frozen=True)
class RecipePanel:
    """text: what is learned. controls: one for each field of Recipe, in their order."""

    text: gr.Textbox
    controls: list[gr.components.Component]
    by_name: dict[str, gr.components.Component]


def build(ctx: TabContext) -> RecipePanel:
    made: dict[str, Any] = {}
    with gr.Group():
        made["size"] = gr.Dropdown(
            [*((size_choice(name), name) for name in SIZES), (say("size_own"), OWN)],
            value=USUAL.size,
            label=say("size"),
            info=say("size_info"),
            elem_id="train-size",
            min_width=200,
        )
        made["steps"] = gr.Slider(
            20,
            3000,
            USUAL.steps,
            step=20,
            label=_label("steps"),
            info=say("field_steps_info"),
            elem_id="train-steps",
        )
    with gr.Group(visible=False, elem_id="train-shape") as shape:
        for name in SHAPE:
            least, most = WHOLE[name]
            made[name] = gr.Slider(
                least,
                most,
                getattr(USUAL, name),
                step=_step(name),
                label=_label(name),
                info=say(f"field_{name}_info"),
                elem_id=f"train-{name}",
            )
    with gr.Accordion(say("text"), open=False):
        text = training_texts.build(ctx)
    with gr.Accordion(say("recipe_more"), open=False, elem_id="train-more"):
        _more(made)
    with gr.Accordion(say("source_title"), open=False, elem_id="train-fine"):
        made["source"] = ctx.model_menu(
            [(say("source_none"), "")],
            USUAL.source,
            label=say("source"),
            info=say("source_info", rate=FINE_TUNING_RATE),
            allow_custom_value=True,
            elem_id="train-source",
        )
        made["train_only"] = gr.Radio(
            [(say(f"train_only_{name}"), name) for name in (ALL, LAST, HEAD_ONLY)],
            value=USUAL.train_only,
            label=say("train_only"),
            info=say("train_only_info"),
            elem_id="train-only",
        )
    made["source"].input(rate_for, [made["source"], made["learning_rate"]], made["learning_rate"], **QUICK)
    made["vocabulary"] = ctx.page.vocabulary
    made["size"].change(shape_seen, made["size"], shape, **QUICK)
    for field in fields(Recipe):
        if field.name == "vocabulary":
            continue  # a key of this session, which a link cannot hand on
        ctx.linked(made[field.name], _IN_LINKS.get(field.name, f"train_{field.name}"), _check(field.name))
    return RecipePanel(text, [made[field.name] for field in fields(Recipe)], made)


def _label(name: str) -> str:
    """What a setting is called, as the beginning of a line."""
    called = say(f"field_{name}")
    return called[:1].upper() + called[1:]


def _step(name: str) -> int:
    return {"emb_dim": 16, "context_length": 8}.get(name, 1)


def _more(made: dict[str, Any]) -> None:
    """What few people change, in the order in which a run meets it."""
    made["vocab_size"] = gr.Dropdown(
        [(vocabulary_choice(size), size) for size in VOCAB_SIZES],
        value=USUAL.vocab_size,
        label=_label("vocab_size"),
        info=say("field_vocab_size_info"),
        elem_id="train-vocab",
    )
    made["learning_rate"] = _number("learning_rate", "train-rate")
    made["batch_size"] = gr.Radio(
        BATCH_SIZES,
        value=USUAL.batch_size,
        label=_label("batch_size"),
        info=say("field_batch_size_info"),
        elem_id="train-batch",
    )
    made["optimizer"] = gr.Radio(
        [(say(f"optimizer_{name}"), name) for name in OPTIMIZERS],
        value=USUAL.optimizer,
        label=_label("optimizer"),
        info=say("field_optimizer_info"),
        elem_id="train-optimizer",
    )
    with gr.Row():
        for name in ("warmup_steps", "final_learning_rate", "weight_decay", "drop_rate"):
            made[name] = _number(name, f"train-{name}")
    with gr.Row():
        for name in ("stride", "clip_norm", "accumulation_steps", "patience", "seed"):
            made[name] = _number(name, f"train-{name}")
    made["precision"] = gr.Radio(
        [(say(f"precision_{name}"), name) for name in ("fp32", "bf16")],
        value=USUAL.precision,
        label=_label("precision"),
        info=say("field_precision_info"),
        elem_id="train-precision",
    )
    with gr.Row():
        for name in ("causal", "shuffled_targets"):
            made[name] = gr.Checkbox(
                getattr(USUAL, name),
                label=_label(name),
                info=say(f"field_{name}_info"),
                elem_id=f"train-{name}",
                min_width=220,
            )


def _number(name: str, elem_id: str) -> gr.Number:
    return gr.Number(
        getattr(USUAL, name),
        label=_label(name),
        info=say(f"field_{name}_info"),
        precision=0 if name in WHOLE else None,
        elem_id=elem_id,
        min_width=180,
    )


def _check(name: str) -> Any:
    """How a link's text becomes the value of a setting; what the run takes is checked again when it is asked for."""
    if name in WHOLE:
        return number_between(*WHOLE[name], whole=True)
    if name in NUMBERS:
        return number_between(*NUMBERS[name][:2])
    if name in ("causal", "shuffled_targets"):
        return flag
    choices: dict[str, list[Any]] = {
        "size": [*SIZES, OWN],
        "vocab_size": list(VOCAB_SIZES),
        "optimizer": list(OPTIMIZERS),
        "precision": ["fp32", "bf16"],
        "train_only": [ALL, LAST, HEAD_ONLY],
    }
    return one_of(choices[name]) if name in choices else any_text


def rate_for(source: Any, rate: Any) -> Any:
    """A low rate for a model that has learned already, the usual one for random numbers; one that a person chose stays."""
    before, now = (USUAL.learning_rate, FINE_TUNING_RATE) if source else (FINE_TUNING_RATE, USUAL.learning_rate)
    return now if rate == before else gr.skip()


def shape_seen(size: Any) -> Any:
    """The sliders of a shape of one's own, where it is wanted."""
    return gr.update(visible=size == OWN)
