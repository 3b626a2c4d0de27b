"""Who trains and who waits: one run at a time over all sessions, what each is told, and how its model comes on offer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from explorer.answers.training import MAX_SECONDS, Progress, Recipe, TrainingRun, TrainingSession
from explorer.answers.training_words import outcome, own_choice
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.wording.refusals import refusal_in_words
from gpt2core import Gpt2CoreError
from gpt2core.errors import EmptyPrompt, PromptTooLong

say = catalogue("training")


@dataclass(frozen=True)
class Said:
    """A sentence for the person who trains; refused: it is a refusal. running: what the buttons follow, None where nothing changed."""

    text: str
    refused: bool = False
    running: bool | None = None


@dataclass(frozen=True)
class Seen:
    """One moment of a run; said: None where nothing new is; new_samples: whether the model has written since the last moment."""

    progress: Progress
    said: Said | None = None
    new_samples: bool = False


@dataclass(frozen=True)
class OnOffer:
    """The models of the Model menu with a person's own; chosen: the one just trained, where it can read the sentence."""

    choices: list[tuple[str, str]]
    chosen: str | None
    said: Said


class TrainingDesk:
    """Takes what people ask for. That one run goes on at a time is the caller's to see to (Gradio's queue)."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._busy = threading.Event()

    def ask(self, session: TrainingSession, text: Any, recipe: tuple[Any, ...]) -> Said:
        """Refuse at once what cannot be trained; else take a place in the line. recipe: in the order of Recipe's fields."""
        try:
            session.ask(text, Recipe(*recipe))
        except Gpt2CoreError as error:
            return Said(refusal_in_words(error), refused=True)
        return Said(say("waiting" if self._busy.is_set() else "starting"), running=True)

    def run(self, session: TrainingSession | None) -> Iterator[Seen]:
        """The run that the session has asked for; nothing if it has left the line. Close it to give the run up."""
        job = session.start() if session else None
        if session is None or job is None:
            return
        self._busy.set()
        try:
            run, n_samples = TrainingRun(job.text, job.recipe), 0
            said: Said | None = Said(say("running", minutes=MAX_SECONDS / 60))
            for progress in run.ticks(job.stop):
                new = len(progress.samples) > n_samples
                n_samples = len(progress.samples)
                if progress.end:
                    break
                yield Seen(progress, said, new)
                said = None
            trained = run.trained()
            if trained is not None:
                session.keep(self._services.models.add_trained(trained), progress.step, trained.model.parameter_count())
            job.kept = trained is not None
            job.outcome = outcome(progress, kept=job.kept)
            job.trouble = bool(progress.trouble)
            yield Seen(progress, Said(job.outcome, refused=job.trouble, running=False), new_samples=True)
        finally:
            self._busy.clear()

    def stop(self, session: TrainingSession | None) -> Said:
        """A run that goes on says itself when it has stopped; one that still waits never begins."""
        job = session.job if session else None
        if session is None or job is None:
            return Said(say("idle"), running=False)
        session.stop()
        return Said(say("stopping")) if job.started else Said(say("left_line"), running=False)

    def offer(self, session: TrainingSession | None, sentence: Any) -> OnOffer | None:
        """The models on offer with what was just trained, once; None if nothing was."""
        job = session.job if session else None
        if session is None or job is None or not job.kept:
            return None
        models = self._services.models
        chosen: str | None = session.trained[-1].name
        choices = models.choices()
        choices += [(own_choice(number, kept), kept.name) for number, kept in enumerate(session.trained, start=1)]
        told = say("opened")
        try:
            self._services.read(sentence, chosen)
        except PromptTooLong as error:
            chosen, told = None, say("listed", n=error.n_tokens, limit=error.limit)
        except EmptyPrompt:
            chosen, told = None, say("listed_empty")
        session.job = None
        return OnOffer(choices, chosen, Said(f"{job.outcome} {told}", refused=job.trouble))
