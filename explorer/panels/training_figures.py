"""What the figures of the Training tab are set to: the curves, the list of runs, the verdict, what the model wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from explorer.answers.live_runs import LiveRun
from explorer.answers.training import Progress, trained_part
from explorer.answers.training_desk import TrainingSession
from explorer.answers.training_words import changes_in_words, facts, run_cells, run_columns, summary
from explorer.answers.verdict import verdict_of
from explorer.catalogue import catalogue
from explorer.widgets.frame import frame_value
from explorer.widgets.loss import Curve, loss_curve
from explorer.widgets.runs import Row, runs_value
from explorer.widgets.samples import written_samples
from explorer.widgets.verdict import verdict_value

say = catalogue("training")
OVERLAID = 4  # earlier runs in the plot


def overlaid(session: TrainingSession) -> list[tuple[str, Progress]]:
    """The earlier runs that stand paler in the plot, the newest first, each with its name."""
    earlier = [(say("run", number=n), live) for n, live in enumerate(session.runs, start=1)][:-1]
    shown = [(label, live.progress) for label, live in reversed(earlier) if live.name not in session.hidden]
    return shown[:OVERLAID]


def runs_table(session: TrainingSession) -> dict[str, Any]:
    rows = []
    for number, live in enumerate(session.runs, start=1):
        before = session.runs[number - 2].progress.recipe if number > 1 else None
        verdict = verdict_of(live.progress, trained_part(live.text))
        cells = [
            say("run", number=number),
            changes_in_words(live.progress.recipe, before),
            *run_cells(live.progress, verdict.kind),
        ]
        rows.append(Row(live.name, cells, live.name in session.hidden))
    return runs_value(run_columns(), rows)


def verdict_shown(live: LiveRun) -> dict[str, Any]:
    return verdict_value(verdict_of(live.progress, trained_part(live.text)))


def loss_value(progress: Progress, earlier: Sequence[tuple[str, Progress]], told_origin: str = "") -> dict[str, Any]:
    """progress: of the run that it tells of; earlier: others, paler."""
    curves = [_curve(say("this_run"), progress), *(_curve(label, other) for label, other in earlier)]
    return loss_curve(
        curves,
        steps=max([progress.recipe.steps, *(other.step for _, other in earlier)]),
        planned=progress.recipe.steps,
        step=progress.step,
        chance_nats=progress.chance_nats,
        n_tokens=progress.vocab_size,
        best=progress.best[0] if len(progress.held_out) > 2 else None,
        facts=facts(progress),
        summary=summary(progress),
        origin=told_origin,
    )


def _curve(label: str, progress: Progress) -> Curve:
    updates = [
        (step, loss, rate, norm, seconds)
        for (step, loss), rate, norm, seconds in zip(
            progress.train, progress.rates, progress.gradient_norms, progress.times, strict=True
        )
    ]
    return Curve(label, updates, progress.held_out, progress.recipe.batch_size * progress.window)


def samples_value(progress: Progress) -> dict[str, Any]:
    written = [(sample.step, sample.prompt, sample.text) for sample in progress.samples]
    return written_samples(written, fine_tuned=bool(progress.recipe.source))


def loss_bar(progress: Progress) -> dict[str, Any]:
    return frame_value(say("plot_title"), summary(progress))
