"""A run while it goes on: its buttons, its curve with earlier runs beside it, what it has come to, what it writes, and the list of the
page's runs. A run belongs to its name, not to the page: a page loaded anew takes its runs up again by its link."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from explorer.answers.live_runs import LiveRun
from explorer.answers.recorded import recorded_run
from explorer.answers.training import Progress, sample_text, trained_part
from explorer.answers.training_desk import Said, TrainingDesk, TrainingSession, own_choices
from explorer.answers.training_words import origin, summary
from explorer.answers.verdict import verdict_of
from explorer.answers.watching import Watch
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.guard import in_words
from explorer.page.links import any_text, flag, number_between, one_of
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.panels import training_files, training_watch
from explorer.panels.training_figures import (
    loss_bar,
    loss_value,
    overlaid,
    runs_table,
    samples_value,
    verdict_shown,
)
from explorer.panels.training_recipe import RecipePanel
from explorer.panels.training_watch import WatchPanel, watch_from
from explorer.widgets import notice
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.loss import BY, OF, loss_plot
from explorer.widgets.runs import run_list
from explorer.widgets.samples import sample_list
from explorer.widgets.verdict import verdict_line, verdict_value

say = catalogue("training")
RATE_FACTORS = (0.1, 10.0)
WATCH_SECONDS = 0.4  # between two looks at the sentence while a run goes on


@dataclass(frozen=True)
class Buttons:
    train: gr.Button
    pause: gr.Button
    go_on: gr.Button
    step: gr.Button
    stop: gr.Button

    def all(self) -> list[gr.Button]:
        return [self.train, self.pause, self.go_on, self.step, self.stop]

    def updates(self, said: Said | None, live: LiveRun | None) -> dict[Any, Any]:
        """What they look like after what was said."""
        if said is None or said.running is None:
            return {}
        waits = not said.running and live is not None and live.can_go_on
        return {
            self.train: gr.update(
                interactive=not said.running,
                value=say("train_anew" if waits else "train"),
                variant="secondary" if waits else "primary",
            ),
            self.pause: gr.update(interactive=said.running, visible=not waits),
            self.go_on: gr.update(visible=waits),
            self.step: gr.update(interactive=not said.running),
            self.stop: gr.update(interactive=said.running or waits),
        }


def buttons() -> Buttons:
    with gr.Row(elem_classes="first-on-a-phone train-buttons"):
        narrow: dict[str, Any] = {"size": "sm", "min_width": 60}
        return Buttons(
            gr.Button(say("train"), variant="primary", elem_id="train-start", **narrow),
            gr.Button(say("shared_pause"), interactive=False, elem_id="train-pause", **narrow),
            gr.Button(say("go_on"), variant="primary", visible=False, elem_id="train-go-on", **narrow),
            gr.Button(say("step"), elem_id="train-step", **narrow),
            stop_button("train-stop", min_width=60),
        )


@dataclass(frozen=True)
class Shown:
    """The components that tell of a run."""

    plot: gr.HTML
    bar: gr.HTML
    verdict: gr.HTML
    samples: gr.HTML
    runs: gr.HTML
    names: gr.Textbox
    command: gr.HTML
    python: gr.HTML
    watch: WatchPanel

    def all(self) -> list[Any]:
        return [
            self.plot,
            self.bar,
            self.verdict,
            self.samples,
            self.runs,
            self.names,
            self.command,
            self.python,
            *self.watch.all(),
        ]


@dataclass(frozen=True)
class Curve:
    plot: gr.HTML
    bar: gr.HTML


@dataclass(frozen=True)
class Told:
    verdict: gr.HTML
    samples: gr.HTML


def curve() -> Curve:
    """Until a person trains, of a run recorded earlier; so are the others."""
    earlier = recorded_run()
    with frame("loss-frame", name="loss") as framed:
        plot = loss_plot("loss-plot", loss_value(earlier, [], origin(earlier)))
    framed.bar.value = frame_value(say("plot_title"), summary(earlier))
    return Curve(plot, framed.bar)


def told_beside() -> Told:
    """What the run has come to, and what the model writes."""
    earlier = recorded_run()
    verdict = verdict_line("train-verdict", verdict_value(verdict_of(earlier, trained_part(sample_text()))))
    gr.Markdown(say("samples"))
    return Told(verdict, sample_list("train-samples", samples_value(earlier)))


def shown_below(ctx: TabContext, curve: Curve, told: Told, repeats: tuple[gr.HTML, gr.HTML]) -> Shown:
    """The page's runs and its sentence while they go on. repeats: the command line and the Python that repeat the run."""
    listed = run_list("train-runs")
    watch = training_watch.build(ctx)
    names = gr.Textbox("", visible="hidden", elem_id="train-run-names")
    command, python = repeats
    command.value, python.value = training_files.repeats(ctx.services, recorded_run())
    return Shown(curve.plot, curve.bar, told.verdict, told.samples, listed, names, command, python, watch)


