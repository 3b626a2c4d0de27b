"""GPT-2's byte-pair encoding, with no network, and the same with every merge shown.

A token's id is its rank: the order in which its merge was learned, after the 256 single bytes. So the first N entries are
a working vocabulary whose ids are GPT-2's own, and a small model can use it and stay true to GPT-2.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import regex
import tiktoken
from tiktoken.load import load_tiktoken_bpe

from gpt2core.errors import DamagedVocabulary, InvalidSetting, NotInVocabulary, TokenOutOfRange
from gpt2core.merging import BLOCK, Piece, joints_in_order, tokens_of

VOCABULARY_FILE = Path(__file__).parent.parent / "assets" / "gpt2.tiktoken"
VOCABULARY_SHA256 = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"
N_MERGEABLE = 50_256
END_OF_TEXT = "<|endoftext|>"
PIECES_KEPT = 100_000  # words whose ids a tokenizer of our own remembers
# tiktoken panics, with what is no Exception, where white space is longer than a million characters; cut off before, it never is.
LONGEST_SPACE = 10_000
# Where GPT-2 cuts text before any merge: contractions, words, numbers, other signs, white space.
# Source: openai/gpt-2, src/encoder.py.
SPLIT_RULES = {
    "contraction": r"'(?:[sdmt]|ll|ve|re)",
    "letters": r" ?\p{L}+",
    "numbers": r" ?\p{N}+",
    "signs": r" ?[^\s\p{L}\p{N}]+",
    "space_before": r"\s+(?!\S)",  # all of it but the last, which goes with what follows
    "space": r"\s+",
}
SPLIT_PATTERN = "|".join(SPLIT_RULES.values())
_NAMED_RULES = regex.compile("|".join(f"(?P<{name}>{rule})" for name, rule in SPLIT_RULES.items()))
# White space as SPLIT_PATTERN has it in tiktoken; Python's \s counts four control characters in.
_LONG_SPACE = re.compile(rf"(?<![^\S\x1c-\x1f])[^\S\x1c-\x1f]{{{LONGEST_SPACE},}}")


@functools.cache
def gpt2_ranks(path: Path = VOCABULARY_FILE) -> dict[bytes, int]:
    """GPT-2's vocabulary, bytes -> id, read from `path` and checked against the pinned hash by tiktoken.

    Raises: DamagedVocabulary if the file is missing or is not that vocabulary.
    """
    try:
        return load_tiktoken_bpe(str(path), expected_hash=VOCABULARY_SHA256)
    except (ValueError, OSError) as error:
        raise DamagedVocabulary(
            "The vocabulary {file} is missing or damaged: its sha256 should begin {begin}. Restore assets/ from the repository.",
            file=path.name,
            begin=VOCABULARY_SHA256[:12],
        ) from error


class Tokenizer:
    """Text <-> token ids by byte-pair encoding.

    Text is data: `<|endoftext|>` typed by a person is encoded letter by letter like anything else.

    ranks: the tokens that merges make, and the single bytes, in the order in which they were learned (GPT-2's 256 bytes
    first). token_ids: their ids; None: an id is a rank. pairs: which two tokens may merge, and how early; None: any two
    whose join is a token, which is how tiktoken reads a vocabulary. special: ids that no text encodes to, by name; None:
    end-of-text, after the last rank. vocab_size: the rows of the model it belongs to, if that has more than are used.
    """

    def __init__(
        self,
        ranks: Mapping[bytes, int],
        name: str = "custom",
        *,
        token_ids: Mapping[bytes, int] | None = None,
        pairs: Mapping[tuple[bytes, bytes], int] | None = None,
        special: Mapping[str, int] | None = None,
        vocab_size: int | None = None,
    ) -> None:
        self.ranks, self.name, self.pairs = ranks, name, pairs
        self.token_ids: Mapping[bytes, int] = ranks if token_ids is None else token_ids
        self.special = {END_OF_TEXT: len(ranks)} if special is None else dict(special)
        self._bytes = {token_id: token for token, token_id in self.token_ids.items()}
        self._bytes |= {token_id: text.encode() for text, token_id in self.special.items()}
        self.vocab_size = max(max(self._bytes) + 1, vocab_size or 0)
        self._pieces: dict[str, tuple[int, ...]] = {}
        self._merged = functools.lru_cache(PIECES_KEPT // BLOCK)(lambda data: self._merge(data).tokens)
        self._fast = None
        if token_ids is None and pairs is None:
            self._fast = tiktoken.Encoding(name, pat_str=SPLIT_PATTERN, mergeable_ranks=dict(ranks), special_tokens={})

    @property
    def end_of_text(self) -> int:
        """Raises: NotInVocabulary where there is no such token."""
        if END_OF_TEXT not in self.special:
            raise NotInVocabulary(
                "This vocabulary has no {name} token. Begin with some text instead.", name=END_OF_TEXT
            )
        return self.special[END_OF_TEXT]

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`. A lone surrogate, which no encoding can hold, becomes U+FFFD.

        Raises: NotInVocabulary for a byte without a token, which GPT-2's vocabulary never lacks.
        """
        if self._fast is None:
            return [
                token_id
                for piece in regex.findall(SPLIT_PATTERN, without_surrogates(text))
                for token_id in self._encoded(piece)
            ]
        token_ids: list[int] = []
        for part, is_space in _cut_at_long_spaces(text):
            token_ids += self._encoded(part) if is_space else self._fast.encode_ordinary(part)
        return token_ids

    def _encoded(self, piece: str) -> tuple[int, ...]:
        if piece in self._pieces:
            return self._pieces[piece]
        data = piece.encode()
        if len(data) > BLOCK:
            return tuple(map(self._id, tokens_of(data, self._merged)))
        if len(self._pieces) >= PIECES_KEPT:
            self._pieces.clear()
        self._pieces[piece] = tuple(map(self._id, self._merge(data).tokens))
        return self._pieces[piece]

    def _id(self, token: bytes) -> int:
        if token not in self.token_ids:
            raise NotInVocabulary(
                "This model's vocabulary has no token for {text!r}. Leave it out, or choose another model.",
                text=token.decode(errors="backslashreplace"),
            )
        return self.token_ids[token]

    def encode_documents(self, text: str) -> list[int]:
        """Token ids of a corpus in which a line `<|endoftext|>` separates documents; each separator becomes one end-of-text id."""
        if END_OF_TEXT in text and END_OF_TEXT not in self.special:
            raise NotInVocabulary(
                "{name} separates documents in this text, and this vocabulary has no such token. Take it out of the text, "
                "or choose another model.",
                name=END_OF_TEXT,
            )
        token_ids: list[int] = []
        for number, document in enumerate(text.split(END_OF_TEXT)):
            if number:
                token_ids.append(self.end_of_text)
            token_ids.extend(self.encode(document.strip("\r\n") if END_OF_TEXT in text else document))
        return token_ids

    def token_bytes(self, token_id: int) -> bytes:
        """One token's bytes; a special token, or a row that no token uses, is spelled out. Raises: TokenOutOfRange."""
        if not 0 <= token_id < self.vocab_size:
            raise TokenOutOfRange(token_id, self.vocab_size)
        return self._bytes.get(token_id) or f"<|unused {token_id}|>".encode()

    def decode_bytes(self, token_ids: Sequence[int]) -> bytes:
        """The exact bytes; end-of-text is spelled out. Raises: TokenOutOfRange."""
        return b"".join(map(self.token_bytes, token_ids))

    def decode(self, token_ids: Sequence[int]) -> str:
        """The text; bytes that are no complete character become U+FFFD (use decode_bytes where truth matters)."""
        return self.decode_bytes(token_ids).decode("utf-8", errors="replace")

    def pieces(self, text: str) -> list[Piece]:
        """What encode does, with every merge shown: split, then merge the adjacent pair of lowest rank until none is left."""
        return [self._merge(piece.encode()) for piece in regex.findall(SPLIT_PATTERN, without_surrogates(text))]

    def last_pair(self, token: bytes) -> tuple[bytes, bytes]:
        """The two tokens whose merge makes `token` out of its bytes. Raises: DamagedVocabulary if none does."""
        piece = self._merge(token)
        if not piece.joints or piece.tokens != (token,):
            raise DamagedVocabulary(
                "No merges of this vocabulary make its token {token!r}. Train or copy it again.", token=token
            )
        return token[: piece.joints[-1]], token[piece.joints[-1] :]

    def rank(self, left: bytes, right: bytes) -> int | None:
        """How early these two merge, None if they never do."""
        return self.ranks.get(left + right) if self.pairs is None else self.pairs.get((left, right))

    def _merge(self, data: bytes) -> Piece:
        single = tuple(data[i : i + 1] for i in range(len(data)))
        return Piece(data, single, joints_in_order(data, self.rank))


