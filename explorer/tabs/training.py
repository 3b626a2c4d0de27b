"""Training: a small GPT learns a text while you watch, then opens in every other tab."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.recorded import recorded_run
from explorer.answers.training import SIZES, VOCAB_SIZE, Progress, TrainingSession, sample_text
from explorer.answers.training_desk import Said, TrainingDesk
from explorer.answers.training_words import facts, origin, size_choice, size_shape, summary
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.guard import in_words
from explorer.page.intro import intro
from explorer.page.links import any_text, number_between, one_of
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.widgets import notice
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.loss import loss_curve, loss_plot
from explorer.widgets.notice import notice_line
from explorer.widgets.samples import sample_list, written_samples
from explorer.wording.refusals import refusal_in_words
from gpt2core import Gpt2CoreError
from gpt2core.data import decode_text

say = catalogue("training")
BATCH_SIZES = [4, 8, 16, 32]
# A run ends with its page. The browser remembers, for this tab of its own, that one was going on, and says so after a reload.
_NOTE_RUNNING = "() => sessionStorage.setItem('training', 'running')"
_NOTE_ENDED = "() => sessionStorage.removeItem('training')"
_LOST = """() => {
  const running = sessionStorage.getItem('training');
  sessionStorage.removeItem('training');
  return running ? %s : { text: '', kind: 'info' };
}"""
LEARNING_RATES = {"small": 5e-4, "usual": 2e-3, "large": 1e-2, "huge": 0.3}


def build(ctx: TabContext) -> None:
    intro(say)
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300, elem_classes="parted-on-a-phone"):
            with gr.Row(elem_classes="first-on-a-phone"):
                train = gr.Button(say("train"), variant="primary", size="sm", elem_id="train-start")
                stop = gr.Button(say("shared_stop"), variant="stop", size="sm", interactive=False, elem_id="train-stop")
            status = notice_line("train-status")
            text = gr.Textbox(
                sample_text(), label=say("text"), info=say("text_info"), lines=7, max_lines=7, elem_id="train-text"
            )
            with gr.Row():
                upload = gr.UploadButton(say("upload"), file_types=[".txt"], size="sm", elem_id="train-upload")
                restore = gr.Button(say("restore"), size="sm")
            recipe = _recipe_controls()
            _link_recipe(ctx, recipe)
        with gr.Column(scale=3, min_width=320):
            earlier = recorded_run()
            with frame("loss-frame", name="loss") as figure:
                plot = loss_plot("loss-plot", loss_value(earlier, origin(earlier)))
            figure.bar.value = frame_value(say("plot_title"), summary(earlier))
            gr.Markdown(say("samples"))
            samples = sample_list("train-samples", samples_value(earlier))
            gr.Markdown(say("how_to_read", chance=math.log(VOCAB_SIZE)))

    ctx.linked(text, "train_text", any_text)
    upload.upload(opened_file, upload, [text, status], **QUICK)
    restore.click(restored, None, [text, status], **QUICK)
    _wire_runs(ctx, [text, *recipe], [train, stop], status, (plot, samples, figure.bar))


def _wire_runs(
    ctx: TabContext, asked_with: list[Any], buttons: list[gr.Button], status: gr.HTML, shown: tuple[gr.HTML, ...]
) -> None:
    """asked_with: the text and the recipe. buttons: Train and Stop. shown: the curve, what the model writes, the frame's bar."""
    session = gr.State(None)  # `ask` makes it; a callable here would become a public endpoint
    desk = TrainingDesk(ctx.services)
    train, stop = buttons
    plot, samples, bar = shown

    def ask(session: TrainingSession | None, text: Any, *recipe: Any) -> tuple[Any, ...]:
        session = session or TrainingSession()
        said = desk.ask(session, text, recipe)
        return session, _told(said), *_buttons(said)

    def run(session: TrainingSession | None) -> Iterator[dict[Any, Any]]:
        yield {status: gr.skip()}
        try:
            for seen in desk.run(session):
                updates = {status: _told(seen.said), plot: loss_value(seen.progress), bar: _bar(seen.progress)}
                if seen.new_samples:
                    updates[samples] = samples_value(seen.progress)
                yield {**updates, **dict(zip(buttons, _buttons(seen.said), strict=True))}
        except Exception as error:
            said = Said(f"{in_words(error)} {say('ended_by_it')}", refused=True, running=False)
            yield {status: _told(said), **dict(zip(buttons, _buttons(said), strict=True))}

    def stopped(session: TrainingSession | None) -> tuple[Any, ...]:
        said = desk.stop(session)
        return _told(said), *_buttons(said)

    def offer(session: TrainingSession | None, sentence: Any) -> dict[Any, Any]:
        found = desk.offer(session, sentence)
        if found is None:
            return {}
        menu = gr.update(choices=found.choices)
        if found.chosen:
            menu["value"] = found.chosen
        return {ctx.model: menu, status: _told(found.said)}

    waits: dict[str, Any] = {**QUICK, "queue": True}  # an error outside the queue would be an HTTP error
    asked = train.click(ask, [session, *asked_with], [session, status, *buttons], **QUICK)
    allowed = asked.then(only_if_asked, session, None, **waits)
    allowed.success(None, None, None, js=_NOTE_RUNNING, **QUICK)
    ran = allowed.success(
        run,
        session,
        [status, plot, samples, bar, *buttons],
        concurrency_limit=1,
        concurrency_id="train",
        show_progress="minimal",
        show_progress_on=status,
        api_visibility="private",
    )
    ran.then(None, None, None, js=_NOTE_ENDED, **QUICK)
    ctx.offers_models(ran.then, offer, [session, ctx.sentence], [status])
    stop.click(stopped, session, [status, *buttons], **QUICK)
    ctx.page.blocks.load(None, None, status, js=_LOST % json.dumps(notice.refusal(say("lost"))), **QUICK)


