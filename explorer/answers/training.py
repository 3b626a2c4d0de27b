"""A live training run in steps short enough to show: what was asked for, what has been seen so far, and the model at the end.

Knows nothing of the page. One core a run: beside other work two threads made this model three to six times slower, not faster.
"""

from __future__ import annotations

import contextlib
import math
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.wording.refusals import refusal_in_words
from explorer.wording.text import hex_bytes
from gpt2core import GPTConfig, GPTModel, Pretrained, TrainEvent, TrainSettings, generate, gpt2_tokenizer
from gpt2core.checkpoint import build_model, learned_tensors
from gpt2core.config import PRESETS
from gpt2core.data import Corpus, split_corpus
from gpt2core.errors import Gpt2CoreError, InvalidSetting, NotFinite
from gpt2core.ranges import is_number
from gpt2core.train import Trainer

SAMPLE_FILE = Path(__file__).parents[2] / "assets" / "sample.txt"
VOCAB_SIZE = 1024
# All of them read GPT-2's first 1,023 tokens and end-of-text, and learn within minutes on one core.
SIZES: dict[str, GPTConfig] = {
    "mini": GPTConfig(VOCAB_SIZE, 64, 64, 2, 2, drop_rate=0.0, qkv_bias=True, tied_head=True),
    "tiny": PRESETS["tiny"],
    "small": GPTConfig(VOCAB_SIZE, 128, 192, 6, 6, drop_rate=0.0, qkv_bias=True, tied_head=True),
}
MAX_CHARACTERS = 2_000_000
MAX_STEPS, MAX_BATCH_SIZE = 3_000, 64
MAX_SECONDS = 600
TICK_SECONDS = 0.15
VAL_FRACTION = 0.1
N_CHECKS, N_SAMPLES, SAMPLE_TOKENS = 20, 8, 50

_UNSEEN = re.compile("[\udc80-\udcff\x00-\x08\x0b-\x1f\x7f-\x9f]+")

End = Literal["", "finished", "stopped", "time", "not finite"]