def live_controls() -> tuple[gr.Slider, gr.Checkbox]:
    """What may be changed while it runs: the rate, and whether the other tabs follow."""
    low, high = RATE_FACTORS
    with gr.Group():
        rate = gr.Slider(
            math.log10(low),
            math.log10(high),
            0.0,
            step=0.1,
            label=say("rate_now"),
            info=say("rate_now_info"),
            elem_id="train-rate-now",
        )
        follow = gr.Checkbox(False, label=say("follow"), info=say("follow_info"), elem_id="train-follow")
    return rate, follow


def wire(
    ctx: TabContext,
    desk: TrainingDesk,
    session: gr.State,
    recipe: RecipePanel,
    pressed: Buttons,
    shown: Shown,
    status: gr.HTML,
    live: tuple[gr.Slider, gr.Checkbox],
) -> Handlers:
    """session: a TrainingSession, or None before anything was asked."""
    handlers = Handlers(ctx, desk, pressed, shown, status)
    rate, follow = live
    shown.watch.follow(desk, shown.names)
    ctx.linked(shown.names, "train_runs", any_text)
    ctx.linked(follow, "train_follow", flag)
    for name, check, usual in (("by", one_of(BY), BY[0]), ("of", one_of(OF), OF[0])):
        ctx.linked(None, f"loss_{name}", check, usual)
    ctx.linked(None, "loss_log", flag, False)
    ctx.linked(None, "loss_smooth", number_between(0, 0.98), 0.0)

    outputs = [session, status, *pressed.all(), *shown.all()]
    runs: dict[str, Any] = {
        "inputs": [session, follow, ctx.sentence, ctx.page.cursor],
        "outputs": [status, *pressed.all(), *shown.all(), ctx.model],
        "concurrency_limit": 1,
        "concurrency_id": "train",
        "show_progress": "minimal",
        "show_progress_on": status,
        "api_visibility": "private",
    }
    waits: dict[str, Any] = {**QUICK, "queue": True}  # an error outside the queue would be an HTTP error
    asked = [session, recipe.text, *recipe.controls]
    ended = []
    for press, ask, run in (
        (pressed.train, handlers.ask, handlers.run),
        (pressed.step, handlers.ask_unless_paused, handlers.one_update),
    ):
        taken = press.click(ask, asked, outputs, **QUICK).then(only_if_it_can_go_on, session, None, **waits)
        ended.append(taken.success(run, **runs))
    ended.append(pressed.go_on.click(handlers.run, **runs))
    taken_up = shown.names.change(handlers.take_up, [session, shown.names], outputs, **QUICK)
    ended.append(taken_up.then(only_if_taken_up, session, None, **waits).success(handlers.run, **runs))
    for one in ended:
        ctx.offers_models(one.then, handlers.offer, [session, ctx.sentence], [status])
    pressed.pause.click(handlers.pause, session, [status, *pressed.all()], **QUICK)
    stopped = pressed.stop.click(handlers.stop, session, [status, *pressed.all(), *shown.all()], **QUICK)
    ctx.offers_models(stopped.then, handlers.offer_after_stop, [session, ctx.sentence], [status])
    rate.release(handlers.change_rate, [session, rate], status, **QUICK)
    shown.runs.input(handlers.act, [session, shown.runs], shown.all(), **QUICK)
    return handlers