def _recipe_controls() -> list[gr.components.Component]:
    """In the order of Recipe's fields."""
    size = gr.Dropdown(
        [(size_choice(name), name) for name in SIZES],
        value="tiny",
        label=say("size"),
        info=say("size_info", sizes=", ".join(map(size_shape, SIZES))),
        elem_id="train-size",
    )
    steps = gr.Slider(100, 3000, 400, step=100, label=say("steps"), info=say("steps_info"), elem_id="train-steps")
    with gr.Accordion(say("recipe_more"), open=False):
        learning_rate = gr.Dropdown(
            [(say(f"learning_rate_{name}"), rate) for name, rate in LEARNING_RATES.items()],
            value=LEARNING_RATES["usual"],
            label=say("learning_rate"),
            info=say("learning_rate_info"),
            elem_id="train-rate",
        )
        batch_size = gr.Radio(
            BATCH_SIZES, value=16, label=say("batch_size"), info=say("batch_size_info"), elem_id="train-batch"
        )
    return [size, steps, learning_rate, batch_size]


def _link_recipe(ctx: TabContext, recipe: list[gr.components.Component]) -> None:
    size, steps, learning_rate, batch_size = recipe
    ctx.linked(size, "train_size", one_of([*SIZES]))
    ctx.linked(steps, "train_steps", number_between(100, 3000, whole=True))
    ctx.linked(learning_rate, "train_rate", one_of([*LEARNING_RATES.values()]))
    ctx.linked(batch_size, "train_batch", one_of(BATCH_SIZES))


def opened_file(path: str) -> tuple[Any, Any]:
    """The file's text for the box; a file that is no text leaves the box as it was."""
    try:
        return decode_text(Path(path).read_bytes()), notice.info("")
    except Gpt2CoreError as error:
        return gr.skip(), notice.refusal(refusal_in_words(error))


def restored() -> tuple[str, Any]:
    return sample_text(), notice.info("")


def only_if_asked(session: TrainingSession | None) -> None:
    """Ends the chain without a word where `ask` has refused and said why."""
    if session is None or session.job is None or session.job.started or session.job.stop.is_set():
        raise gr.Error("", visible=False, print_exception=False)


def _told(said: Said | None) -> Any:
    if said is None:
        return gr.skip()
    return notice.refusal(said.text) if said.refused else notice.info(said.text)


def _buttons(said: Said | None) -> tuple[Any, Any]:
    """Train and Stop."""
    if said is None or said.running is None:
        return gr.skip(), gr.skip()
    return gr.update(interactive=not said.running), gr.update(interactive=said.running)


def loss_value(progress: Progress, told_origin: str = "") -> dict[str, Any]:
    return loss_curve(
        progress.train,
        progress.held_out,
        steps=progress.recipe.steps,
        step=progress.step,
        chance_nats=progress.chance_nats,
        facts=facts(progress),
        summary=summary(progress),
        origin=told_origin,
    )


def samples_value(progress: Progress) -> dict[str, Any]:
    return written_samples([(sample.step, sample.prompt, sample.text) for sample in progress.samples])


def _bar(progress: Progress) -> dict[str, Any]:
    return frame_value(say("plot_title"), summary(progress))


TAB = TabSpec(say("title"), 50, build)
