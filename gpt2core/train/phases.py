"""A curriculum: phases of a run that differ in how far the model reads, in what, and in how fast it learns.

T tokens in a window, B windows an update.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.data import Corpus, SlidingWindows
from gpt2core.errors import InvalidSetting
from gpt2core.ranges import is_number, mixed_seed, shown, whole
from gpt2core.tokenizer import END_OF_TEXT, Tokenizer
from gpt2core.train.exercises import CopyExercises, check_share

EXAMPLE = "steps=600,window=64,exercises=0.6,learning-rate=6e-3"


@dataclass(frozen=True)
class Phase:
    """steps: updates. window: tokens T that are read at once, which must divide the model's context (0: all of it); an update reads as
    many tokens as with whole windows. exercises: share of tokens, 0 to less than 1, that are copy exercises (see CopyExercises).
    learning_rate, final_learning_rate, warmup_steps: the schedule inside the phase, as in TrainSettings (None: the run's own).
    Raises: InvalidSetting.
    """

    steps: int
    window: int = 0
    exercises: float = 0.0
    learning_rate: float | None = None
    final_learning_rate: float | None = None
    warmup_steps: int | None = None

    def __post_init__(self) -> None:
        self._set("steps", whole("steps of a phase", self.steps, 1))
        self._set("window", whole("window of a phase", self.window, 0))
        check_share(self.exercises)
        self._set("exercises", float(self.exercises))
        if self.learning_rate is not None:
            check_learning_rate(self.learning_rate)
            self._set("learning_rate", float(self.learning_rate))
        if self.final_learning_rate is not None:
            check_final_learning_rate(self.final_learning_rate)
            self._set("final_learning_rate", float(self.final_learning_rate))
        if self.warmup_steps is not None:
            self._set("warmup_steps", whole("warmup_steps of a phase", self.warmup_steps, 0))

    def _set(self, name: str, value: object) -> None:
        """Only while it is being made: numbers of numpy become Python's own, which can be written down."""
        object.__setattr__(self, name, value)

    def window_of(self, context_length: int) -> int:
        """T for a model of this context. Raises: InvalidSetting for a window that the context is no multiple of."""
        window = self.window or context_length
        if window > context_length:
            raise InvalidSetting(
                "A phase has windows of {window:,} tokens, and this model reads at most {context:,}; choose a shorter window.",
                window=window,
                context=context_length,
            )
        if context_length % window:
            raise InvalidSetting(
                "A phase has windows of {window:,} tokens, which do not fit a whole number of times into the model's context of "
                "{context:,}; choose a window that divides it, for example {example:,}.",
                window=window,
                context=context_length,
                example=math.gcd(window, context_length),
            )
        return window


def parsed_phase(text: str) -> Phase:
    """What `--phase` says: name=value pairs with commas between them, names as in Phase with - for _. Raises: InvalidSetting."""
    kinds = {field.name: float if "float" in str(field.type) else int for field in fields(Phase)}
    given: dict[str, float] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        key = name.replace("-", "_")
        if not equals or key not in kinds or key in given:
            raise InvalidSetting(
                "The phase {phase} has the part {part}, which is not one of {names}, each once; write for example {example}.",
                phase=shown(text),
                part=shown(part),
                names=", ".join(f"{known.replace('_', '-')}=" for known in kinds),
                example=EXAMPLE,
            )
        try:
            given[key] = kinds[key](value)
        except ValueError as error:
            raise InvalidSetting(
                "The phase {phase} has {value} for {name}; choose a number, for example {example}.",
                phase=shown(text),
                value=shown(value),
                name=name,
                example=EXAMPLE,
            ) from error
    if "steps" not in given:
        raise InvalidSetting(
            "The phase {phase} does not say how long it is; choose its steps, for example {example}.",
            phase=shown(text),
            example=EXAMPLE,
        )
    return Phase(**given)  # type: ignore[arg-type]


def phase_at(phases: Sequence[Phase], step: int) -> tuple[int, int]:
    """Which phase the update after `step` others belongs to, and how many of its own came before; the last one has no end."""
    number, before = 0, 0
    while number < len(phases) - 1 and step >= before + phases[number].steps:
        before += phases[number].steps
        number += 1
    return number, step - before


def ending_at(phases: Sequence[Phase], steps: int) -> tuple[Phase, ...]:
    """The same phases, the last one so long that all of them are `steps` updates. Raises: InvalidSetting where it would have none."""
    before = sum(phase.steps for phase in phases[:-1])
    if steps <= before:
        raise InvalidSetting(
            "The last phase begins after update {before:,}, so a run of {steps:,} would not reach it; choose more steps.",
            before=before,
            steps=steps,
        )
    return (*phases[:-1], replace(phases[-1], steps=steps - before))


def exercises_for(tokenizer: Tokenizer | None, window: int) -> CopyExercises:
    """Raises: InvalidSetting for a vocabulary without end-of-text, which closes every exercise."""
    if tokenizer is None or END_OF_TEXT not in tokenizer.special:
        raise InvalidSetting(
            "Copy exercises are closed by {name}, and this run has no vocabulary with that token; choose phases without exercises.",
            name=END_OF_TEXT,
        )
    return CopyExercises(window, tokenizer.vocab_size, tokenizer.end_of_text)


class Curriculum:
    """What each update of a run reads: a pure function of its arguments and the number of the update, so a run can be resumed anywhere.

    Windows of a phase are cut from the training part of `corpus` with that phase's own exercises mixed in; the validation part is
    never touched. batch_size: windows B of the model's whole context an update. stride: see SlidingWindows (0: no overlap).
    Raises: InvalidSetting, CorpusTooShort.
    """

    def __init__(
        self,
        phases: Sequence[Phase],
        corpus: Corpus,
        config: GPTConfig,
        tokenizer: Tokenizer | None,
        *,
        batch_size: int,
        stride: int = 0,
        seed: int = 0,
    ) -> None:
        self.phases, self.corpus = tuple(phases), corpus
        self.batch_size, self.stride, self.seed = batch_size, stride, seed
        self._context = config.context_length
        self._exercises: list[CopyExercises | None] = []
        for phase in self.phases:
            window = phase.window_of(config.context_length)
            self._exercises.append(exercises_for(tokenizer, window) if phase.exercises else None)
        self._windows: tuple[int, SlidingWindows] = (-1, self._cut(corpus.train_ids, config.context_length, seed))

    def _cut(self, token_ids: Tensor, window: int, seed: int) -> SlidingWindows:
        n_windows = self.batch_size * (self._context // window)
        return SlidingWindows(token_ids, window, n_windows, stride=self.stride or None, seed=seed)

    def window_at(self, step: int) -> int:
        """T of the update after `step` others."""
        return self.phases[phase_at(self.phases, step)[0]].window_of(self._context)

    def windows(self, number: int) -> SlidingWindows:
        """Those of phase `number`, from 0; the last ones asked for are kept."""
        if self._windows[0] != number:
            phase, exercises = self.phases[number], self._exercises[number]
            seed = mixed_seed(self.seed, number) if number else self.seed  # each phase in an order of its own
            token_ids = self.corpus.train_ids
            if exercises is not None:
                token_ids = exercises.mixed_into(token_ids, phase.exercises, mixed_seed(self.seed, -1 - number))
            self._windows = (number, self._cut(token_ids, phase.window_of(self._context), seed))
        return self._windows[1]

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets of the update after `step` others, [B, T] each; B T is the same in every phase."""
        number, own = phase_at(self.phases, step)
        return self.windows(number).batch(own)


def check_learning_rate(value: object) -> None:
    """Raises: InvalidSetting."""
    if not (is_number(value) and 0 < value <= 1):
        raise InvalidSetting(
            "The learning rate is {value}; choose more than 0 and at most 1, for example 0.002.", value=shown(value)
        )


def check_final_learning_rate(value: object) -> None:
    """Raises: InvalidSetting."""
    if not (is_number(value) and 0 <= value <= 1):
        raise InvalidSetting(
            "final_learning_rate is {value}; choose a share of the peak from 0 to 1.", value=shown(value)
        )
