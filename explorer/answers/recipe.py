"""What a person chooses for a training run: its limits, what it means for gpt2core, and the command that repeats it.

Knows nothing of the page.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from explorer.catalogue import catalogue
from explorer.wording.numbers import as_given
from gpt2core import GPTConfig, TrainSettings
from gpt2core.config import PRESETS
from gpt2core.errors import InvalidSetting
from gpt2core.ranges import is_number, is_whole
from gpt2core.train.cli import LEARNING
from gpt2core.train.optimizer import OPTIMIZERS, OptimizerName

say = catalogue("training")
VOCAB_SIZE = 1024
BYTES_ONLY = 257  # the 256 bytes and end-of-text: no merge at all
OWN_VOCABULARY = 0  # the one that the person trained on the Tokens tab, of whatever size it is
CHARACTERS = 1  # those that the text holds, however many
VOCAB_SIZES = (BYTES_ONLY, 512, VOCAB_SIZE, 2048, 4096, CHARACTERS, OWN_VOCABULARY)
OF_ITS_OWN_SIZE = (CHARACTERS, OWN_VOCABULARY)
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
# name: (least, most)
NUMBERS = {
    "learning_rate": (1e-9, 1_000.0),
    "final_learning_rate": (0.0, 1.0),
    "weight_decay": (0.0, 10.0),
    "drop_rate": (0.0, 0.9),
    "clip_norm": (1e-9, 1_000.0),
}
CHOICES: dict[str, tuple[Any, ...]] = {
    "vocab_size": VOCAB_SIZES,
    "optimizer": OPTIMIZERS,
    "precision": ("fp32", "bf16"),
    "train_only": (ALL, LAST, HEAD_ONLY),
    "causal": (True, False),
    "shuffled_targets": (False, True),
}


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
    causal: bool = True
    shuffled_targets: bool = False

    def __post_init__(self) -> None:
        self._check_each()
        if not isinstance(self.source, str) or not isinstance(self.vocabulary, str):
            raise InvalidSetting(say("bad_source"))
        if self.vocab_size == OWN_VOCABULARY and not self.vocabulary and not self.source:
            raise InvalidSetting(say("no_own_vocabulary"))
        if self.vocab_size != OWN_VOCABULARY:
            object.__setattr__(self, "vocabulary", "")  # of no account
        if self.batch_size % self.accumulation_steps:
            raise InvalidSetting(say("bad_parts", n=self.batch_size, parts=self.accumulation_steps))
        if self.size == OWN:
            self._check_shape()
        else:
            for name in SHAPE:
                object.__setattr__(self, name, getattr(SIZES[self.size], name))

    def _check_each(self) -> None:
        for name, (least, most) in WHOLE.items():
            value = getattr(self, name)
            if not (is_whole(value) and least <= value <= most):
                called = say(f"field_{name}")
                raise InvalidSetting(say("bad_whole", name=called, value=as_given(value), least=least, most=most))
        for name, (low, high) in NUMBERS.items():
            value = getattr(self, name)
            if not (is_number(value) and low <= value <= high):
                called = say(f"field_{name}")
                raise InvalidSetting(say("bad_number", name=called, value=as_given(value), least=low, most=high))
        for name, known in {**CHOICES, "size": (*SIZES, OWN)}.items():
            value = getattr(self, name)
            if value not in known or isinstance(value, bool) != isinstance(known[0], bool):
                listed = ", ".join(map(str, known))
                raise InvalidSetting(say("bad_choice", name=say(f"field_{name}"), value=as_given(value), known=listed))

    def _check_shape(self) -> None:
        if self.emb_dim % self.n_heads:
            raise InvalidSetting(say("bad_width", width=self.emb_dim, heads=self.n_heads))
        n = self.config.n_parameters
        if n > MAX_PARAMETERS:
            raise InvalidSetting(say("too_large", n=n, limit=MAX_PARAMETERS))

    @property
    def config(self) -> GPTConfig:
        """Of a model that starts from random numbers; with a vocabulary of its own size as if it had VOCAB_SIZE tokens."""
        shape = {name: getattr(self, name) for name in SHAPE}
        vocab_size = VOCAB_SIZE if self.vocab_size in OF_ITS_OWN_SIZE else self.vocab_size
        return replace(SIZES["tiny"], **shape, vocab_size=vocab_size, drop_rate=self.drop_rate)

    def parts(self, n_layers: int) -> tuple[str, ...]:
        """Which parts of a model of so many layers learn, as TrainSettings names them; none: all."""
        if not self.source or self.train_only == ALL:
            return ()
        return ("head",) if self.train_only == HEAD_ONLY else (str(n_layers - 1), "head")

    def settings(self, n_layers: int) -> TrainSettings:
        """n_layers: of the model that is trained."""
        own = {field.name for field in fields(Recipe)}
        as_chosen = {field.name: getattr(self, field.name) for field in fields(TrainSettings) if field.name in own}
        return TrainSettings(
            **{
                **as_chosen,
                "warmup_steps": min(self.warmup_steps, self.steps // 4),
                "train_only": self.parts(n_layers),
                "eval_every": max(1, self.steps // N_CHECKS),
                "sample_every": 0,  # written here, so that bytes which are no characters stay visible
            }
        )


def changed_fields(recipe: Recipe, before: Recipe) -> dict[str, tuple[Any, Any]]:
    """What differs, by name: (before, now). Of two presets their name alone, not the shape that comes with it."""
    named = {field.name: (getattr(before, field.name), getattr(recipe, field.name)) for field in fields(Recipe)}
    if OWN not in (recipe.size, before.size):
        named = {name: pair for name, pair in named.items() if name not in SHAPE}
    return {name: pair for name, pair in named.items() if pair[0] != pair[1]}


# The folder in the .zip of a model that is taken along (answers/take_away.py); a vocabulary of one's own lies in it.
TAKEN_ALONG = "model"


def command(recipe: Recipe, n_layers: int, source: str = "") -> str:
    """The line that trains the same model to the bit on one thread. n_layers: of that model; source: what load_pretrained takes for the
    one that it starts from, where it does. A vocabulary of one's own is read from the folder TAKEN_ALONG."""
    config, settings = recipe.config, recipe.settings(n_layers)
    begin: dict[str, Any] = {name: getattr(config, name) for name in ("vocab_size", *SHAPE)}
    vocabulary = {CHARACTERS: "characters", OWN_VOCABULARY: TAKEN_ALONG}.get(recipe.vocab_size)
    if vocabulary:
        begin = {"vocabulary": vocabulary, **{name: begin[name] for name in SHAPE}}
    if source:
        begin = {"from": source, "train_only": ",".join(settings.train_only)}
    given = {
        "text": "text.txt",
        "out": "runs/mine",
        "val_fraction": VAL_FRACTION,
        **begin,
        "drop_rate": recipe.drop_rate,
        **{name: getattr(settings, name) for name in (*LEARNING, "optimizer", "precision")},
        "threads": 1,
    }
    flags = [f"--{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value in given.items() if value != ""]
    kind = [] if source else ["--qkv-bias", "--tied-head"]
    wrong = ["--no-causal"] * (not recipe.causal) + ["--shuffled-targets"] * recipe.shuffled_targets
    return " ".join(["python -m gpt2core.train", *flags, *kind, *wrong])


def python_of(recipe: Recipe, n_layers: int, source: str = "") -> str:
    """The same as a few lines of Python, for a notebook."""
    own = {field.name: getattr(recipe.settings(n_layers), field.name) for field in fields(TrainSettings)}
    usual = TrainSettings()
    told = ", ".join(f"{name}={value!r}" for name, value in own.items() if value != getattr(usual, name))
    if source:
        imports = [
            "from dataclasses import replace",
            "from gpt2core import TrainSettings, load_pretrained, train",
            "from gpt2core.checkpoint import build_model, learned_tensors",
        ]
        begin = [
            f"start = load_pretrained({source!r})",
            f"config = replace(start.model.config, drop_rate={recipe.drop_rate})",
            "model, tokenizer = build_model(config, learned_tensors(start.model)), start.tokenizer",
        ]
    else:
        shape = ", ".join(f"{name}={getattr(recipe.config, name)!r}" for name in (*SHAPE, "drop_rate"))
        vocabulary = {
            CHARACTERS: "character_tokenizer(text)",
            OWN_VOCABULARY: f"load_pretrained({TAKEN_ALONG!r}).tokenizer",
        }
        imports = ["from gpt2core import GPTConfig, GPTModel, TrainSettings, gpt2_tokenizer, load_pretrained, train"]
        begin = [
            f"tokenizer = {vocabulary.get(recipe.vocab_size, f'gpt2_tokenizer({recipe.vocab_size})')}",
            f"torch.manual_seed({recipe.seed})",
            f"model = GPTModel(GPTConfig(tokenizer.vocab_size, {shape}, qkv_bias=True, tied_head=True))",
        ]
    lines = [
        "import torch",
        "from pathlib import Path",
        *imports,
        "from gpt2core.data import character_tokenizer, decode_text, split_corpus",
        "",
        "torch.set_num_threads(1)",
        'text = decode_text(Path("text.txt").read_bytes())',
        *begin,
        f"corpus = split_corpus(text, tokenizer, model.config.context_length, {VAL_FRACTION})",
        f"for event in train(model, corpus, TrainSettings({told})):",
        "    print(event.step, event.loss_nats, event.val_loss_nats)",
    ]
    return "\n".join(lines) + "\n"
