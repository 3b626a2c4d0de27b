"""Who trains and who waits: one run at a time over all sessions, what each is told, and how its models come on offer."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from explorer.answers.live_runs import LiveRun, LiveRuns
from explorer.answers.recipe import CHARACTERS, OWN_VOCABULARY, Recipe
from explorer.answers.training import MAX_SECONDS, OldText, Progress, TrainingRun, held_out_part, sample_text
from explorer.answers.training_words import moment_choice, outcome, own_choice
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.trained import run_of
from explorer.wording.refusals import refusal_in_words
from gpt2core import Gpt2CoreError, Pretrained, Tokenizer
from gpt2core.data import character_tokenizer
from gpt2core.errors import EmptyPrompt, NotInVocabulary, PromptTooLong

say = catalogue("training")
TAKE_UP_SECONDS = 5.0  # until the page that was closed lets go of the run
LISTED = 8  # runs of one page; older ones leave its list
WITH_MOMENTS = 2  # of so many runs a menu lists every moment, of older ones their end


@dataclass(frozen=True)
class Said:
    """A sentence for the person who trains; refused: it is a refusal. running: what the buttons follow, None where nothing changed."""

    text: str
    refused: bool = False
    running: bool | None = None


@dataclass(frozen=True)
class Seen:
    """One moment of a run; said: None where nothing new is; new_samples: whether the model has written since the last one."""

    progress: Progress
    said: Said | None = None
    new_samples: bool = False


@dataclass(frozen=True)
class OnOffer:
    """The models of the Model menu with a person's own; chosen: the one just trained, where it can read the sentence."""

    choices: list[tuple[str, str]]
    chosen: str | None
    said: Said


@dataclass
class TrainingSession:
    """What one person's page knows of: its runs, the oldest first, which of them are hidden, whether the last is still to be offered,
    whether Stop ended it while it was paused, and whether a link has brought one that goes on."""

    runs: list[LiveRun] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    to_offer: bool = False
    ended_by_stop: bool = False
    taken_up: bool = False

    @property
    def current(self) -> LiveRun | None:
        return self.runs[-1] if self.runs else None

    @property
    def names(self) -> str:
        """What a link holds."""
        return ",".join(live.name for live in self.runs)


