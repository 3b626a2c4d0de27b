"""From a text to batches: read, encode, split, cut into windows.

B windows a batch, T tokens a window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.errors import CorpusNotText, CorpusTooShort, InvalidSetting
from gpt2core.ranges import checked_seed, is_number, mixed_seed, shown
from gpt2core.tokenizer import END_OF_TEXT, PlainTokenizer, Tokenizer, without_surrogates

MAX_CHARACTER_KINDS = 8_192


def decode_text(data: bytes) -> str:
    """UTF-8 bytes as text, without a byte-order mark and with the line ends of every system as line feeds. Raises: CorpusNotText."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusNotText(
            "This file is not UTF-8 text (byte {place:,} cannot be read). Save it as plain text in UTF-8 and try again.",
            place=error.start,
        ) from error
    if "\x00" in text:
        raise CorpusNotText(
            "This file holds zero bytes, so it is not plain text. Save it as plain text in UTF-8 and try again."
        )
    return _with_line_feeds(text)


def _with_line_feeds(text: str) -> str:
    """CRLF of Windows and CR of old Macs read like LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def character_tokenizer(text: str) -> PlainTokenizer:
    """A vocabulary of the characters that `text` holds, in the order of their code points, and end-of-text.

    Any other character is refused by what reads with it. Raises: InvalidSetting for more than MAX_CHARACTER_KINDS different ones.
    """
    kinds = sorted(set(without_surrogates(_with_line_feeds(text).replace(END_OF_TEXT, ""))))
    if len(kinds) > MAX_CHARACTER_KINDS:
        raise InvalidSetting(
            "The text holds {n:,} different characters, and a vocabulary of characters takes at most {most:,}. Choose bytes, or GPT-2's own tokens.",
            n=len(kinds),
            most=MAX_CHARACTER_KINDS,
        )
    token_ids = {character.encode(): token_id for token_id, character in enumerate(kinds)}
    return PlainTokenizer(token_ids, "characters", special={END_OF_TEXT: len(kinds)})


@dataclass(frozen=True)
class Corpus:
    """Token ids to train on and, from the end of the text, ids never trained on. bytes_per_token is of the validation part."""

    train_ids: Tensor
    val_ids: Tensor
    bytes_per_token: float


def split_corpus(text: str, tokenizer: Tokenizer, context_length: int, val_fraction: float = 0.05) -> Corpus:
    """Encode `text` and keep its last `val_fraction` for validation, so that each part holds a window of context_length + 1 tokens.

    The share is of the characters, and begins with the first document that begins in it; where that leaves a part too short, it is of
    the tokens, so that every text with enough of them is taken. Line ends are read as in decode_text.
    Raises: CorpusTooShort, with the number of tokens at which any text is taken; InvalidSetting.
    """
    if not (is_number(val_fraction) and 0 < val_fraction < 1):
        raise InvalidSetting(
            "The share kept for checking is {share}; choose more than 0 and less than 1, for example 0.05.",
            share=shown(val_fraction),
        )
    text, needed = _with_line_feeds(text), context_length + 1
    cut = int(len(text) * (1 - val_fraction))
    mark = text.find(END_OF_TEXT, max(0, cut - len(END_OF_TEXT) + 1))  # one that the cut would go through is met too
    cut = cut if mark == -1 else mark + len(END_OF_TEXT)
    train_ids, val_ids = (tokenizer.encode_documents(part) for part in (text[:cut], text[cut:]))
    if min(len(train_ids), len(val_ids)) >= needed:
        n_bytes = len(text[cut:].encode("utf-8", errors="replace"))
        return Corpus(torch.tensor(train_ids), torch.tensor(val_ids), n_bytes / len(val_ids))
    token_ids = tokenizer.encode_documents(text)
    enough = math.ceil(needed / min(val_fraction, 1 - val_fraction))
    if len(token_ids) < enough:
        raise CorpusTooShort(
            "The text is {n:,} tokens long; to train on windows of {window:,} tokens and keep {share:.3g} % for checking, "
            "it needs {enough:,}. Add more text, or choose a shorter window or a larger share.",
            n=len(token_ids),
            window=context_length,
            share=100 * val_fraction,
            enough=enough,
        )
    n_train = len(token_ids) - max(needed, int(len(token_ids) * val_fraction))
    val_ids = token_ids[n_train:]
    n_bytes = len(tokenizer.decode_bytes(val_ids))
    return Corpus(torch.tensor(token_ids[:n_train]), torch.tensor(val_ids), n_bytes / len(val_ids))


class SlidingWindows:
    """All windows of T + 1 tokens that start `stride` apart; input and target are the window without its last or first token.

    The order is a pure function of (seed, epoch), so a run can be resumed by its step alone. Each epoch shifts the
    starts by a new offset below the stride, so that a model does not always meet the same cuts.
    """

    def __init__(
        self, token_ids: Tensor, context_length: int, batch_size: int, *, stride: int | None = None, seed: int = 0
    ) -> None:
        self.token_ids, self.context_length, self.batch_size = token_ids, context_length, batch_size
        self.stride, self.seed = stride or context_length, checked_seed(seed)
        last_start = len(token_ids) - context_length - 1
        if last_start < 0:
            raise CorpusTooShort(
                "The text is {n:,} tokens long; a window takes {window:,}. Add more text.",
                n=len(token_ids),
                window=context_length + 1,
            )
        self.n_windows = max(1, (last_start - (self.stride - 1)) // self.stride + 1)
        self._slack = min(self.stride - 1, last_start - (self.n_windows - 1) * self.stride)

    def starts(self, epoch: int) -> Tensor:
        """Where the windows of an epoch begin, in the order in which they are read. [n_windows]"""
        generator = torch.Generator().manual_seed(mixed_seed(self.seed, epoch))
        offset = int(torch.randint(self._slack + 1, (1,), generator=generator))
        return torch.randperm(self.n_windows, generator=generator) * self.stride + offset

    def batch(self, index: int) -> tuple[Tensor, Tensor]:
        """Batch number `index` since the beginning of training: inputs and targets, [B, T] each."""
        numbers = torch.arange(index * self.batch_size, (index + 1) * self.batch_size)
        chosen: list[Tensor] = []
        for epoch in (numbers // self.n_windows).unique().tolist():
            here = numbers[numbers // self.n_windows == epoch] % self.n_windows
            chosen.append(self.starts(epoch)[here])
        spans = torch.cat(chosen).unsqueeze(1) + torch.arange(self.context_length + 1)  # [B, T + 1]
        windows = self.token_ids[spans]
        return windows[:, :-1], windows[:, 1:]
