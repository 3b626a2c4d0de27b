"""The flags of python -m gpt2core.train, and what they stand for."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from gpt2core.config import PRESETS, GPTConfig
from gpt2core.errors import InvalidSetting
from gpt2core.train.corpora import SOURCES
from gpt2core.train.loop import TrainSettings
from gpt2core.train.optimizer import OPTIMIZERS
from gpt2core.train.phases import EXAMPLE, parsed_phase

PRESET = "tiny"
DEFAULTS = TrainSettings(eval_every=200, eval_windows=64, sample_every=400, sample_tokens=60)
_EXAMPLES = """examples:
  python -m gpt2core.train --text the-verdict --out runs/verdict --preset tiny --steps 500
  python -m gpt2core.train --text stories.txt --out runs/stories --preset stories --steps 4000 --precision auto
  python -m gpt2core.train --text stories.txt --out runs/stories --resume
  python -m gpt2core.train --text letters.txt --out runs/letters --from gpt2 --train-only 10,11,head --steps 200
  python -m gpt2core.train --text stories.txt --out runs/copies --preset stories --optimizer muon --sinusoidal-positions 0.5 \\
    --phase steps=600,window=64,exercises=0.6,learning-rate=6e-3 --phase steps=2000,exercises=0.1
  torchrun --nproc_per_node=2 -m gpt2core.train --text stories.txt --out runs/stories --preset stories"""

FILES = {
    "text": "a UTF-8 file (lines of <|endoftext|> separate documents), a folder of .txt files, or a name to download: "
    + ", ".join(SOURCES),
    "val_fraction": "share of the text, at its end, that is never trained on (default: %(default)s)",
    "out": "folder for the model, the log, the plots and the state to resume from",
    "resume": "continue the run in --out bit for bit, with its own size and settings; only --steps may differ",
    "save_every": "updates between checkpoints (default: %(default)s)",
    "snapshots_at": "also keep the model after these updates, each in a folder of its own, to see how it grew: 0,10,100",
    "source": "fine-tune: start from this model, anything that load_pretrained opens (a folder, a file, a name on Hugging Face), with "
    "its size and vocabulary",
    "gelu": "the GELU of a nanoGPT file given to --from, which does not state it",
    "half": "store the model in float16: half the file (the state to resume from stays exact)",
    "downloads": "folder for downloaded texts (default: %(default)s)",
}
VOCABULARY = "what a token is: an entry of GPT-2's list, a character of the text, or an entry of SOURCE's vocabulary (default: %(default)s)"
SIZE = {
    "vocab_size": "keep the first N - 1 entries of GPT-2's vocabulary and end-of-text; fewer leave more parameters for layers",
    "context_length": "tokens in a window: how far back the model can look",
    "emb_dim": "width of the residual stream: room for what is known about each token",
    "n_heads": "attention heads a layer; must divide --emb-dim",
    "n_layers": "blocks: how many steps of thought",
    "drop_rate": "dropout, against learning by heart when the text is read many times",
    "qkv_bias": "queries, keys and values have a bias, as in GPT-2",
    "tied_head": "the output head is the token embedding itself, as in GPT-2: fewer parameters",
}
START = {
    "sinusoidal_positions": "begin with position rows that are sine waves of this height, not noise: a head finds the token before "
    "sooner (0: noise; default: %(default)s)",
}
LEARNING = {
    "steps": "optimizer updates in the whole run",
    "batch_size": "windows an update, over all processes: more give smoother gradients and take longer",
    "accumulation_steps": "compute each batch in this many parts: the same result in less memory",
    "stride": "tokens from one window's start to the next; less than --context-length shows each token in several places (0: no overlap)",
    "learning_rate": "the peak of the schedule: too high and the loss jumps, too low and it creeps",
    "warmup_steps": "updates until the peak, while the optimizer's averages settle",
    "final_learning_rate": "where the cosine ends, as a share of the peak",
    "weight_decay": "pull of matrices towards 0 at every update",
    "beta1": "how slowly AdamW forgets the mean gradient",
    "beta2": "how slowly AdamW forgets the mean squared gradient",
    "clip_norm": "a longer gradient is shortened to this, so that one odd batch does no harm",
    "seed": "of the weights, the order of windows and the samples",
}
TRAIN_ONLY = (
    "parts that learn, the others staying bit for bit as they are: numbers of layers, embeddings, head (default: all)"
)
OPTIMIZER = "adamw for all weights, or muon for the matrices inside blocks, which learns more from each token (default: %(default)s)"
PHASE = (
    f"once a phase of a curriculum, in order: {EXAMPLE}; windows shorter than the context, a share of copy exercises"
)
WRONG = {
    "causal": "mask what comes later; --no-causal lets each token see the one that it is asked for",
    "shuffled_targets": "ask every place of a batch for the token of another place, drawn anew each update",
}
WATCHING = {
    "eval_every": "updates between checks on text that is never trained on (0: never)",
    "eval_windows": "windows an in-between check reads",
    "sample_every": "updates between samples (0: never)",
    "sample_tokens": "length of a sample",
    "sample_prompt": "how samples begin (default: with a new document)",
}
MACHINE = {
    "device": "where to compute; under torchrun each process takes a GPU of its own (default: %(default)s)",
    "precision": "bf16 computes products with 8 significant bits instead of 24, which is quicker on processors that do it "
    "natively; auto: bf16 on those (default: %(default)s)",
    "compile": "let torch.compile fuse the model: slower to start, faster to run; needs a C++ compiler",
    "threads": "processor threads (default: all)",
}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m gpt2core.train",
        usage="python -m gpt2core.train --text TEXT --out FOLDER [any of the flags below]",
        description="Train a GPT on a text, save as it goes, continue where it stopped.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument_group("text and folder").add_argument
    add("--text", required=True, help=FILES["text"])
    add("--val-fraction", type=float, default=0.05, metavar="N", help=FILES["val_fraction"])
    add("--out", type=Path, required=True, metavar="FOLDER", help=FILES["out"])
    add("--from", dest="source", metavar="SOURCE", help=FILES["source"])
    add("--gelu", choices=("tanh", "erf"), help=FILES["gelu"])
    add("--resume", action="store_true", help=FILES["resume"])
    add("--save-every", type=int, default=200, metavar="N", help=FILES["save_every"])
    add("--snapshots-at", type=_steps, default=(), metavar="N,N,...", help=FILES["snapshots_at"])
    add("--half", action="store_true", help=FILES["half"])
    add("--downloads", type=Path, default=Path("downloads"), metavar="FOLDER", help=FILES["downloads"])

    size = made.add_argument_group("size of the model (default: the preset's)")
    size.add_argument("--preset", choices=sorted(PRESETS), help=f"all of these at once (default: {PRESET})")
    size.add_argument("--vocabulary", metavar="gpt2|characters|SOURCE", default="gpt2", help=VOCABULARY)
    for name, text in SIZE.items():
        default = getattr(GPTConfig(), name)
        kind = (
            {"action": argparse.BooleanOptionalAction}
            if isinstance(default, bool)
            else {"type": type(default), "metavar": "N"}
        )
        size.add_argument(_flag(name), help=text, **kind)
    size.add_argument(
        "--sinusoidal-positions", type=float, default=0.0, metavar="N", help=START["sinusoidal_positions"]
    )
    learning = made.add_argument_group("learning")
    learning.add_argument("--optimizer", choices=OPTIMIZERS, default=DEFAULTS.optimizer, help=OPTIMIZER)
    learning.add_argument("--train-only", type=_parts, default=(), metavar="PART,PART,...", help=TRAIN_ONLY)
    learning.add_argument("--phase", action="append", default=[], dest="phases", metavar="NAME=N,...", help=PHASE)
    _add_settings(learning, LEARNING)
    wrong = made.add_argument_group("to see what goes wrong")
    for name, text in WRONG.items():
        wrong.add_argument(
            _flag(name), action=argparse.BooleanOptionalAction, default=getattr(DEFAULTS, name), help=text
        )
    _add_settings(made.add_argument_group("watching"), WATCHING)

    add = made.add_argument_group("machine").add_argument
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help=MACHINE["device"])
    add("--precision", choices=("fp32", "bf16", "auto"), default=DEFAULTS.precision, help=MACHINE["precision"])
    add("--compile", action="store_true", help=MACHINE["compile"])
    add("--threads", type=int, metavar="N", help=MACHINE["threads"])
    return made


def _add_settings(group: argparse._ArgumentGroup, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        default = getattr(DEFAULTS, name)
        shown = "" if default == "" else f" (default: {default:g})"
        group.add_argument(_flag(name), type=type(default), metavar="TEXT" if default == "" else "N", help=text + shown)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _steps(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(part) for part in text.split(",")}))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def config_from(options: argparse.Namespace) -> GPTConfig:
    """Raises: InvalidConfig."""
    return replace(PRESETS[options.preset or PRESET], **_given(options, SIZE))


def _given(options: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def settings_from(options: argparse.Namespace, device: torch.device) -> TrainSettings:
    """Raises: InvalidSetting."""
    precision = options.precision if options.precision != "auto" else quicker_precision(device)
    given = _given(options, ("optimizer", *LEARNING, *WRONG, *WATCHING))
    phases = tuple(map(parsed_phase, options.phases))
    if phases:
        if options.steps is not None:
            raise InvalidSetting("With --phase, each phase says its own steps; leave out --steps.")
        given["steps"] = sum(phase.steps for phase in phases)
    return replace(
        DEFAULTS, **given, phases=phases, train_only=options.train_only, precision=precision, compiled=options.compile
    )


def quicker_precision(device: torch.device) -> Literal["fp32", "bf16"]:
    """bf16 where the hardware multiplies it natively, else fp32."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    has = torch.cpu.get_capabilities()
    return "bf16" if has.get("avx512_bf16") or has.get("amx_bf16") else "fp32"


