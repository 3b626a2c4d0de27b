"""The training loop: `train(...)` yields an event an update; `Trainer` can also be written down and continued.

B batch, T tokens, V vocabulary. Losses are in nats per token.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from gpt2core.checkpoint import build_model, check_context, named_vocabulary, stored_vocabulary
from gpt2core.config import GPTConfig
from gpt2core.data import Corpus
from gpt2core.errors import InvalidSetting, NotFinite, OtherCorpus, UnreadableCheckpoint
from gpt2core.files import write_atomically
from gpt2core.generation import generate
from gpt2core.model import GPTModel, Tap, evaluating
from gpt2core.ranges import checked_seed, is_number, mixed_seed, shown, whole
from gpt2core.tokenizer import END_OF_TEXT, Tokenizer, gpt2_tokenizer
from gpt2core.train.distributed import ALONE, Team
from gpt2core.train.loss import NextTokenLoss, next_token_loss, seeing_all
from gpt2core.train.optimizer import OPTIMIZERS, Optimizer, OptimizerName
from gpt2core.train.parts import learn_only
from gpt2core.train.phases import (
    Curriculum,
    Phase,
    check_final_learning_rate,
    check_learning_rate,
    ending_at,
    phase_at,
)
from gpt2core.train.positions import unread_rows_kept
from gpt2core.weights import as_saved

_MODEL, _RANDOM, _RANDOM_CUDA = "model.", "random_state", "random_state.cuda"


@dataclass(frozen=True)
class TrainSettings:
    """steps: optimizer updates in the whole run. batch_size: windows B an update. learning_rate: the peak, reached after
    warmup_steps and then lowered along a cosine to final_learning_rate of it. weight_decay: on matrices only.
    beta1, beta2: how slowly AdamW forgets the mean gradient and its mean square. optimizer: see Optimizer. clip_norm: gradients longer than this are
    shortened to it. accumulation_steps: the batch is computed in this many parts, which needs less memory and changes nothing
    else. stride: tokens from the start of one window to the next (0: a whole window, no overlap). precision: "bf16" computes
    products in bfloat16, weights stay float32. eval_every, eval_windows: how often, and on how many windows from the start of
    the validation part.
    sample_every, sample_tokens, sample_prompt: how often and what the model writes meanwhile (0: never).
    train_only: parts of the model that learn, the others staying bit for bit as they are: see parts.learn_only (none: all of it).
    phases: a curriculum, one Phase after the other; their steps add up to `steps` (none: one phase of whole windows without exercises).
    causal, shuffled_targets: to see what goes wrong: without the mask each token sees the one that it is asked for, in training and in
    checks; shuffled, every place of a batch is asked for the token of another place, drawn anew each update, in training alone.
    Raises: InvalidSetting.
    """

    steps: int = 300
    batch_size: int = 16
    learning_rate: float = 2e-3
    final_learning_rate: float = 0.1
    warmup_steps: int = 20
    weight_decay: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.95
    clip_norm: float = 1.0
    accumulation_steps: int = 1
    stride: int = 0
    precision: Literal["fp32", "bf16"] = "fp32"
    optimizer: OptimizerName = "adamw"
    eval_every: int = 50
    eval_windows: int = 32
    sample_every: int = 50
    sample_tokens: int = 40
    sample_prompt: str = ""
    seed: int = 0
    compiled: bool = False
    train_only: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ()
    causal: bool = True
    shuffled_targets: bool = False

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "eval_windows", "accumulation_steps"):
            self._set(name, whole(name, getattr(self, name), 1))
        for name in ("warmup_steps", "eval_every", "sample_every", "sample_tokens", "stride"):
            self._set(name, whole(name, getattr(self, name), 0))
        self._set("seed", checked_seed(self.seed))
        self._check_numbers()
        self._check_choices()
        self._check_phases()

    def _check_numbers(self) -> None:
        check_learning_rate(self.learning_rate)
        for name in ("beta1", "beta2"):
            value = getattr(self, name)
            if not (is_number(value) and 0 <= value <= 0.99999):
                raise InvalidSetting(
                    "{name} is {value}; choose at least 0 and less than 1.", name=name, value=shown(value)
                )
        check_final_learning_rate(self.final_learning_rate)
        if not (is_number(self.weight_decay) and self.weight_decay >= 0):
            raise InvalidSetting("weight_decay is {value}; choose 0 or more.", value=shown(self.weight_decay))
        if not (is_number(self.clip_norm) and self.clip_norm > 0):
            raise InvalidSetting("clip_norm is {value}; choose more than 0.", value=shown(self.clip_norm))
        for name in ("learning_rate", "final_learning_rate", "weight_decay", "beta1", "beta2", "clip_norm"):
            self._set(name, float(getattr(self, name)))

    def _check_choices(self) -> None:
        if self.precision not in ("fp32", "bf16"):
            raise InvalidSetting("precision is {value}; choose 'fp32' or 'bf16'.", value=shown(self.precision))
        if self.optimizer not in OPTIMIZERS:
            raise InvalidSetting(
                "optimizer is {value}; choose {choices}.",
                value=shown(self.optimizer),
                choices=" or ".join(map(repr, OPTIMIZERS)),
            )
        if not isinstance(self.sample_prompt, str):
            raise InvalidSetting("sample_prompt is {value}; choose a text.", value=shown(self.sample_prompt))
        if not (isinstance(self.train_only, tuple) and all(isinstance(part, str) for part in self.train_only)):
            raise InvalidSetting(
                "train_only is {value}; choose a tuple of names of parts.", value=shown(self.train_only)
            )
        for name in ("compiled", "causal", "shuffled_targets"):
            if not isinstance(getattr(self, name), bool):
                raise InvalidSetting(
                    "{name} is {value}; choose True or False.", name=name, value=shown(getattr(self, name))
                )
        if self.batch_size % self.accumulation_steps:
            raise InvalidSetting(
                "A batch of {n} windows cannot be cut into {parts} equal parts; choose a batch size that is a multiple of {parts}.",
                n=self.batch_size,
                parts=self.accumulation_steps,
            )

    def _check_phases(self) -> None:
        if not isinstance(self.phases, tuple) or not all(isinstance(phase, Phase) for phase in self.phases):
            raise InvalidSetting("phases is {value}; choose a tuple of phases.", value=shown(self.phases))
        total = sum(phase.steps for phase in self.phases)
        if self.phases and total != self.steps:
            raise InvalidSetting(
                "The phases are {total:,} steps together, and steps is {steps:,}; choose the same for both.",
                total=total,
                steps=self.steps,
            )

    def _set(self, name: str, value: object) -> None:
        """Only while it is being made: numbers of numpy become Python's own, which can be written down."""
        object.__setattr__(self, name, value)

    @property
    def plan(self) -> tuple[Phase, ...]:
        """The phases of the run, of which every run has one, with nothing left open."""
        return tuple(
            replace(
                phase,
                learning_rate=_first(phase.learning_rate, self.learning_rate),
                final_learning_rate=_first(phase.final_learning_rate, self.final_learning_rate),
                warmup_steps=_first(phase.warmup_steps, self.warmup_steps),
            )
            for phase in self.phases or (Phase(self.steps),)
        )

    def learning_rate_at(self, step: int) -> float:
        """In each phase a linear warm-up, then half a cosine. `step` counts from 0."""
        number, own = phase_at(self.phases, step)
        phase = self.plan[number]
        peak, floor, warmup = phase.learning_rate, phase.final_learning_rate, phase.warmup_steps
        assert peak is not None
        assert floor is not None
        assert warmup is not None
        if own < warmup:
            return peak * (own + 1) / warmup
        progress = (own - warmup) / max(1, phase.steps - warmup)
        return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))

    def ending_at(self, steps: int) -> TrainSettings:
        """The same with `steps` updates in all; of several phases, the last one becomes as long as that leaves it. Raises: InvalidSetting."""
        return replace(self, steps=steps, phases=ending_at(self.phases, steps) if self.phases else ())


