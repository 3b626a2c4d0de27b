"""Training: a small GPT learns a text while you watch, then opens in every other tab."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.recorded import recorded_run
from explorer.answers.training import (
    MAX_SECONDS,
    SIZES,
    VOCAB_SIZE,
    Kept,
    Progress,
    Recipe,
    TrainingRun,
    TrainingSession,
    sample_text,
)
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.intro import intro
from explorer.page.links import any_text, number_between, one_of
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.store.services import Services
from explorer.widgets import notice
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.loss import loss_curve, loss_plot
from explorer.widgets.notice import notice_line
from explorer.widgets.samples import sample_list, written_samples
from gpt2core import Gpt2CoreError, GPTModel
from gpt2core.data import decode_text
from gpt2core.errors import EmptyPrompt, PromptTooLong

say = catalogue("training")
log = logging.getLogger(__name__)
BATCH_SIZES = [4, 8, 16, 32]
LEARNING_RATES = {"small": 5e-4, "usual": 2e-3, "large": 1e-2, "huge": 0.3}


def build(ctx: TabContext) -> None:
    intro(say)
    session = gr.State(None)  # `ask` makes it; a callable here would become a public endpoint
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300, elem_classes="parted-on-a-phone"):
            with gr.Row(elem_classes="first-on-a-phone"):
                train = gr.Button(say("train"), variant="primary", size="sm", elem_id="train-start")
                stop = gr.Button(
                    catalogue("page")("stop"), variant="stop", size="sm", interactive=False, elem_id="train-stop"
                )
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
            figure.bar.value = frame_value(say("plot_title"), loss_value(earlier)["summary"])
            gr.Markdown(say("samples"))
            samples = sample_list("train-samples", samples_value(earlier))
            gr.Markdown(say("how_to_read", chance=math.log(VOCAB_SIZE)))

    ctx.linked(text, "train_text", any_text)
    runs = TrainingHandlers(ctx.services)
    buttons = [train, stop]
    upload.upload(opened_file, upload, [text, status], **QUICK)
    restore.click(restored, None, [text, status], **QUICK)
    waits: dict[str, Any] = {**QUICK, "queue": True}  # an error outside the queue would be an HTTP error
    asked = train.click(runs.ask, [session, text, *recipe], [session, status, *buttons], **QUICK)
    allowed = asked.then(only_if_asked, session, None, **waits)
    ran = allowed.success(
        runs.run,
        session,
        [status, plot, samples, figure.bar, *buttons],
        concurrency_limit=1,
        concurrency_id="train",
        show_progress="minimal",
        show_progress_on=status,
        api_visibility="private",
    )

    def offer(session: TrainingSession | None, sentence: str) -> dict[Any, Any]:
        menu, told = runs.offer(session, sentence)
        return {ctx.model: menu, status: told}

    ctx.offers_models(ran.then, offer, [session, ctx.sentence], [status])
    stop.click(stopped, session, [status, *buttons], **QUICK)


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


def size_choice(name: str) -> str:
    config = SIZES[name]
    return say(
        "size_choice",
        name=name,
        context=config.context_length,
        parameters=GPTModel(config).parameter_count() / 1e6,
    )


def size_shape(name: str) -> str:
    config = SIZES[name]
    return say("size_shape", name=name, layers=config.n_layers, heads=config.n_heads, width=config.emb_dim)


def opened_file(path: str) -> tuple[Any, Any]:
    """The file's text for the box; a file that is no text leaves the box as it was."""
    try:
        return decode_text(Path(path).read_bytes()), notice.info("")
    except Gpt2CoreError as error:
        return gr.skip(), notice.refusal(str(error))


def restored() -> tuple[str, Any]:
    return sample_text(), notice.info("")


def only_if_asked(session: TrainingSession | None) -> None:
    """Ends the chain without a word where `ask` has refused and said why."""
    if session is None or session.job is None or session.job.started or session.job.stop.is_set():
        raise gr.Error("", visible=False, print_exception=False)


def stopped(session: TrainingSession | None) -> tuple[Any, Any, Any]:
    """A run that goes on says itself when it has stopped; one that still waits never begins."""
    job = session.job if session else None
    if session is None or job is None:
        return notice.info(say("idle")), *_buttons(running=False)
    session.stop()
    if job.started:
        return notice.info(say("stopping")), gr.skip(), gr.skip()
    return notice.info(say("left_line")), *_buttons(running=False)


