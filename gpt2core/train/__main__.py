"""Train a GPT on a text, save as it goes, continue where it stopped.

python -m gpt2core.train --text stories.txt --out runs/stories --preset stories --vocab-size 8192 --steps 4000
python -m gpt2core.train --text stories.txt --out runs/stories --resume
python -m gpt2core.train --text letters.txt --out runs/letters --from runs/stories --train-only 4,5
torchrun --nproc_per_node=2 -m gpt2core.train --text stories.txt --out runs/stories --preset stories
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from gpt2core.checkpoint import TrainedOn, build_model, check_context, learned_tensors, load_pretrained
from gpt2core.config import GPTConfig
from gpt2core.data import character_tokenizer, split_corpus
from gpt2core.errors import Gpt2CoreError, InvalidSetting
from gpt2core.model import GPTModel
from gpt2core.tokenizer import Tokenizer, gpt2_tokenizer
from gpt2core.train.cli import check, config_from, parser, settings_from
from gpt2core.train.corpora import read_corpus, text_sha256
from gpt2core.train.distributed import Team, assembled
from gpt2core.train.folder import RunFolder
from gpt2core.train.loop import Trainer, TrainEvent, saved_config, saved_tokenizer
from gpt2core.train.positions import begin_as_sine_waves


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    try:
        check(options)
        with assembled(options.device) as team:
            run(options, team)
    except Gpt2CoreError as error:
        if os.environ.get("LOCAL_RANK", "0") == "0":  # once a machine
            print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"Stopped. {options.out} holds the last checkpoint; continue with --resume.", file=sys.stderr)
        return 130
    return 0


def run(options: argparse.Namespace, team: Team) -> None:
    if options.threads:
        torch.set_num_threads(options.threads)
    folder = RunFolder(options.out, torch.float16 if options.half else torch.float32)
    read = functools.cache(functools.partial(read_text, options))  # of a vocabulary from the text, before anything else
    model, config, tokenizer = prepared(options, folder, read)
    check_context(config)
    text = read()
    corpus = split_corpus(text, tokenizer, config.context_length, options.val_fraction)
    folder.trained_on = TrainedOn(Path(options.text).name, text_sha256(text), options.val_fraction)
    if options.resume:
        changed = {} if options.steps is None else {"steps": options.steps}
        trainer = Trainer.resume(folder.state, corpus, tokenizer, team, compiled=options.compile, **changed)
    else:
        settings = settings_from(options, team.device)
        if model is None:
            torch.manual_seed(settings.seed)
            model = GPTModel(config)
            if options.sinusoidal_positions:
                begin_as_sine_waves(model, options.sinusoidal_positions)
        trainer = Trainer(model.to(team.device), corpus, settings, tokenizer, team)
    if not team.is_first:
        for _ in trainer.run():
            pass  # the first process writes for all
        return
    try:
        _write(trainer, folder, options, tokenizer)
    except Exception:
        if trainer.step == 0:
            folder.abandon()
        raise


def prepared(
    options: argparse.Namespace, folder: RunFolder, read: Callable[[], str]
) -> tuple[GPTModel | None, GPTConfig, Tokenizer]:
    """The size and vocabulary that flags, an earlier run or --from ask for, and the model that the last brings. read: the text."""
    if options.resume:
        return None, saved_config(folder.state), saved_tokenizer(folder.state)
    if options.source is not None:
        model, tokenizer = source_model(options)
        return model, model.config, tokenizer
    config = config_from(options)
    tokenizer = _vocabulary(options, config, read)
    return None, replace(config, vocab_size=tokenizer.vocab_size), tokenizer


def _vocabulary(options: argparse.Namespace, config: GPTConfig, read: Callable[[], str]) -> Tokenizer:
    if options.vocabulary == "gpt2":
        return gpt2_tokenizer(config.vocab_size)
    if options.vocabulary == "characters":
        return character_tokenizer(read())
    return _with_vocabulary(options.vocabulary, load_pretrained(options.vocabulary).tokenizer)


def _with_vocabulary(source: str, tokenizer: Tokenizer | None) -> Tokenizer:
    if tokenizer is None:
        raise InvalidSetting(
            "{source} came without a vocabulary, so no text can be put to it; choose a model folder that has one.",
            source=source,
        )
    return tokenizer


def read_text(options: argparse.Namespace) -> str:
    return read_corpus(options.text, options.downloads, tell=lambda line: print(line, flush=True))


def source_model(options: argparse.Namespace) -> tuple[GPTModel, Tokenizer]:
    """What --from names, with the dropout that was asked for. Raises: InvalidSetting where no vocabulary came with it, and its kin."""
    opened = load_pretrained(options.source, options.n_heads, gelu=options.gelu)
    tokenizer = _with_vocabulary(options.source, opened.tokenizer)
    model = opened.model
    if options.drop_rate is not None:
        model = build_model(replace(model.config, drop_rate=options.drop_rate), learned_tensors(model))
    return model, tokenizer


def _write(trainer: Trainer, folder: RunFolder, options: argparse.Namespace, tokenizer: Tokenizer) -> None:
    """Train, telling and saving as it goes."""
    corpus, config = trainer.corpus, trainer.model.config
    folder.begin(trainer, resumed=options.resume, tokenizer=tokenizer)
    print(
        f"{trainer.model.parameter_count():,} parameters, {len(corpus.train_ids):,} tokens to train on, "
        f"{len(corpus.val_ids):,} kept for validation",
        flush=True,
    )
    if trainer.step in options.snapshots_at:
        folder.snapshot(trainer, tokenizer)
    for event in trainer.run():
        report(event)
        folder.note(event)
        if event.step in options.snapshots_at:
            folder.snapshot(trainer, tokenizer)
        if event.step % options.save_every == 0:
            folder.save(trainer, tokenizer)
    folder.save(trainer, tokenizer)
    folder.plot(config.vocab_size)
    print(f"validation loss over all of the kept text: {trainer.validation_loss():.4f} nats per token")


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