def _first(given: Any, otherwise: Any) -> Any:
    return otherwise if given is None else given


@dataclass(frozen=True)
class TrainEvent:
    """What happened in update number `step` (from 1), in phase number `phase` (from 1). val_loss_nats and sample are None where neither was due.

    gradient_norm: before clipping. tokens_per_second: since the run was (re)started, evaluation left out.
    """

    step: int
    steps: int
    loss_nats: float
    learning_rate: float
    gradient_norm: float
    tokens_seen: int
    tokens_per_second: float
    seconds_left: float
    val_loss_nats: float | None = None
    sample: str | None = None
    phase: int = 1


class Trainer:
    """A model, its optimizer and its place in the data; can be written down whole and continued bit for bit."""

    def __init__(
        self,
        model: GPTModel,
        corpus: Corpus,
        settings: TrainSettings,
        tokenizer: Tokenizer | None = None,
        team: Team = ALONE,
    ) -> None:
        check_context(model.config)  # what cannot be opened again is not trained
        team.check(settings.batch_size, settings.accumulation_steps)
        self.model, self.corpus, self.settings, self.tokenizer, self.team = model, corpus, settings, tokenizer, team
        self.curriculum = Curriculum(
            settings.plan,
            corpus,
            model.config,
            tokenizer,
            batch_size=settings.batch_size,
            stride=settings.stride,
            seed=settings.seed,
        )
        self.step = 0
        learn_only(model, settings.train_only)
        self.optimizer = Optimizer(
            model,
            settings.optimizer,
            weight_decay=settings.weight_decay,
            betas=(settings.beta1, settings.beta2),
        )
        self._loss: nn.Module = NextTokenLoss(model, self._tap)
        if settings.compiled:
            # not dynamic: a resumed run computes windows of one length by the same code as one that met others before
            self._loss = torch.compile(self._loss, dynamic=False)  # type: ignore[assignment]
        self._loss = team.joined(self._loss)

    @property
    def _tap(self) -> Tap | None:
        return None if self.settings.causal else seeing_all

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.model.tok_emb.weight.device

    def run(self) -> Iterator[TrainEvent]:
        """Train to the end of the run, an event an update; `settings` may be replaced between two of them, to change the rate.

        Raises: NotFinite as soon as the loss is no number.
        """
        device = self.device
        if self.step == 0:
            torch.manual_seed(self.settings.seed)
        busy_seconds, tokens_here = 0.0, 0
        while self.step < self.settings.steps:
            settings = self.settings  # the rate may be changed between two updates
            began = time.perf_counter()
            loss_nats, gradient_norm = self._update(device)
            busy_seconds += time.perf_counter() - began
            self.step += 1
            tokens_an_update = settings.batch_size * self.model.config.context_length
            tokens_here += tokens_an_update
            yield TrainEvent(
                step=self.step,
                steps=settings.steps,
                loss_nats=loss_nats,
                learning_rate=settings.learning_rate_at(self.step - 1),
                gradient_norm=gradient_norm,
                tokens_seen=self.step * tokens_an_update,
                tokens_per_second=tokens_here / busy_seconds,
                seconds_left=(settings.steps - self.step) * tokens_an_update * busy_seconds / tokens_here,
                val_loss_nats=self.validation_loss(settings.eval_windows) if self._due(settings.eval_every) else None,
                sample=self._sample() if self._due(settings.sample_every) else None,
                phase=phase_at(settings.phases, self.step - 1)[0] + 1,
            )

    def _due(self, every: int) -> bool:
        return self.team.is_first and every > 0 and (self.step % every == 0 or self.step == self.settings.steps)

    def _update(self, device: torch.device) -> tuple[float, float]:
        settings = self.settings
        self.model.train()
        if not self.team.is_first:  # the first goes on with the state that is saved
            torch.manual_seed(hash((settings.seed, self.step, self.team.rank)))
        batch = (self.team.share(ids).to(device).chunk(settings.accumulation_steps) for ids in self._batch())
        parts = list(zip(*batch, strict=True))  # of (inputs, targets), [B / (processes * parts), T] each
        loss_nats = 0.0
        for number, (inputs, targets) in enumerate(parts, start=1):
            with self.team.sums_gradients(self._loss, now=number == len(parts)):
                with torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
                    loss = self._loss(inputs, targets)
                (loss / len(parts)).backward()
            loss_nats += loss.item() / len(parts)
        loss_nats = self.team.mean(loss_nats)
        gradient_norm = nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip_norm).item()
        if not (math.isfinite(loss_nats) and math.isfinite(gradient_norm)):
            self.optimizer.forget_gradients()
            raise NotFinite(
                "The loss became {loss} at step {step}, so training stopped before this update; the weights are those of step {last}. "
                "Lower the learning rate (now {rate:g}) and train again.",
                loss=loss_nats,
                step=self.step + 1,
                last=self.step,
                rate=settings.learning_rate,
            )
        with unread_rows_kept(self.model, self.curriculum.window_at(self.step)):
            self.optimizer.step(settings.learning_rate_at(self.step))
        return loss_nats, gradient_norm

    def _batch(self) -> tuple[Tensor, Tensor]:
        """(inputs, targets) [B, T] of the next update."""
        inputs, targets = self.curriculum.batch(self.step)
        if self.settings.shuffled_targets:
            luck = torch.Generator().manual_seed(mixed_seed(self.settings.seed, self.step))
            targets = targets.flatten()[torch.randperm(targets.numel(), generator=luck)].view_as(targets)
        return inputs, targets

    def validation_loss(self, max_windows: int | None = None, *, causal: bool | None = None) -> float:
        """Mean loss over the validation part, in windows of the model's whole context that do not overlap (the first max_windows of them).

        So it is of the text alone, and comparable between phases; places beyond a phase's windows count too, though nothing has been
        learned for them yet. causal: with the mask or without; None: as in training.
        """
        causal = self.settings.causal if causal is None else causal
        return validation_loss(
            self.model,
            self.corpus.val_ids,
            max_windows=max_windows,
            precision=self.settings.precision,
            tap=None if causal else seeing_all,
        )

    def _sample(self) -> str | None:
        if self.tokenizer is None or self.settings.sample_tokens == 0:
            return None
        first = self.tokenizer.special.get(END_OF_TEXT, int(self.corpus.val_ids[0]))
        prompt = self.tokenizer.encode(self.settings.sample_prompt) or [first]
        steps = generate(
            self.model, prompt, self.settings.sample_tokens, temperature=0.8, top_k=50, seed=self.settings.seed
        )
        return self.settings.sample_prompt + self.tokenizer.decode([step.token_id for step in steps])

    def save(self, path: Path) -> None:
        """Everything that the rest of the run depends on, in one file, replaced in one step.

        Weights that could not be resumed are refused before an older file is touched. Raises: CannotSave, NotFinite, NotWeights.
        """
        tensors = random_states(self.device)
        for name, parameter in self.model.named_parameters():
            tensors[_MODEL + name] = as_saved(name, parameter, torch.float32)
        tensors |= self.optimizer.tensors()
        about = {
            "step": self.step,
            "config": self.model.config.to_dict(),
            "settings": asdict(self.settings),
            "corpus": _fingerprint(self.corpus),
            "tokenizer": None if self.tokenizer is None else stored_vocabulary(self.tokenizer)[0],
        }
        write_atomically(path, save(tensors, metadata={"trainer": json.dumps(about)}))

    @classmethod
    def resume(
        cls, path: Path, corpus: Corpus, tokenizer: Tokenizer | None = None, team: Team = ALONE, **changed: Any
    ) -> Trainer:
        """The trainer that `save` wrote, with `changed` settings if any.

        Raises: OtherCorpus if `corpus` is not the one that the run was trained on; UnreadableCheckpoint and its kin.
        """
        about, tensors = _read_state(path)
        if about["corpus"] != _fingerprint(corpus):
            raise OtherCorpus(
                "This run was trained on another text, or on the same text cut into other tokens. "
                "Resume it with the text it began with, or start a new run in another folder."
            )
        weights = {name.removeprefix(_MODEL): tensor for name, tensor in tensors.items() if name.startswith(_MODEL)}
        steps = changed.pop("steps", None)
        settings = _saved_settings(path, {**about["settings"], **changed})
        trainer = cls(
            build_model(GPTConfig.from_dict(about["config"]), weights).to(team.device),
            corpus,
            settings if steps is None else settings.ending_at(steps),
            tokenizer,
            team,
        )
        trainer.step = about["step"]
        trainer.optimizer.restore(tensors, trainer.step)
        restore_random_states(tensors, team.device, mixed_seed(trainer.settings.seed, trainer.step))
        return trainer