class TrainingHandlers:
    """What happens when a person trains; one run at a time over all sessions, which Gradio's queue sees to."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._busy = threading.Event()

    def ask(
        self,
        session: TrainingSession | None,
        text: str,
        size: str,
        steps: int,
        learning_rate: float,
        batch_size: int,
    ) -> tuple[Any, ...]:
        """Refuse at once what cannot be trained; else take a place in the line."""
        session = session or TrainingSession()
        try:
            session.ask(text, Recipe(size, steps, learning_rate, batch_size))
        except Gpt2CoreError as error:
            return session, notice.refusal(str(error)), gr.skip(), gr.skip()
        told = say("waiting" if self._busy.is_set() else "starting")
        return session, notice.info(told), *_buttons(running=True)

    def run(self, session: TrainingSession | None) -> Iterator[tuple[Any, ...]]:
        """Yields what the status, plot, samples, table and the two buttons show. Closed when the page is closed."""
        job = session.start() if session else None
        if session is None or job is None:
            yield tuple(gr.skip() for _ in range(6))
            return
        self._busy.set()
        try:
            run, n_samples = TrainingRun(job.text, job.recipe), 0
            told: Any = notice.info(say("running", minutes=MAX_SECONDS / 60))
            for progress in run.ticks(job.stop):
                new = len(progress.samples) > n_samples
                n_samples = len(progress.samples)
                if progress.end:
                    break
                listed = samples_value(progress) if new else gr.skip()
                yield told, loss_value(progress), listed, _bar(progress), gr.skip(), gr.skip()
                told = gr.skip()
            trained = run.trained()
            if trained is not None:
                name = self._services.models.add_trained(trained)
                session.trained.append(Kept(name, progress.step, trained.model.parameter_count()))
            job.kept = trained is not None
            job.outcome = outcome(progress, kept=job.kept)
            job.trouble = bool(progress.trouble)
            shown = notice.refusal(job.outcome) if progress.trouble else notice.info(job.outcome)
            yield shown, loss_value(progress), samples_value(progress), _bar(progress), *_buttons(running=False)
        except Exception:
            log.exception("a training run failed")
            yield notice.refusal(say("broken")), gr.skip(), gr.skip(), gr.skip(), *_buttons(running=False)
        finally:
            self._busy.clear()

    def offer(self, session: TrainingSession | None, sentence: str) -> tuple[Any, Any]:
        """Put what was just trained into the Model menu, chosen if it can read the sentence."""
        job = session.job if session else None
        if session is None or job is None or not job.kept:
            return gr.skip(), gr.skip()
        models = self._services.models
        name = session.trained[-1].name
        choices = models.choices()
        choices += [(own_choice(number, kept), kept.name) for number, kept in enumerate(session.trained, start=1)]
        try:
            self._services.read(sentence, name)
            menu, told = gr.update(choices=choices, value=name), say("opened")
        except PromptTooLong as error:
            menu, told = gr.update(choices=choices), say("listed", n=error.n_tokens, limit=error.limit)
        except EmptyPrompt:
            menu, told = gr.update(choices=choices), say("listed_empty")
        session.job = None
        kind = notice.refusal if job.trouble else notice.info
        return menu, kind(f"{job.outcome} {told}")


def own_choice(number: int, kept: Kept) -> str:
    """What the Model menu calls a model trained here: `number` tells it from the person's others."""
    return say("choice", number=number, steps=kept.steps, parameters=kept.n_parameters / 1e6)


def _buttons(*, running: bool) -> tuple[Any, Any]:
    """Train and Stop."""
    return gr.update(interactive=not running), gr.update(interactive=running)


def origin(progress: Progress) -> str:
    recipe = progress.recipe
    return say("origin", size=recipe.size, steps=recipe.steps, duration=clock(progress.seconds))


def outcome(progress: Progress, *, kept: bool) -> str:
    """How the run ended, in a sentence."""
    told = progress.trouble or say(
        progress.end, step=progress.step, steps=progress.recipe.steps, duration=clock(progress.seconds)
    )
    return told if kept else f"{told} {say('nothing_learned')}"


def loss_value(progress: Progress, told_origin: str = "") -> dict[str, Any]:
    recipe = progress.recipe
    held_out = progress.held_out[-1][1]
    train = progress.train[-1][1] if progress.train else held_out
    summary = say(
        "summary",
        step=progress.step,
        steps=recipe.steps,
        train=train,
        held_out=held_out,
        first=progress.held_out[0][1],
        chance=progress.chance_nats,
    )
    return loss_curve(
        progress.train,
        progress.held_out,
        steps=recipe.steps,
        step=progress.step,
        chance_nats=progress.chance_nats,
        facts=facts(progress),
        summary=summary,
        origin=told_origin,
    )


def facts(progress: Progress) -> list[str]:
    """Where the run is, in words."""
    told = [say("fact_step", step=progress.step, steps=progress.recipe.steps)]
    if progress.step:
        told.append(say("fact_speed", speed=progress.tokens_per_second))
        took, left = clock(progress.seconds), clock(progress.seconds_left)
        told.append(say("fact_took", took=took) if progress.end else say("fact_left", left=left))
    loss = progress.held_out[-1][1]
    if loss > progress.chance_nats:
        told.append(say("fact_loss_worse", loss=loss, n=VOCAB_SIZE))
    else:
        choices = math.exp(loss)
        told.append(say("fact_loss", loss=loss, choices=f"{choices:,.1f}" if choices < 10 else f"{choices:,.0f}"))
    return told


def samples_value(progress: Progress) -> dict[str, Any]:
    return written_samples([(sample.step, sample.prompt, sample.text) for sample in progress.samples])


def _bar(progress: Progress) -> dict[str, Any]:
    return frame_value(say("plot_title"), loss_value(progress)["summary"])


def clock(seconds: float) -> str:
    """Minutes and seconds, 2:05."""
    whole = max(0, round(seconds)) if math.isfinite(seconds) else 0
    return f"{whole // 60}:{whole % 60:02}"


TAB = TabSpec(say("title"), 50, build)
