"""Train a GPT on a text file, save as it goes, continue where it stopped.

python -m gpt2core.train --text stories.txt --out runs/stories --preset stories --vocab-size 8192 --steps 4000
python -m gpt2core.train --text stories.txt --out runs/stories --resume
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import torch

from gpt2core.checkpoint import save_pretrained
from gpt2core.config import PRESETS, GPTConfig
from gpt2core.data import decode_text, split_corpus
from gpt2core.errors import Gpt2CoreError
from gpt2core.model import GPTModel
from gpt2core.tokenizer import gpt2_tokenizer
from gpt2core.train.loop import Trainer, TrainEvent, TrainSettings, saved_config

STATE_FILE, LOG_FILE = "training.safetensors", "log.jsonl"


def parser() -> argparse.ArgumentParser:
    defaults = TrainSettings()
    arguments = argparse.ArgumentParser(prog="python -m gpt2core.train", description=(__doc__ or "").split("\n")[0])
    arguments.add_argument(
        "--text", type=Path, required=True, help="UTF-8 text; lines of <|endoftext|> separate documents"
    )
    arguments.add_argument(
        "--out", type=Path, required=True, help="folder for the model, the log and the state to resume from"
    )
    arguments.add_argument(
        "--resume", action="store_true", help="continue the run in --out; --steps may differ, the rest is as it was"
    )
    arguments.add_argument(
        "--preset", choices=sorted(PRESETS), default="tiny", help="the model's size (default: %(default)s)"
    )
    arguments.add_argument(
        "--vocab-size",
        type=int,
        help="keep the first N - 1 entries of GPT-2's vocabulary and end-of-text; fewer leave more parameters for layers (default: the preset's)",
    )
    arguments.add_argument(
        "--drop-rate",
        type=float,
        default=0.0,
        help="dropout, against learning by heart when the text is read many times (default: %(default)s)",
    )
    arguments.add_argument(
        "--steps", type=int, default=defaults.steps, help="optimizer updates in the whole run (default: %(default)s)"
    )
    arguments.add_argument(
        "--batch-size", type=int, default=defaults.batch_size, help="windows an update (default: %(default)s)"
    )
    arguments.add_argument(
        "--learning-rate",
        type=float,
        default=defaults.learning_rate,
        help="the peak of the schedule (default: %(default)s)",
    )
    arguments.add_argument(
        "--warmup-steps", type=int, default=defaults.warmup_steps, help="updates until the peak (default: %(default)s)"
    )
    arguments.add_argument(
        "--weight-decay",
        type=float,
        default=defaults.weight_decay,
        help="pull of matrices towards 0 (default: %(default)s)",
    )
    arguments.add_argument(
        "--precision",
        choices=("fp32", "bf16"),
        default=defaults.precision,
        help="bf16 is faster where the processor multiplies it natively (default: %(default)s)",
    )
    arguments.add_argument(
        "--compile",
        action="store_true",
        help="let torch.compile fuse the model: slower to start, faster to run; needs a C++ compiler",
    )
    arguments.add_argument("--threads", type=int, help="processor threads (default: all)")
    arguments.add_argument(
        "--save-every", type=int, default=200, help="updates between checkpoints (default: %(default)s)"
    )
    arguments.add_argument(
        "--seed",
        type=int,
        default=defaults.seed,
        help="of the weights, the order of windows and the samples (default: %(default)s)",
    )
    arguments.add_argument("--half", action="store_true", help="store the finished weights in float16: half the file")
    return arguments


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    try:
        run(options)
    except Gpt2CoreError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def run(options: argparse.Namespace) -> None:
    if options.threads:
        torch.set_num_threads(options.threads)
    state = options.out / STATE_FILE
    config = saved_config(state) if options.resume else config_from(options)
    tokenizer = gpt2_tokenizer(config.vocab_size)
    corpus = split_corpus(decode_text(options.text.read_bytes()), tokenizer, config.context_length)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.resume:
        trainer = Trainer.resume(state, corpus, tokenizer, steps=options.steps, compiled=options.compile)
    else:
        torch.manual_seed(options.seed)
        trainer = Trainer(GPTModel(config), corpus, settings_from(options), tokenizer)
    print(
        f"{trainer.model.parameter_count():,} parameters, {len(corpus.train_ids):,} tokens to train on, {len(corpus.val_ids):,} kept for validation",
        flush=True,
    )
    with (options.out / LOG_FILE).open("a", encoding="utf-8") as log:
        for event in trainer.run():
            report(event)
            log.write(json.dumps(asdict(event)) + "\n")
            if event.step % options.save_every == 0 or event.step == event.steps:
                log.flush()
                trainer.save(state)
                save_pretrained(
                    trainer.model,
                    options.out,
                    tokenizer=tokenizer,
                    dtype=torch.float16 if options.half else torch.float32,
                )
    print(f"validation loss over all of the kept text: {trainer.validation_loss():.4f} nats per token")


def config_from(options: argparse.Namespace) -> GPTConfig:
    preset = PRESETS[options.preset]
    return replace(preset, vocab_size=options.vocab_size or preset.vocab_size, drop_rate=options.drop_rate)


def settings_from(options: argparse.Namespace) -> TrainSettings:
    return TrainSettings(
        steps=options.steps,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        warmup_steps=options.warmup_steps,
        weight_decay=options.weight_decay,
        precision=options.precision,
        compiled=options.compile,
        eval_every=200,
        eval_windows=64,
        sample_every=400,
        sample_tokens=60,
        seed=options.seed,
    )


def report(event: TrainEvent) -> None:
    if event.step % 20 == 0 or event.val_loss_nats is not None:
        checked = "" if event.val_loss_nats is None else f"  validation {event.val_loss_nats:.4f}"
        print(
            f"step {event.step:>6,}/{event.steps:,}  loss {event.loss_nats:.4f}{checked}  lr {event.learning_rate:.2e}  "
            f"{event.tokens_per_second:,.0f} tokens/s  {event.seconds_left / 60:.0f} min left",
            flush=True,
        )
    if event.sample is not None:
        print(f"    {event.sample!r}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