class PlainTokenizer(Tokenizer):
    """A list of characters or words without merges: the longest entry that fits, from left to right."""

    def __init__(
        self,
        token_ids: Mapping[bytes, int],
        name: str = "plain",
        *,
        special: Mapping[str, int] | None = None,
        vocab_size: int | None = None,
    ) -> None:
        super().__init__(token_ids, name, token_ids=token_ids, pairs={}, special=special or {}, vocab_size=vocab_size)
        self._lengths = sorted({len(token) for token in token_ids if token}, reverse=True)

    def encode(self, text: str) -> list[int]:
        """Raises: NotInVocabulary at the first character that no entry begins with."""
        return [self.token_ids[token] for token in self._cut(without_surrogates(text).encode())]

    def pieces(self, text: str) -> list[Piece]:
        """One piece an entry, and no merges."""
        return [Piece(token, (token,), ()) for token in self._cut(without_surrogates(text).encode())]

    def _cut(self, data: bytes) -> Iterator[bytes]:
        start, entries = 0, self.token_ids
        while start < len(data):
            for length in self._lengths:
                token = data[start : start + length]
                if token in entries:
                    break
            else:
                raise NotInVocabulary(
                    "This model's vocabulary has no token for {text!r}. Leave it out, or choose another model.",
                    text=data[start : start + 4].decode(errors="replace")[0],
                )
            yield token
            start += len(token)