def random_states(device: torch.device) -> dict[str, Tensor]:
    """The states of the generators that a run on `device` draws from, by the name under which they are written down.

    Dropout draws from the device's own generator, all else from the processor's.
    """
    states = {_RANDOM: torch.get_rng_state()}
    if device.type == "cuda":
        states[_RANDOM_CUDA] = torch.cuda.get_rng_state(device)
    return states


def restore_random_states(tensors: Mapping[str, Tensor], device: torch.device, seed: int) -> None:
    """Go on where random_states was called, on `device`, whatever its number. seed: for CUDA's generator where none was written down:
    by a run on a processor, or by an older version."""
    torch.set_rng_state(tensors[_RANDOM])
    if device.type == "cuda":
        if _RANDOM_CUDA in tensors:
            torch.cuda.set_rng_state(tensors[_RANDOM_CUDA], device)
        else:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)


def saved_config(path: Path) -> GPTConfig:
    """The size of the model in a file that Trainer.save wrote. Raises: UnreadableCheckpoint."""
    about, _ = _read_state(path)
    return GPTConfig.from_dict(about["config"])


def saved_tokenizer(path: Path) -> Tokenizer:
    """The vocabulary of a run, from a file that Trainer.save wrote; one that is not GPT-2's own lies in files beside it.

    Raises: UnreadableCheckpoint, DamagedVocabulary.
    """
    about, _ = _read_state(path)
    config = GPTConfig.from_dict(about["config"])
    return named_vocabulary(about.get("tokenizer"), path.parent, config) or gpt2_tokenizer(config.vocab_size)