class TrainingDesk:
    """Takes what people ask for. That one run goes on at a time is the caller's to see to (Gradio's queue)."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._busy = threading.Event()
        self._runs = LiveRuns()

    def ask(self, session: TrainingSession, text: Any, recipe: tuple[Any, ...]) -> Said:
        """Refuse at once what cannot be trained; else take a place in the line. recipe: in the order of Recipe's fields."""
        try:
            asked = Recipe(*recipe)
            text = text if isinstance(text, str) else ""
            start, own = begun_with(self._services, asked, text)
            run = TrainingRun(text, asked, start=start, own=own, old=self._old_text(asked.source, text))
        except Gpt2CoreError as error:
            return Said(refusal_in_words(error), refused=True)
        if session.current is not None and session.current.can_go_on:
            self.stop(session)
        live = LiveRun(self._services.models.new_run(), run.progress, run.text, run)
        self._runs.add(live)
        session.runs[:] = [*session.runs, live][-LISTED:]
        return Said(say("waiting" if self._busy.is_set() else "starting"), running=True)

    def _old_text(self, source: str, text: str) -> OldText | None:
        """On which a run that starts from `source` tells what it forgets of before; None where it reads that very text again."""
        made_by = self._runs.get(run_of(source))
        old = OldText("own", held_out_part(made_by.text)) if made_by else OldText("sample", sample_text())
        return old if source and text not in (old.text, made_by.text if made_by else "") else None

    def run(self, session: TrainingSession | None, updates: int | None = None) -> Iterator[Seen]:
        """Let the session's last run train, for so many updates; nothing if it cannot. Close it to leave the run where it is."""
        live = session.current if session else None
        if session is None or live is None or not live.can_go_on or not live.driver.acquire(timeout=TAKE_UP_SECONDS):
            return
        self._busy.set()
        try:
            live.started, live.is_paused = True, updates is not None
            live.wishes.pause.clear()
            yield from self._driven(live, updates)
            session.to_offer = bool(live.progress.end)
        finally:
            self._busy.clear()
            live.driver.release()

    def _driven(self, live: LiveRun, updates: int | None) -> Iterator[Seen]:
        run = live.run
        assert run is not None
        n_samples = 0
        said: Said | None = Said(say("running", minutes=MAX_SECONDS / 60), running=True)
        for progress in run.ticks(live.wishes, updates):
            self._keep_moments(live, run)
            new = len(progress.samples) > n_samples
            n_samples = len(progress.samples)
            if progress.end:
                break
            yield Seen(progress, said, new)
            said = None
        if progress.end:
            self._end(live, run)
            yield Seen(progress, Said(live.outcome, refused=bool(progress.trouble), running=False), new_samples=True)
        else:
            live.is_paused = True
            yield Seen(progress, Said(paused_words(progress), running=False), new_samples=True)

    def _keep_moments(self, live: LiveRun, run: TrainingRun) -> None:
        for step, model in run.moments():
            self._services.models.add_moment(live.name, step, model)

    def _end(self, live: LiveRun, run: TrainingRun) -> None:
        self._keep_moments(live, run)
        trained: Pretrained | None = run.trained()
        if trained is not None:
            self._services.models.end_run(live.name, trained)
        live.outcome = outcome(live.progress, kept=trained is not None)
        live.end()

    def pause(self, session: TrainingSession | None) -> Said:
        """A run that goes on says itself when it has paused."""
        live = session.current if session else None
        if live is None or not live.can_go_on:
            return Said(say("idle"), running=False)
        live.is_paused = True
        live.wishes.pause.set()
        return Said(say("pausing"))

    def change_rate(self, session: TrainingSession | None, factor: Any) -> Said:
        """From the next update on so many times the rate of the recipe."""
        live = session.current if session else None
        if live is None or live.run is None or not live.can_go_on:
            return Said(say("rate_later"))
        try:
            live.run.change_rate(float(factor))
        except (Gpt2CoreError, TypeError, ValueError) as error:
            told = refusal_in_words(error) if isinstance(error, Gpt2CoreError) else say("rate_unreadable")
            return Said(told, refused=True)
        return Said(
            say("rate_changed", step=live.progress.step, rate=live.progress.recipe.learning_rate * float(factor))
        )

    def stop(self, session: TrainingSession | None) -> Said:
        """A run that goes on says itself when it has stopped; one that still waits never begins; one that is paused ends here."""
        live = session.current if session else None
        if session is None or live is None or not live.can_go_on:
            return Said(say("idle"), running=False)
        live.wishes.stop.set()
        if not live.started:
            return Said(say("left_line"), running=False)
        if live.run is not None and live.driver.acquire(blocking=False):
            try:
                live.wishes.pause.clear()
                for _ in live.run.ticks(live.wishes):
                    pass
                self._end(live, live.run)
            finally:
                live.driver.release()
            session.to_offer = session.ended_by_stop = True
            return Said(live.outcome, running=False)
        return Said(say("stopping"))

    def take_up(self, session: TrainingSession, names: str) -> Said | None:
        """The runs of a link, as far as they are kept, in place of the session's own; None where these are what it has."""
        if names == session.names:
            return None
        asked = [name for name in names.split(",") if name][-LISTED:]
        found = [live for name in asked if (live := self._runs.get(name)) is not None]
        session.runs = found
        session.to_offer = bool(found)
        gone = len(asked) - len(found)
        if gone:
            return Said(say("runs_gone", n=gone, all=len(asked)), refused=True, running=False)
        last = session.current
        if last is None:
            return None
        session.taken_up = last.can_go_on and not last.is_paused
        if session.taken_up:
            return Said(say("going_on", step=last.progress.step), running=True)
        if last.can_go_on:
            return Said(paused_words(last.progress), running=False)
        return Said(last.outcome or say("runs_gone", n=1, all=1), running=False)

    def last_of(self, names: str) -> LiveRun | None:
        """Of the runs that a link holds, the newest, if it is kept."""
        return self._runs.get(names.rsplit(",", 1)[-1]) if names else None

    def forget(self, session: TrainingSession, name: str) -> None:
        """Take a run out of the session's list, and its models off the server."""
        for live in [live for live in session.runs if live.name == name]:
            live.wishes.stop.set()
            session.runs.remove(live)
            session.hidden.discard(name)
            self._runs.forget(name)
            self._services.models.forget_run(name)

    def offer(self, session: TrainingSession | None, sentence: Any) -> OnOffer | None:
        """The models on offer with what was just trained, once; None if nothing was."""
        live = session.current if session else None
        if session is None or live is None or not session.to_offer:
            return None
        session.to_offer = False
        models = self._services.models
        chosen: str | None = live.name
        choices = [*models.choices(), *own_choices(self._services, session.runs)]
        if live.name not in {name for _, name in choices}:
            return None
        told = say("opened")
        try:
            self._services.read(sentence, chosen)
        except PromptTooLong as error:
            chosen, told = None, say("listed", n=error.n_tokens, limit=error.limit)
        except EmptyPrompt:
            chosen, told = None, say("listed_empty")
        except NotInVocabulary as error:
            chosen, told = None, say("listed_unread", why=refusal_in_words(error))
        return OnOffer(choices, chosen, Said(f"{live.outcome} {told}", refused=bool(live.progress.trouble)))


def paused_words(progress: Progress) -> str:
    """A run that stands after its first step was begun by it, by "One step": that is said."""
    return say("paused_at_first") if progress.step == 1 else say("paused", step=progress.step)


def begun_with(services: Services, recipe: Recipe, text: str) -> tuple[Pretrained | None, Tokenizer | None]:
    """The model that a recipe starts from, and the vocabulary that is neither that model's nor GPT-2's: the person's own, or the
    characters of `text`. Raises: UnknownModel, VocabularyNotKept, InvalidSetting."""
    if recipe.source:
        return services.models.get(recipe.source), None
    if recipe.vocab_size == CHARACTERS:
        return None, character_tokenizer(text)
    return None, services.vocabularies.get(recipe.vocabulary).tokenizer if recipe.vocab_size == OWN_VOCABULARY else None


def own_choices(services: Services, runs: Sequence[LiveRun]) -> list[tuple[str, str]]:
    """(label, name) of a page's own models: the end of each run, and the moments of the last ones."""
    choices = []
    for number, live in enumerate(runs, start=1):
        if live.progress.end and live.progress.step:
            choices.append((own_choice(number, live.progress), live.name))
        if number > len(runs) - WITH_MOMENTS:
            choices += [(moment_choice(number, step), name) for step, name in services.models.moments(live.name)]
    return choices
