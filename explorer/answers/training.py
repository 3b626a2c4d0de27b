"""A live training run in steps short enough to show: what has been seen so far, moments of the model, and the model at the end.

Knows nothing of the page. One core a run: beside other work two threads made this model three to six times slower, not faster.
"""

from __future__ import annotations

import contextlib
import math
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from explorer.answers.recipe import VAL_FRACTION, Recipe
from explorer.catalogue import catalogue
from explorer.wording.refusals import refusal_in_words
from explorer.wording.text import hex_bytes
from gpt2core import GPTConfig, GPTModel, Pretrained, Tokenizer, TrainEvent, generate, gpt2_tokenizer
from gpt2core.checkpoint import build_model, learned_tensors
from gpt2core.data import Corpus, split_corpus
from gpt2core.errors import Gpt2CoreError, NotFinite, NotInVocabulary
from gpt2core.train import Trainer, validation_loss
from gpt2core.train.phases import check_learning_rate

SAMPLE_FILE = Path(__file__).parents[2] / "assets" / "sample.txt"
MAX_CHARACTERS = 2_000_000
MAX_SECONDS = 600
TICK_SECONDS = 0.15
N_SAMPLES, SAMPLE_TOKENS = 8, 50
MOST_MOMENTS = 24
OLD_WINDOW, OLD_WINDOWS = 128, 8  # of a text of before: so many tokens at a time, so many times

_UNSEEN = re.compile("[\udc80-\udcff\x00-\x08\x0b-\x1f\x7f-\x9f]+")
_GENERATOR = threading.Lock()  # torch's own is one for all threads; only training draws from it

End = Literal["", "finished", "stopped", "time", "not finite", "patience"]


@dataclass(frozen=True)
class Sample:
    """What the model wrote after `step` updates: the prompt that it was given, and its own words."""

    step: int
    prompt: str
    text: str


@dataclass
class Progress:
    """Everything seen so far. train, held_out: (step, nats per token); held_out starts at step 0, before any update. rates,
    gradient_norms (before clipping) and times (seconds of training): one for each of train. rate_changes: (step, factor) for each
    change of the rate while it ran. vocab_size, window, n_layers,
    n_parameters, n_train_tokens: of the model and its text. frequency_nats: what knowing how often each token comes in that text, and
    nothing else, would give on it. with_mask: of a run without the mask, the held-back loss of its last check with it. old: of a run that
    goes on from a model, (step, nats per token) on a text of before; old_kind: which, see OldText."""

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
    rates: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    rate_changes: list[tuple[int, float]] = field(default_factory=list)
    vocab_size: int = 0
    window: int = 0
    n_train_tokens: int = 0
    n_parameters: int = 0
    n_layers: int = 0
    frequency_nats: float | None = None
    with_mask: float | None = None
    old: list[tuple[int, float]] = field(default_factory=list)
    old_kind: str = ""

    def __post_init__(self) -> None:
        """What a run that starts from random numbers need not say."""
        config = self.recipe.config
        self.vocab_size = self.vocab_size or config.vocab_size
        self.window = self.window or config.context_length
        self.n_layers = self.n_layers or config.n_layers

    @property
    def chance_nats(self) -> float:
        """The loss of a model that finds every token of the vocabulary equally likely."""
        return math.log(self.vocab_size)

    @property
    def best(self) -> tuple[int, float]:
        """The check with the lowest held-back loss, (step, nats); the first of several."""
        return min(self.held_out, key=lambda check: check[1])


@dataclass(frozen=True)
class OldText:
    """What a model knew before it is fine-tuned. kind: "own", held back from the run that made it; "sample", the stories that come with
    the project, of the kind that the models that ship have read."""

    kind: Literal["own", "sample"]
    text: str


@dataclass
class Wishes:
    """What the person wants of a run that goes on, set from another thread. stop: end it. pause: leave it where it is."""

    stop: threading.Event = field(default_factory=threading.Event)
    pause: threading.Event = field(default_factory=threading.Event)