def only_if_it_can_go_on(session: TrainingSession | None) -> None:
    """Ends the chain without a word where `ask` has refused and said why."""
    if session is None or session.current is None or not session.current.can_go_on:
        raise gr.Error("", visible=False, print_exception=False)


def only_if_taken_up(session: TrainingSession | None) -> None:
    """The same where a link brought no run that goes on."""
    if session is None or not session.taken_up:
        raise gr.Error("", visible=False, print_exception=False)
    session.taken_up = False


class Handlers:
    """What the page's events call. A session is one page's; nothing of it stays here."""

    def __init__(self, ctx: TabContext, desk: TrainingDesk, pressed: Buttons, shown: Shown, status: gr.HTML) -> None:
        self.services, self.model = ctx.services, ctx.model
        self.desk, self.pressed, self.shown, self.status = desk, pressed, shown, status

    def ask(self, session: TrainingSession | None, text: Any, *recipe: Any) -> tuple[Any, ...]:
        session = session or TrainingSession()
        said = self.desk.ask(session, text, recipe)
        updates: dict[Any, Any] = {self.status: told(said), **self.pressed.updates(said, session.current)}
        if not said.refused:
            updates[self.shown.names] = session.names
        return self._in_order(session, updates)

    def ask_unless_paused(self, session: TrainingSession | None, text: Any, *recipe: Any) -> tuple[Any, ...]:
        if session is not None and session.current is not None and session.current.can_go_on:
            return self._in_order(session, {})
        return self.ask(session, text, *recipe)

    def take_up(self, session: TrainingSession | None, names: Any) -> tuple[Any, ...]:
        session = session or TrainingSession()
        said = self.desk.take_up(session, names if isinstance(names, str) else "")
        if said is None:
            return self._in_order(session, {})
        updates = {self.status: told(said), **self.pressed.updates(said, session.current)}
        return self._in_order(session, {**updates, **self.whole(session)})

    def _in_order(self, session: TrainingSession, updates: dict[Any, Any]) -> tuple[Any, ...]:
        """Values for [session, status, *buttons, *shown]; what has none stays."""
        components = [self.status, *self.pressed.all(), *self.shown.all()]
        return session, *(updates.get(component, gr.skip()) for component in components)

    def run(self, session: TrainingSession | None, follow: Any, sentence: Any, cursor: Any) -> Iterator[dict[Any, Any]]:
        yield from self._run(session, bool(follow), None, watch_from(sentence, cursor))

    def one_update(
        self, session: TrainingSession | None, follow: Any, sentence: Any, cursor: Any
    ) -> Iterator[dict[Any, Any]]:
        yield from self._run(session, bool(follow), 1, watch_from(sentence, cursor))

    def _run(
        self, session: TrainingSession | None, follow: bool, updates: int | None, watch: Watch
    ) -> Iterator[dict[Any, Any]]:
        yield {self.status: gr.skip()}
        live = session.current if session else None
        if session is None or live is None:
            return
        live.watch = watch
        n_checks, followed, looked = 0, None, 0.0
        try:
            for seen in self.desk.run(session, updates):
                progress = seen.progress
                told_now = {
                    self.status: told(seen.said),
                    self.shown.plot: loss_value(progress, overlaid(session)),
                    self.shown.bar: loss_bar(progress),
                    **self.pressed.updates(seen.said, live),
                }
                if seen.said is not None and seen.said.running is False:
                    told_now |= self._watched(live)
                elif live.run is not None and time.monotonic() > looked + WATCH_SECONDS:
                    looked = time.monotonic()
                    told_now |= self.shown.watch.updates(live, live.run.model, progress.step)
                if seen.new_samples:
                    told_now[self.shown.samples] = samples_value(progress)
                if seen.new_samples or len(progress.held_out) > n_checks:
                    n_checks = len(progress.held_out)
                    told_now[self.shown.verdict] = verdict_shown(live)
                if seen.said is not None:
                    told_now[self.shown.runs] = runs_table(session)
                    told_now |= self._repeats(progress)
                newest = self.services.models.moments(live.name)[-1:]
                if follow and not progress.end and newest and newest[0][1] != followed:
                    followed = newest[0][1]
                    choices = [*self.services.models.choices(), *own_choices(self.services, session.runs)]
                    told_now[self.model] = gr.update(choices=choices, value=followed)
                yield told_now
        except Exception as error:
            said = Said(f"{in_words(error)} {say('ended_by_it')}", refused=True, running=False)
            yield {self.status: told(said), **self.pressed.updates(said, None)}

    def whole(self, session: TrainingSession) -> dict[Any, Any]:
        """All that tells of the session's last run."""
        live = session.current
        if live is None:
            return {self.shown.runs: runs_table(session), self.shown.names: session.names}
        return {
            self.shown.plot: loss_value(live.progress, overlaid(session)),
            self.shown.bar: loss_bar(live.progress),
            self.shown.verdict: verdict_shown(live),
            self.shown.samples: samples_value(live.progress),
            self.shown.runs: runs_table(session),
            self.shown.names: session.names,
            **self._repeats(live.progress),
            **self._watched(live),
        }

    def _watched(self, live: LiveRun) -> dict[Any, Any]:
        """Of a run that does not go on at present."""
        newest = self.services.models.moments(live.name)[-1:]
        return self.shown.watch.updates(live, self.services.models.get(newest[0][1]), newest[0][0]) if newest else {}

    def _repeats(self, progress: Progress) -> dict[Any, Any]:
        both = training_files.repeats(self.services, progress)
        return dict(zip((self.shown.command, self.shown.python), both, strict=True))

    def pause(self, session: TrainingSession | None) -> dict[Any, Any]:
        said = self.desk.pause(session)
        return {self.status: told(said), **self.pressed.updates(said, session.current if session else None)}

    def stop(self, session: TrainingSession | None) -> dict[Any, Any]:
        said = self.desk.stop(session)
        live = session.current if session else None
        updates = {self.status: told(said), **self.pressed.updates(said, live)}
        if session is not None and live is not None and live.progress.end:
            updates |= self.whole(session)
        return updates

    def change_rate(self, session: TrainingSession | None, exponent: Any) -> Any:
        low, high = RATE_FACTORS
        is_number = isinstance(exponent, int | float) and not isinstance(exponent, bool) and math.isfinite(exponent)
        factor = min(high, max(low, 10.0**exponent)) if is_number and abs(exponent) < 9 else "?"
        return told(self.desk.change_rate(session, factor))

    def act(self, session: TrainingSession | None, value: Any) -> dict[Any, Any]:
        """Hide a run in the plot, show it again, or take it away."""
        act = value.get("act") if isinstance(value, dict) else None
        if session is None or not isinstance(act, dict):
            return {self.shown.runs: gr.skip()}
        name = str(act.get("name"))
        if act.get("kind") == "forget":
            self.desk.forget(session, name)
        elif name in {live.name for live in session.runs}:
            session.hidden ^= {name}
        return self.whole(session)

    def offer_after_stop(self, session: TrainingSession | None, sentence: Any) -> dict[Any, Any]:
        """Of a run that was paused; one that goes on is offered when it has told its end."""
        if session is None or not session.ended_by_stop:
            return {}
        session.ended_by_stop = False
        return self.offer(session, sentence)

    def offer(self, session: TrainingSession | None, sentence: Any) -> dict[Any, Any]:
        found = self.desk.offer(session, sentence)
        if found is None:
            return {}
        menu = gr.update(choices=found.choices)
        if found.chosen:
            menu["value"] = found.chosen
        return {self.model: menu, self.status: told(found.said)}


def told(said: Said | None) -> Any:
    if said is None:
        return gr.skip()
    return notice.refusal(said.text) if said.refused else notice.info(said.text)
