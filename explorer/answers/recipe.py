"""What a person chooses for a training run: its limits, what it means for gpt2core, and the command that repeats it.

Knows nothing of the page.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from gpt2core import GPTConfig, TrainSettings
from gpt2core.config import PRESETS
from gpt2core.errors import InvalidSetting
from gpt2core.ranges import is_number
from gpt2core.train.optimizer import OPTIMIZERS, OptimizerName

VOCAB_SIZE = 1024
BYTES_ONLY = 257  # the 256 bytes and end-of-text: no merge at all
OWN_VOCABULARY = 0  # the one that the person trained on the Tokens tab, of whatever size it is
VOCAB_SIZES = (BYTES_ONLY, 512, VOCAB_SIZE, 2048, 4096, OWN_VOCABULARY)
# All of them read GPT-2's first 1,023 tokens and end-of-text, and learn within minutes on one core.
SIZES: dict[str, GPTConfig] = {
    "mini": GPTConfig(VOCAB_SIZE, 64, 64, 2, 2, drop_rate=0.0, qkv_bias=True, tied_head=True),
    "tiny": PRESETS["tiny"],
    "small": GPTConfig(VOCAB_SIZE, 128, 192, 6, 6, drop_rate=0.0, qkv_bias=True, tied_head=True),
}
OWN = "own"
SHAPE = ("n_layers", "n_heads", "emb_dim", "context_length")
VAL_FRACTION = 0.1
N_CHECKS = 20
MAX_PARAMETERS = 8_000_000
ALL, LAST, HEAD_ONLY = "all", "last", "head"  # what learns in a model that has learned before

# name: (least, most), whole numbers
WHOLE = {
    "steps": (1, 3_000),
    "batch_size": (1, 64),
    "n_layers": (1, 8),
    "n_heads": (1, 12),
    "emb_dim": (16, 384),
    "context_length": (8, 256),
    "warmup_steps": (0, 1_000),
    "accumulation_steps": (1, 16),
    "seed": (0, 2**31 - 1),
    "patience": (0, 20),
    "stride": (0, 256),
}
# name: (least, most, example); the least is left out where it is no sensible value itself
NUMBERS = {
    "learning_rate": (0.0, 1_000.0, 0.002),
    "final_learning_rate": (0.0, 1.0, 0.1),
    "weight_decay": (0.0, 10.0, 0.1),
    "drop_rate": (0.0, 0.9, 0.1),
    "clip_norm": (0.0, 1_000.0, 1.0),
}
ABOVE_ZERO = ("learning_rate", "clip_norm")


@dataclass(frozen=True)
class Recipe:
    """What a person chose. size: of SIZES, or OWN with a shape of its own (SHAPE); of another one the shape is that size's.

    source: the model that it starts from, "" for random numbers; then shape and vocabulary are that model's, and train_only says
    which parts learn: ALL, LAST (the last block and the final norm) or HEAD_ONLY. patience: after how many checks in a row without a
    better held-back loss the run ends (0: never). stride: tokens from one window's start to the next (0: a whole window).
    vocabulary: the key of a trained one (store/vocabularies.py), read where vocab_size is OWN_VOCABULARY. The rest as in
    TrainSettings. Raises: InvalidSetting.
    """

    size: str = "tiny"
    steps: int = 400
    learning_rate: float = 2e-3
    batch_size: int = 16
    n_layers: int = 4
    n_heads: int = 4
    emb_dim: int = 128
    context_length: int = 64
    vocab_size: int = VOCAB_SIZE
    optimizer: OptimizerName = "adamw"
    warmup_steps: int = 20
    final_learning_rate: float = 0.1
    weight_decay: float = 0.1
    drop_rate: float = 0.0
    clip_norm: float = 1.0
    accumulation_steps: int = 1
    precision: Literal["fp32", "bf16"] = "fp32"
    seed: int = 0
    source: str = ""
    train_only: str = ALL
    patience: int = 0
    stride: int = 0
    vocabulary: str = ""

    def __post_init__(self) -> None:
        if self.size not in (*SIZES, OWN):
            names = ", ".join((*SIZES, OWN))
            raise InvalidSetting(f"There is no model size {str(self.size)[:40]!r}; choose {names}.")
        for name, (least, most) in WHOLE.items():
            _check_whole(name, getattr(self, name), least, most)
        for name, (low, high, example) in NUMBERS.items():
            _check_number(name, getattr(self, name), low, high, example)
        choices: dict[str, tuple[Any, ...]] = {
            "vocab_size": VOCAB_SIZES,
            "optimizer": OPTIMIZERS,
            "precision": ("fp32", "bf16"),
            "train_only": (ALL, LAST, HEAD_ONLY),
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                listed = ", ".join(map(str, known))
                raise InvalidSetting(f"{name} is {str(getattr(self, name))[:40]!r}; choose {listed}.")
        if not isinstance(self.source, str) or not isinstance(self.vocabulary, str):
            raise InvalidSetting("source is no model's name; choose a model, or none to start from random numbers.")
        if self.vocab_size == OWN_VOCABULARY and not self.vocabulary and not self.source:
            raise InvalidSetting(
                "There is no vocabulary of your own yet; train one on the Tokens tab, or choose another vocabulary."
            )
        if self.vocab_size != OWN_VOCABULARY:
            object.__setattr__(self, "vocabulary", "")  # of no account
        if self.batch_size % self.accumulation_steps:
            raise InvalidSetting(
                f"A batch of {self.batch_size} windows cannot be read in {self.accumulation_steps} equal parts; choose a number of "
                "parts that divides it."
            )
        if self.size == OWN:
            self._check_shape()
        else:
            for name in SHAPE:
                object.__setattr__(self, name, getattr(SIZES[self.size], name))

    def _check_shape(self) -> None:
        if self.emb_dim % self.n_heads:
            raise InvalidSetting(
                f"A width of {self.emb_dim} cannot be shared by {self.n_heads} heads; choose a width that is a multiple of {self.n_heads}."
            )
        n = self.config.n_parameters
        if n > MAX_PARAMETERS:
            raise InvalidSetting(
                f"This shape has {n:,} parameters; a run on this page takes at most {MAX_PARAMETERS:,}. Choose fewer layers or a smaller "
                "width, or train with python -m gpt2core.train."
            )

    @property
    def config(self) -> GPTConfig:
        """Of a model that starts from random numbers; with a vocabulary of one's own as if it had VOCAB_SIZE tokens."""
        shape = {name: getattr(self, name) for name in SHAPE}
        return replace(SIZES["tiny"], **shape, vocab_size=self.vocab_size or VOCAB_SIZE, drop_rate=self.drop_rate)

    def parts(self, n_layers: int) -> tuple[str, ...]:
        """Which parts of a model of so many layers learn, as TrainSettings names them; none: all."""
        if not self.source or self.train_only == ALL:
            return ()
        return ("head",) if self.train_only == HEAD_ONLY else (str(n_layers - 1), "head")

    def settings(self, config: GPTConfig) -> TrainSettings:
        """config: of the model that is trained."""
        return TrainSettings(
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            final_learning_rate=self.final_learning_rate,
            warmup_steps=min(self.warmup_steps, self.steps // 4),
            weight_decay=self.weight_decay,
            clip_norm=self.clip_norm,
            accumulation_steps=self.accumulation_steps,
            precision=self.precision,
            optimizer=self.optimizer,
            seed=self.seed,
            stride=self.stride,
            train_only=self.parts(config.n_layers),
            eval_every=max(1, self.steps // N_CHECKS),
            sample_every=0,  # written here, so that bytes which are no characters stay visible
        )


def _check_whole(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidSetting(f"{name} is {value!r}; choose a whole number from {least:,} to {most:,}.")


def _check_number(name: str, value: object, low: float, high: float, example: float) -> None:
    fits = is_number(value) and low <= value <= high and (value > 0 or name not in ABOVE_ZERO)
    if not fits:
        least = "more than 0" if name in ABOVE_ZERO else f"at least {low:g}"
        raise InvalidSetting(f"{name} is {value!r}; choose {least} and at most {high:g}, for example {example:g}.")


def changed_fields(recipe: Recipe, before: Recipe) -> dict[str, tuple[Any, Any]]:
    """What differs, by name: (before, now). Of two presets their name alone, not the shape that comes with it."""
    named = {field.name: (getattr(before, field.name), getattr(recipe, field.name)) for field in fields(Recipe)}
    if OWN not in (recipe.size, before.size):
        named = {name: pair for name, pair in named.items() if name not in SHAPE}
    return {name: pair for name, pair in named.items() if pair[0] != pair[1]}


def command(recipe: Recipe, source: str | None = None) -> str:
    """The line that trains the same model to the bit on one thread. source: what load_pretrained takes for the recipe's."""
    settings = recipe.settings(recipe.config)
    shape = (
        {"from": source or recipe.source}
        if recipe.source
        else {name: getattr(recipe.config, name) for name in ("vocab_size", *SHAPE)}
    )
    given: dict[str, Any] = {
        "text": "text.txt",
        "out": "runs/mine",
        "val_fraction": VAL_FRACTION,
        **shape,
        "drop_rate": recipe.drop_rate,
        "steps": settings.steps,
        "batch_size": settings.batch_size,
        "accumulation_steps": settings.accumulation_steps,
        "learning_rate": settings.learning_rate,
        "warmup_steps": settings.warmup_steps,
        "final_learning_rate": settings.final_learning_rate,
        "weight_decay": settings.weight_decay,
        "clip_norm": settings.clip_norm,
        "optimizer": settings.optimizer,
        "precision": settings.precision,
        "seed": settings.seed,
        "stride": settings.stride,
        "threads": 1,
    }
    flags = " ".join(f"--{name.replace('_', '-')} {shlex.quote(_written(value))}" for name, value in given.items())
    kind = "" if recipe.source else " --qkv-bias --tied-head"
    return f"python -m gpt2core.train {flags}{kind}"


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def python_of(recipe: Recipe, source: str | None = None) -> str:
    """The same as a few lines of Python, for a notebook."""
    own = {field.name: getattr(recipe.settings(recipe.config), field.name) for field in fields(TrainSettings)}
    usual = TrainSettings()
    told = ", ".join(f"{name}={value!r}" for name, value in own.items() if value != getattr(usual, name))
    if recipe.source:
        begin = f"model, tokenizer, _ = load_pretrained({(source or recipe.source)!r})"
        imports = "TrainSettings, load_pretrained, train"
    else:
        shape = ", ".join(f"{name}={getattr(recipe.config, name)!r}" for name in ("vocab_size", *SHAPE, "drop_rate"))
        begin = (
            f"torch.manual_seed({recipe.seed})\nmodel = GPTModel(GPTConfig({shape}, qkv_bias=True, tied_head=True))\n"
            f"tokenizer = gpt2_tokenizer({recipe.vocab_size})"
        )
        imports = "GPTConfig, GPTModel, TrainSettings, gpt2_tokenizer, train"
    return (
        f"from pathlib import Path\n\nimport torch\n\nfrom gpt2core import {imports}\nfrom gpt2core.data import split_corpus\n\n"
        f"torch.set_num_threads(1)\n{begin}\n"
        f'corpus = split_corpus(Path("text.txt").read_text(encoding="utf-8"), tokenizer, model.config.context_length, {VAL_FRACTION})\n'
        f"for event in train(model, corpus, TrainSettings({told})):\n    print(event.step, event.loss_nats, event.val_loss_nats)\n"
    )