class CorpusTooLong(Gpt2CoreError):
    """More text than a run that is bounded in time could read."""

    def __init__(self, n_characters: int) -> None:
        excess = n_characters - MAX_CHARACTERS
        super().__init__(catalogue("training")("too_long", n=n_characters, limit=MAX_CHARACTERS, excess=excess))


def sample_text() -> str:
    """The text to learn that comes with the project."""
    return SAMPLE_FILE.read_text(encoding="utf-8")


def held_out_part(text: str) -> str:
    """The end of a run's text that it was never trained on, about: between documents the cut may lie a little later."""
    return text[int((1 - VAL_FRACTION) * len(text)) :]


def trained_part(text: str) -> str:
    """The text without that."""
    return text[: int((1 - VAL_FRACTION) * len(text))]


def corpus_for(text: str, tokenizer: Tokenizer, config: GPTConfig) -> Corpus:
    """Raises: CorpusTooLong, CorpusTooShort."""
    if len(text) > MAX_CHARACTERS:
        raise CorpusTooLong(len(text))
    return split_corpus(text, tokenizer, config.context_length, VAL_FRACTION)


def readable(data: bytes) -> str:
    """Characters as they are, line ends too; control characters and bytes that are only part of one in hex, ‹F0 9F›."""
    text = data.decode("utf-8", "surrogateescape")
    return _UNSEEN.sub(lambda found: f"‹{hex_bytes(_raw(found[0]))}›", text)


def _raw(surrogates: str) -> bytes:
    return surrogates.encode("utf-8", "surrogateescape")


def moments_of(steps: int, most: int = MOST_MOMENTS) -> list[int]:
    """After which updates of so many a moment is kept: 0, the last, and between them the denser the earlier, for a model changes
    most at its beginning."""
    return sorted({round(steps * (number / (most - 1)) ** 2) for number in range(most)})


