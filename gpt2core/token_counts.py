"""How often each token of a vocabulary stands in the text that a model was trained on, kept beside the model.

python -m gpt2core.token_counts checkpoints/tinystories --text tinystories_10269.txt   writes token_counts.json into that folder.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gpt2core.checkpoint import load_pretrained
from gpt2core.data import decode_text, split_corpus
from gpt2core.errors import Gpt2CoreError, UnreadableCheckpoint
from gpt2core.files import read_json, write_atomically
from gpt2core.tokenizer import gpt2_tokenizer

COUNTS_FILE = "token_counts.json"


def read_token_counts(folder: Path, vocab_size: int) -> Tensor | None:
    """How often each token was in the training part of the text: [V], or None where nobody has counted.

    Raises: UnreadableCheckpoint for a file that holds anything else.
    """
    path = folder / COUNTS_FILE
    if not path.is_file():
        return None
    counts: Any = read_json(path).get("counts")
    fine = isinstance(counts, list) and len(counts) == vocab_size
    if not (fine and all(isinstance(one, int) and 0 <= one < 2**53 for one in counts)):
        raise UnreadableCheckpoint(
            "{file} does not hold {n:,} counts, one for each token of the vocabulary. Delete it or write it again.",
            file=COUNTS_FILE,
            n=vocab_size,
        )
    return torch.tensor(counts, dtype=torch.int64)


def counted(token_ids: Tensor, vocab_size: int) -> Tensor:
    """How often each of vocab_size tokens is among token_ids: [V]."""
    return torch.bincount(token_ids, minlength=vocab_size)


def main(argv: list[str] | None = None) -> int:
    arguments = argparse.ArgumentParser(prog="python -m gpt2core.token_counts", description=__doc__)
    arguments.add_argument("folder", type=Path, help="of a model that load_pretrained opens")
    arguments.add_argument("--text", type=Path, required=True, help="what it was trained on")
    arguments.add_argument("--val-fraction", type=float, default=0.05, help="its end, never trained on")
    asked = arguments.parse_args(argv)
    try:
        pretrained = load_pretrained(asked.folder)
        config = pretrained.model.config
        tokenizer = pretrained.tokenizer or gpt2_tokenizer(config.vocab_size)
        text = decode_text(asked.text.read_bytes())
        corpus = split_corpus(text, tokenizer, config.context_length, asked.val_fraction)
    except (Gpt2CoreError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    counts = counted(corpus.train_ids, config.vocab_size).tolist()
    told = json.dumps({"text": asked.text.name, "counts": counts}, separators=(",", ":"))
    write_atomically(asked.folder / COUNTS_FILE, told.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