def _saved_settings(path: Path, values: dict[str, Any]) -> TrainSettings:
    try:
        phases = tuple(Phase(**phase) for phase in values.get("phases", ()))
        return TrainSettings(**{**values, "phases": phases, "train_only": tuple(values.get("train_only", ()))})
    except TypeError as error:  # a setting that there is not, or not any more
        raise UnreadableCheckpoint(
            "{file} was written by another version of gpt2core, with settings that this one does not have. "
            "Resume it with that version, or start afresh.",
            file=path.name,
        ) from error


def _read_state(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()["trainer"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise UnreadableCheckpoint(
            "{file} is not a training checkpoint of gpt2core. Give the file that the run wrote, or start afresh.",
            file=path.name,
        ) from error
    return about, tensors


def _fingerprint(corpus: Corpus) -> str:
    """Which tokens a run learns from, as a hash."""
    return hashlib.sha256(corpus.train_ids.to(torch.int32).numpy().tobytes()).hexdigest()


def validation_loss(
    model: GPTModel,
    token_ids: Tensor,
    *,
    max_windows: int | None = None,
    precision: str = "fp32",
    batch_size: int = 16,
    tap: Tap | None = None,
    window: int | None = None,
) -> float:
    """Mean loss of `token_ids` [N] in windows of T that do not overlap, each token predicted once; nats per token. tap: what the pass is
    changed by. window: T, the model's whole context if not given; N is more than T."""
    T = window or model.config.context_length
    n_windows = (len(token_ids) - 1) // T
    n_windows = n_windows if max_windows is None else min(n_windows, max_windows)
    device = model.tok_emb.weight.device
    inputs = token_ids[: n_windows * T].view(n_windows, T)
    targets = token_ids[1 : n_windows * T + 1].view(n_windows, T)
    total = 0.0
    with evaluating(model), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        for first in range(0, n_windows, batch_size):
            rows = slice(first, first + batch_size)
            logits = model(inputs[rows].to(device), tap)
            total += float(next_token_loss(logits, targets[rows].to(device))) * len(inputs[rows])
    return total / n_windows


def train(
    model: GPTModel, corpus: Corpus, settings: TrainSettings | None = None, *, tokenizer: Tokenizer | None = None
) -> Iterator[TrainEvent]:
    """Train `model` in place, yielding an event an update; close the generator to stop after any of them.

    Raises: CorpusTooShort before the first update, NotFinite when the loss is no number.
    """
    return Trainer(model, corpus, settings or TrainSettings(), tokenizer).run()