class TrainingRun:
    """A model being trained. start: the model that it goes on from, which stays as it is, and old: a text of before, on which is
    measured what it forgets; own: the vocabulary where the recipe wants neither that model's nor GPT-2's. Raises: CorpusTooLong,
    CorpusTooShort, InvalidSetting, NotInVocabulary."""

    def __init__(
        self,
        text: str,
        recipe: Recipe,
        *,
        start: Pretrained | None = None,
        own: Tokenizer | None = None,
        old: OldText | None = None,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self.text = text
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            config, self.tokenizer = read_by(recipe, start, own)
            model = GPTModel(config) if start is None else build_model(config, learned_tensors(start.model))
            self.corpus = corpus_for(text, self.tokenizer, config)
            self.trainer = Trainer(model, self.corpus, recipe.settings(config.n_layers), self.tokenizer)
        self.progress = Progress(
            recipe,
            vocab_size=config.vocab_size,
            window=config.context_length,
            n_train_tokens=len(self.corpus.train_ids),
            n_parameters=model.parameter_count(),
            n_layers=config.n_layers,
            frequency_nats=entropy_nats(self.corpus.train_ids),
        )
        self._old_ids = torch.tensor(readable_ids(old.text, self.tokenizer) if old is not None else [])
        if len(self._old_ids) > 1:
            assert old is not None
            self.progress.old_kind = old.kind
        self._max_seconds = max_seconds
        words = " ".join(text.split(maxsplit=3)[:3]) or text[:1]
        self._prompt_ids = self.tokenizer.encode(words[:80])[:8]
        self._sample_every = max(1, recipe.steps // N_SAMPLES)
        self._moments = set(moments_of(recipe.steps))
        self._due: list[int] = []
        self._last_finite: dict[str, Tensor] = {}
        self._random_state: Tensor | None = None
        self._rate_factor = 1.0

    def ticks(self, wishes: Wishes, updates: int | None = None) -> Iterator[Progress]:
        """Train, telling about it every TICK_SECONDS, until the end, a wish, the time limit or after so many `updates`; call it again
        to go on after a pause, close it to leave the run where it is.

        The Progress is one object that grows. A loss that is no number ends the run as "not finite", with the reason.
        """
        progress, events = self.progress, self.trainer.run()
        began, before = time.monotonic(), progress.seconds
        last = None if updates is None else progress.step + updates
        if not progress.held_out:
            with _one_thread():
                self._check()
                self._write_sample()
                self._due.append(0)
        yield progress
        while not progress.end and not wishes.pause.is_set() and (last is None or progress.step < last):
            with _one_thread(), self._own_luck():
                progress.end = self._work(events, wishes, began + self._max_seconds - before, last)
                if progress.end and progress.step > progress.samples[-1].step:
                    self._write_sample()
                if progress.end and progress.end != "not finite" and progress.step > progress.held_out[-1][0]:
                    self._check()  # so that the end is told by the loss where it ended
            progress.seconds = before + time.monotonic() - began
            if progress.end or wishes.pause.is_set() or progress.step == last:
                self._due.append(progress.step)  # where it was left is a moment too
            yield progress

    def change_rate(self, factor: float) -> None:
        """From the next update on, `factor` times the rate that the schedule says. Raises: InvalidSetting."""
        check_learning_rate(self.progress.recipe.learning_rate * factor)
        if factor == self._rate_factor:
            return
        self._rate_factor = factor
        self.trainer.settings = replace(
            self.trainer.settings, learning_rate=self.progress.recipe.learning_rate * factor
        )
        self.progress.rate_changes.append((self.progress.step, factor))

    @property
    def model(self) -> Pretrained:
        """The model itself, which every update changes: to be looked at between two ticks only."""
        return Pretrained(self.trainer.model, self.tokenizer)

    def moments(self) -> Iterator[tuple[int, Pretrained]]:
        """Copies of the model at moments that have come since this was last asked, each once. None of them changes any more."""
        due, self._due = sorted(set(self._due)), []
        for step in due:
            copied = self.trained() if step else self._copy(self._weights())
            if copied is not None:
                yield step, copied

    def trained(self) -> Pretrained | None:
        """A copy that no longer changes, of the last weights that are numbers; None before the first update."""
        weights = self._finite_weights() or self._last_finite
        return self._copy(weights) if weights and self.progress.step else None

    def _check(self) -> None:
        self._note_check(self.trainer.validation_loss(self.trainer.settings.eval_windows))

    def _note_check(self, loss_nats: float) -> None:
        progress, trainer = self.progress, self.trainer
        progress.held_out.append((progress.step, loss_nats))
        if not trainer.settings.causal:
            progress.with_mask = trainer.validation_loss(trainer.settings.eval_windows, causal=True)
        if progress.old_kind:
            window = min(OLD_WINDOW, progress.window, len(self._old_ids) - 1)
            loss_nats = validation_loss(trainer.model, self._old_ids, max_windows=OLD_WINDOWS, window=window)
            progress.old.append((progress.step, loss_nats))

    def _work(self, events: Iterator[TrainEvent], wishes: Wishes, limit: float, last: int | None) -> End:
        tick_ends = time.monotonic() + TICK_SECONDS
        try:
            while not (wishes.pause.is_set() or self.progress.step == last):
                if wishes.stop.is_set():
                    return "stopped"
                if time.monotonic() > limit:
                    return "time"
                event = next(events, None)
                if event is None:
                    return "finished"
                self._note(event)
                if self._out_of_patience():
                    return "patience"
                if self._due or time.monotonic() > tick_ends:  # a moment is taken before the next update
                    break
        except NotFinite as error:
            self.progress.trouble = refusal_in_words(error)
            return "not finite"
        return self._where(wishes)

    def _where(self, wishes: Wishes) -> End:
        """How it stands after a tick."""
        if self.progress.step == self.progress.recipe.steps:
            return "finished"
        return "stopped" if wishes.stop.is_set() else ""

    def _note(self, event: TrainEvent) -> None:
        progress = self.progress
        taken = progress.times[-1] if progress.times else 0.0
        progress.step = event.step
        progress.train.append((event.step, event.loss_nats))
        progress.rates.append(event.learning_rate)
        progress.gradient_norms.append(event.gradient_norm)
        tokens = self.trainer.settings.batch_size * progress.window
        progress.times.append(taken + tokens / event.tokens_per_second)
        progress.tokens_per_second, progress.seconds_left = event.tokens_per_second, event.seconds_left
        if event.val_loss_nats is not None:
            self._note_check(event.val_loss_nats)
            self._last_finite = self._finite_weights() or self._last_finite
        if event.step % self._sample_every == 0:
            self._write_sample()
        if event.step in self._moments:
            self._due.append(event.step)

    def _out_of_patience(self) -> bool:
        patience, checks = self.progress.recipe.patience, self.progress.held_out
        if not patience or checks[-1][0] != self.progress.step:
            return False
        best = min(range(len(checks)), key=lambda number: checks[number][1])
        return len(checks) - 1 - best >= patience

    def _write_sample(self) -> None:
        """The same prompt and seed every time, so that only what was learned differs."""
        steps = generate(self.trainer.model, self._prompt_ids, SAMPLE_TOKENS, temperature=0.8, top_k=50, seed=0)
        try:
            written = [step.token_id for step in steps]
        except NotFinite:
            return
        prompt, text = (readable(self.tokenizer.decode_bytes(token_ids)) for token_ids in (self._prompt_ids, written))
        self.progress.samples.append(Sample(self.progress.step, prompt, text))

    def _weights(self) -> dict[str, Tensor]:
        return {name: weight.detach().clone() for name, weight in learned_tensors(self.trainer.model).items()}

    def _finite_weights(self) -> dict[str, Tensor]:
        tensors = self._weights()
        return tensors if all(bool(weight.isfinite().all()) for weight in tensors.values()) else {}

    def _copy(self, weights: dict[str, Tensor]) -> Pretrained:
        return Pretrained(build_model(self.trainer.model.config, weights), self.tokenizer)

    @contextlib.contextmanager
    def _own_luck(self) -> Iterator[None]:
        """The run draws (for dropout) as if it were alone, so that it equals the command line's to the bit."""
        with _GENERATOR, torch.random.fork_rng(devices=[]):
            if self._random_state is not None:
                torch.set_rng_state(self._random_state)
            yield
            self._random_state = torch.get_rng_state()


def entropy_nats(token_ids: Tensor) -> float:
    """Of how often each token comes, nats per token: the loss of a model that knows nothing else."""
    counts = token_ids.bincount().double()
    return float(torch.special.entr(counts / counts.sum()).sum())


def readable_ids(text: str, tokenizer: Tokenizer) -> list[int]:
    """The text's tokens; none where the vocabulary cannot write it."""
    try:
        return tokenizer.encode(text)
    except NotInVocabulary:
        return []


def read_by(recipe: Recipe, start: Pretrained | None, own: Tokenizer | None) -> tuple[GPTConfig, Tokenizer]:
    """Of which shape the model is that a recipe trains, and by which vocabulary it reads."""
    if start is not None:
        config = replace(start.model.config, drop_rate=recipe.drop_rate)
        return config, start.tokenizer or gpt2_tokenizer(config.vocab_size)
    tokenizer = own or gpt2_tokenizer(recipe.config.vocab_size)
    return replace(recipe.config, vocab_size=tokenizer.vocab_size), tokenizer


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """torch's thread count belongs to the calling thread and to those started later, so it is put back after every tick."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def log_lines(progress: Progress) -> Iterator[dict[str, Any]]:
    """The run's log as the command line writes it, an event an update; samples are told apart from it."""
    checks = dict(progress.held_out)
    tokens = progress.recipe.batch_size * progress.window
    rows = zip(progress.train, progress.rates, progress.gradient_norms, progress.times, strict=True)
    for (step, loss), rate, norm, seconds in rows:
        yield {
            "step": step,
            "steps": progress.recipe.steps,
            "loss_nats": loss,
            "learning_rate": rate,
            "gradient_norm": norm,
            "tokens_seen": step * tokens,
            "tokens_per_second": step * tokens / seconds,
            "seconds_left": (progress.recipe.steps - step) * seconds / step,
            "val_loss_nats": checks.get(step),
            "sample": None,
            "phase": 1,
        }