def _cut_at_long_spaces(text: str) -> Iterator[tuple[str, bool]]:
    """`text` in parts that tiktoken can read, and whether a part is a single piece of white space.

    The last blank before a word is a piece of the word's, or one of its own, so it stays with what follows.
    """
    start = 0
    for found in _LONG_SPACE.finditer(text):
        end = found.end() - (found.end() < len(text))
        yield text[start : found.start()], False
        yield text[found.start() : end], True
        start = end
    yield text[start:], False


def cuts(text: str) -> list[tuple[str, str]]:
    """Where GPT-2 cuts `text` before any merge: each piece after the name of its rule in SPLIT_RULES, the first that fits."""
    return [(found.lastgroup, found[0]) for found in _NAMED_RULES.finditer(without_surrogates(text))]


def without_surrogates(text: str) -> str:
    """`text` with lone surrogates, which no encoding can hold, replaced, as tiktoken does."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@functools.cache
def gpt2_tokenizer(vocab_size: int = N_MERGEABLE + 1) -> Tokenizer:
    """GPT-2's tokenizer, or the one of its first vocab_size - 1 entries and end-of-text.

    Raises: InvalidSetting for a size outside 257..50,257.
    """
    if not 257 <= vocab_size <= N_MERGEABLE + 1:
        raise InvalidSetting(
            "A vocabulary of {n:,} cannot be cut from GPT-2's: choose 257 to {most:,}.",
            n=vocab_size,
            most=N_MERGEABLE + 1,
        )
    ranks = gpt2_ranks()
    return Tokenizer({token: rank for token, rank in ranks.items() if rank < vocab_size - 1}, name=f"gpt2-{vocab_size}")
