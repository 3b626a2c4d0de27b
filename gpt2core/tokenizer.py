"""GPT-2's byte-pair encoding, with no network, and the same with every merge shown.

A token's id is its rank: the order in which its merge was learned, after the 256 single bytes. So the first N entries are
a working vocabulary whose ids are GPT-2's own, and a small model can use it and stay true to GPT-2.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import regex
import tiktoken
from tiktoken.load import load_tiktoken_bpe

from gpt2core.errors import DamagedVocabulary, InvalidSetting, TokenOutOfRange

VOCABULARY_FILE = Path(__file__).parent.parent / "assets" / "gpt2.tiktoken"
VOCABULARY_SHA256 = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"
N_MERGEABLE = 50_256
END_OF_TEXT = "<|endoftext|>"
# Where GPT-2 cuts text before any merge: contractions, words, numbers, other signs, white space.
# Source: openai/gpt-2, src/encoder.py.
SPLIT_PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


@functools.cache
def gpt2_ranks(path: Path = VOCABULARY_FILE) -> dict[bytes, int]:
    """GPT-2's vocabulary, bytes -> id, read from `path` and checked against the pinned hash by tiktoken.

    Raises: DamagedVocabulary if the file is missing or is not that vocabulary.
    """
    try:
        return load_tiktoken_bpe(str(path), expected_hash=VOCABULARY_SHA256)
    except (ValueError, OSError) as error:
        raise DamagedVocabulary(
            f"The vocabulary {path.name} is missing or damaged: its sha256 should begin {VOCABULARY_SHA256[:12]}. "
            "Restore assets/ from the repository."
        ) from error


@dataclass(frozen=True)
class Merge:
    """One step of BPE on one piece: the pair at `position` became one part, because `token_id` is the lowest rank present."""

    token_id: int
    position: int
    parts: tuple[bytes, ...]  # the piece after this step


@dataclass(frozen=True)
class Piece:
    """One stretch of text that merges never cross; `parts` are its single bytes, `merges` all that happened to it."""

    data: bytes
    parts: tuple[bytes, ...]
    merges: tuple[Merge, ...]

    @property
    def tokens(self) -> tuple[bytes, ...]:
        return self.merges[-1].parts if self.merges else self.parts


class Tokenizer:
    """Text <-> token ids. ids 0 .. n_merges-1 are byte strings, the id n_merges is end-of-text.

    Text is data: `<|endoftext|>` typed by a person is encoded letter by letter like anything else.
    """

    def __init__(self, ranks: dict[bytes, int], name: str = "custom") -> None:
        self.ranks = ranks
        self.end_of_text = len(ranks)
        self.encoding = tiktoken.Encoding(
            name, pat_str=SPLIT_PATTERN, mergeable_ranks=ranks, special_tokens={END_OF_TEXT: self.end_of_text}
        )

    @property
    def vocab_size(self) -> int:
        return len(self.ranks) + 1

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`. A lone surrogate, which no encoding can hold, becomes U+FFFD."""
        return self.encoding.encode_ordinary(text)

    def encode_documents(self, text: str) -> list[int]:
        """Token ids of a corpus in which a line `<|endoftext|>` separates documents; each separator becomes one end-of-text id."""
        token_ids: list[int] = []
        for number, document in enumerate(text.split(END_OF_TEXT)):
            if number:
                token_ids.append(self.end_of_text)
            token_ids.extend(self.encode(document.strip("\n") if END_OF_TEXT in text else document))
        return token_ids

    def decode_bytes(self, token_ids: Sequence[int]) -> bytes:
        """The exact bytes; end-of-text is spelled out. Raises: TokenOutOfRange."""
        for token_id in token_ids:
            if not 0 <= token_id < self.vocab_size:
                raise TokenOutOfRange(token_id, self.vocab_size)
        return self.encoding.decode_bytes(list(token_ids))

    def decode(self, token_ids: Sequence[int]) -> str:
        """The text; bytes that are no complete character become U+FFFD (use decode_bytes where truth matters)."""
        return self.decode_bytes(token_ids).decode("utf-8", errors="replace")

    def pieces(self, text: str) -> list[Piece]:
        """What encode does, with every merge shown: split, then merge the adjacent pair of lowest rank until none is left."""
        return [self._merge(match.encode("utf-8", errors="replace")) for match in regex.findall(SPLIT_PATTERN, text)]

    def _merge(self, data: bytes) -> Piece:
        start = tuple(data[i : i + 1] for i in range(len(data)))
        parts = start
        merges: list[Merge] = []
        while True:
            ranked = [
                (self.ranks[a + b], i) for i, (a, b) in enumerate(itertools.pairwise(parts)) if a + b in self.ranks
            ]
            if not ranked:
                return Piece(data, start, tuple(merges))
            token_id, i = min(ranked)  # lowest rank; leftmost among equals
            parts = (*parts[:i], parts[i] + parts[i + 1], *parts[i + 2 :])
            merges.append(Merge(token_id, i, parts))


@functools.cache
def gpt2_tokenizer(vocab_size: int = N_MERGEABLE + 1) -> Tokenizer:
    """GPT-2's tokenizer, or the one of its first vocab_size - 1 entries and end-of-text.

    Raises: InvalidSetting for a size outside 257..50,257.
    """
    if not 257 <= vocab_size <= N_MERGEABLE + 1:
        raise InvalidSetting(
            f"A vocabulary of {vocab_size:,} cannot be cut from GPT-2's: choose 257 to {N_MERGEABLE + 1:,}."
        )
    ranks = gpt2_ranks()
    return Tokenizer({token: rank for token, rank in ranks.items() if rank < vocab_size - 1}, name=f"gpt2-{vocab_size}")