@dataclass(frozen=True)
class Recipe:
    """What a person chose. Raises: InvalidSetting for what the page does not offer."""

    size: str = "tiny"
    steps: int = 400
    learning_rate: float = 2e-3
    batch_size: int = 16

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise InvalidSetting(f"There is no model size {str(self.size)[:40]!r}; choose {', '.join(SIZES)}.")
        for name, value, most in (("steps", self.steps, MAX_STEPS), ("batch_size", self.batch_size, MAX_BATCH_SIZE)):
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise InvalidSetting(f"{name} is {value!r}; choose a whole number from 1 to {most:,}.")
        if not is_number(self.learning_rate) or not 0 < self.learning_rate <= 1:
            raise InvalidSetting(
                f"The learning rate is {self.learning_rate!r}; choose more than 0 and at most 1, for example 0.002."
            )

    @property
    def config(self) -> GPTConfig:
        return SIZES[self.size]

    def settings(self) -> TrainSettings:
        return TrainSettings(
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            warmup_steps=min(20, self.steps // 4),
            eval_every=max(1, self.steps // N_CHECKS),
            sample_every=0,  # written here, so that bytes which are no characters stay visible
        )


@dataclass(frozen=True)
class Sample:
    """What the model wrote after `step` updates: the prompt that it was given, and its own words."""

    step: int
    prompt: str
    text: str


@dataclass
class Progress:
    """Everything seen so far. train, held_out: (step, nats per token); held_out starts at step 0, before any update."""

    recipe: Recipe
    step: int = 0
    train: list[tuple[int, float]] = field(default_factory=list)
    held_out: list[tuple[int, float]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    tokens_per_second: float = 0.0
    seconds_left: float = math.nan
    seconds: float = 0.0
    end: End = ""
    trouble: str = ""

    @property
    def chance_nats(self) -> float:
        """The loss of a model that finds every token of the vocabulary equally likely."""
        return math.log(self.recipe.config.vocab_size)


class CorpusTooLong(Gpt2CoreError):
    """More text than a run that is bounded in time could read."""

    def __init__(self, n_characters: int) -> None:
        excess = n_characters - MAX_CHARACTERS
        super().__init__(catalogue("training")("too_long", n=n_characters, limit=MAX_CHARACTERS, excess=excess))


def sample_text() -> str:
    """The text to learn that comes with the project."""
    return SAMPLE_FILE.read_text(encoding="utf-8")


def corpus_for(text: str, recipe: Recipe) -> Corpus:
    """Raises: CorpusTooLong, CorpusTooShort."""
    if len(text) > MAX_CHARACTERS:
        raise CorpusTooLong(len(text))
    return split_corpus(text, gpt2_tokenizer(VOCAB_SIZE), recipe.config.context_length, VAL_FRACTION)


def readable(data: bytes) -> str:
    """Characters as they are, line ends too; control characters and bytes that are only part of one in hex, ‹F0 9F›."""
    text = data.decode("utf-8", "surrogateescape")
    return _UNSEEN.sub(lambda found: f"‹{hex_bytes(_raw(found[0]))}›", text)


def _raw(surrogates: str) -> bytes:
    return surrogates.encode("utf-8", "surrogateescape")


class TrainingRun:
    """A model being trained. Raises: CorpusTooLong, CorpusTooShort, InvalidSetting."""

    def __init__(self, text: str, recipe: Recipe, *, max_seconds: float = MAX_SECONDS) -> None:
        self.tokenizer = gpt2_tokenizer(VOCAB_SIZE)
        corpus = corpus_for(text, recipe)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = GPTModel(recipe.config)
        self.trainer = Trainer(model, corpus, recipe.settings(), self.tokenizer)
        self.progress = Progress(recipe)
        self._max_seconds = max_seconds
        words = " ".join(text.split(maxsplit=3)[:3]) or text[:1]
        self._prompt_ids = self.tokenizer.encode(words[:80])[:8]
        self._sample_every = max(1, recipe.steps // N_SAMPLES)
        self._last_finite: dict[str, Tensor] = {}

    def ticks(self, stop: threading.Event) -> Iterator[Progress]:
        """Train, telling about it every TICK_SECONDS, until the end, `stop` or the time limit; close it to give up at once.

        The Progress is one object that grows. A loss that is no number ends the run as "not finite", with the reason.
        """
        progress, events = self.progress, self.trainer.run()
        began = time.monotonic()
        with _one_thread():
            self._check()
            self._write_sample()
        yield progress
        while not progress.end:
            with _one_thread():
                progress.end = self._work(events, stop, began + self._max_seconds)
                if progress.end and progress.step > progress.samples[-1].step:
                    self._write_sample()
                if progress.end and progress.end != "not finite" and progress.step > progress.held_out[-1][0]:
                    self._check()  # so that the end is told by the loss where it ended
            progress.seconds = time.monotonic() - began
            yield progress

    def _check(self) -> None:
        loss_nats = self.trainer.validation_loss(self.trainer.settings.eval_windows)
        self.progress.held_out.append((self.progress.step, loss_nats))

    def _work(self, events: Iterator[TrainEvent], stop: threading.Event, limit: float) -> End:
        tick_ends = time.monotonic() + TICK_SECONDS
        try:
            while True:
                if stop.is_set():
                    return "stopped"
                if time.monotonic() > limit:
                    return "time"
                event = next(events, None)
                if event is None:
                    return "finished"
                self._note(event)
                if time.monotonic() > tick_ends:
                    return ""
        except NotFinite as error:
            self.progress.trouble = refusal_in_words(error)
            return "not finite"

    def _note(self, event: TrainEvent) -> None:
        progress = self.progress
        progress.step = event.step
        progress.train.append((event.step, event.loss_nats))
        progress.tokens_per_second, progress.seconds_left = event.tokens_per_second, event.seconds_left
        if event.val_loss_nats is not None:
            progress.held_out.append((event.step, event.val_loss_nats))
            self._last_finite = self._finite_weights() or self._last_finite
        if event.step % self._sample_every == 0:
            self._write_sample()

    def _write_sample(self) -> None:
        """The same prompt and seed every time, so that only what was learned differs."""
        steps = generate(self.trainer.model, self._prompt_ids, SAMPLE_TOKENS, temperature=0.8, top_k=50, seed=0)
        try:
            written = [step.token_id for step in steps]
        except NotFinite:
            return
        prompt, text = (readable(self.tokenizer.decode_bytes(token_ids)) for token_ids in (self._prompt_ids, written))
        self.progress.samples.append(Sample(self.progress.step, prompt, text))

    def _finite_weights(self) -> dict[str, Tensor]:
        tensors = {name: weight.detach().clone() for name, weight in learned_tensors(self.trainer.model).items()}
        return tensors if all(bool(weight.isfinite().all()) for weight in tensors.values()) else {}

    def trained(self) -> Pretrained | None:
        """A copy that no longer changes, of the last weights that are numbers; None before the first update."""
        weights = self._finite_weights() or self._last_finite
        if not weights or self.progress.step == 0:
            return None
        return Pretrained(build_model(self.progress.recipe.config, weights), self.tokenizer)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """torch's thread count belongs to the calling thread and to those started later, so it is put back after every tick."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Job:
    """One press of Train, waiting for its turn or running."""

    def __init__(self, text: str, recipe: Recipe) -> None:
        self.text, self.recipe = text, recipe
        self.stop = threading.Event()
        self.started = False
        self.outcome, self.kept, self.trouble = "", False, False  # how it ended; a model came of it; not as it should


@dataclass(frozen=True)
class Kept:
    """A trained model: the name that opens it, and what tells it from others."""

    name: str
    steps: int
    n_parameters: int


class TrainingSession:
    """What one person's page remembers: the job asked for last, and the models trained."""

    def __init__(self) -> None:
        self.job: Job | None = None
        self.trained: list[Kept] = []

    def ask(self, text: Any, recipe: Recipe) -> Job:
        """Replace the job; one that still waits or runs stops. Raises: CorpusTooLong, CorpusTooShort."""
        corpus_for(text if isinstance(text, str) else "", recipe)
        self.stop()
        self.job = Job(text, recipe)
        return self.job

    def start(self) -> Job | None:
        """The job whose turn has come, once; None if it was stopped while it waited."""
        job = self.job
        if job is None or job.started or job.stop.is_set():
            return None
        job.started = True
        return job

    def keep(self, name: str, steps: int, n_parameters: int) -> None:
        """Remember the model of this name, trained for so many steps."""
        self.trained.append(Kept(name, steps, n_parameters))

    def stop(self) -> None:
        if self.job is not None:
            self.job.stop.set()