def check(options: argparse.Namespace) -> None:
    """Raises: InvalidSetting for a flag outside its range."""
    if not 0 < options.val_fraction < 1:
        raise InvalidSetting("--val-fraction is {value}; choose a share between 0 and 1.", value=options.val_fraction)
    if not 0 <= options.sinusoidal_positions <= 1:
        raise InvalidSetting(
            "--sinusoidal-positions is {value}; choose 0 (noise) to 1.", value=options.sinusoidal_positions
        )
    if options.vocabulary != "gpt2" and options.vocab_size is not None:
        raise InvalidSetting(
            "--vocab-size cuts GPT-2's list; with --vocabulary {vocabulary} leave it out.",
            vocabulary=options.vocabulary,
        )
    if options.source is not None:
        _check_source(options)
    elif options.gelu is not None:
        raise InvalidSetting("--gelu tells of a file that --from names; leave it out.")
    for name in ("save_every", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise InvalidSetting("{flag} is {value}; choose at least 1.", flag=_flag(name), value=value)


def _check_source(options: argparse.Namespace) -> None:
    if options.resume:
        raise InvalidSetting("--resume goes on with the run's own model; leave out --from.")
    if Path(options.source).exists() and options.out.exists() and options.out.samefile(options.source):
        raise InvalidSetting(
            "{folder} is the model that --from names, and would be overwritten; choose another --out.",
            folder=options.out,
        )
    told = {"preset": options.preset, "sinusoidal_positions": options.sinusoidal_positions or None}
    told |= {"vocabulary": None if options.vocabulary == "gpt2" else options.vocabulary}
    told |= {name: getattr(options, name) for name in SIZE if name not in ("drop_rate", "n_heads")}
    for name, value in told.items():
        if value is not None:
            raise InvalidSetting(
                "{flag} is not for a model that --from names, which has its own; leave it out.", flag=_flag(name)
            )
