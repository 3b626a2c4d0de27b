"""Two models, or several texts of one, held side by side.

Models whose vocabularies differ are compared by what their tokens say, never by ids, and only where both can be asked the same
question. V, W vocabularies of the two.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.analysis import token_losses
from gpt2core.errors import InvalidEdit, InvalidSetting
from gpt2core.scoring import TextScore as TokenScores
from gpt2core.tokenizer import Tokenizer
from gpt2core.trace import Trace


@functools.lru_cache(maxsize=16)
def same_tokens(one: Tokenizer, other: Tokenizer) -> Tensor:
    """For each id of `one` the id of the same token in `other`, -1 where it has none. [V] int64

    An ordinary token is the same if its bytes are; end-of-text only end-of-text; a row that no token uses has no counterpart. The answer
    is kept: read it, do not write to it.
    """
    found = torch.full((one.vocab_size,), -1)
    for token, token_id in one.token_ids.items():
        found[token_id] = other.token_ids.get(token, -1)
    for name, token_id in one.special.items():
        found[token_id] = other.special.get(name, -1)
    return found


def renamed(probabilities: Tensor, names: Tensor, n: int) -> tuple[Tensor, float]:
    """Probabilities [V] by another vocabulary's ids, names [V] as same_tokens gives them: [n], and the share on tokens that it lacks."""
    known = names >= 0
    moved = torch.zeros(n, dtype=probabilities.dtype)
    moved[names[known]] = probabilities[: len(names)][known]
    return moved, float(probabilities.sum() - moved.sum())


def total_variation(p: Tensor, q: Tensor) -> float:
    """The share of the probability that must be moved to make p of q: 0 for the same, 1 for nothing in common."""
    return float((p - q).abs().sum() / 2)


def kl_divergence_nats(p: Tensor, q: Tensor) -> float:
    """How many nats more q is surprised by draws from p than p itself is, on average; infinite where q rules out what p may draw.

    Source: Kullback and Leibler, "On Information and Sufficiency", 1951.
    """
    possible = p > 0
    return max(0.0, float((p[possible] * (p[possible].log() - q[possible].log())).sum()))


def first_bytes(probabilities: Tensor, tokenizer: Tokenizer) -> Tensor:
    """The same distribution by the first byte of what comes next, which every byte-level vocabulary can be asked for: [257], the
    last place holding tokens that no text encodes to (end-of-text, unused rows)."""
    return torch.zeros(257, dtype=probabilities.dtype).index_add(
        0, _first_bytes(tokenizer, len(probabilities)), probabilities
    )


@functools.lru_cache(maxsize=16)
def _first_bytes(tokenizer: Tokenizer, n: int) -> Tensor:
    places = torch.full((n,), 256)
    for token, token_id in tokenizer.token_ids.items():
        places[token_id] = token[0]
    return places  # [n]


def token_ends(token_ids: Sequence[int], tokenizer: Tokenizer) -> list[int]:
    """After how many bytes of the text each token ends."""
    return list(itertools.accumulate(len(tokenizer.token_bytes(token_id)) for token_id in token_ids))


@dataclass(frozen=True)
class TextScore:
    """How well a model foresaw the bytes from `first_byte` of a text on. n_tokens: its tokens for them; nats: -ln of the
    probability it gave them, all together. Two scores of the same bytes compare, however each model cuts them."""

    first_byte: int
    n_bytes: int
    n_tokens: int
    nats: float

    @property
    def nats_per_token(self) -> float:
        return self.nats / self.n_tokens

    @property
    def nats_per_byte(self) -> float:
        return self.nats / self.n_bytes


def text_scores(readings: Sequence[Trace | TokenScores], tokenizers: Sequence[Tokenizer]) -> list[TextScore]:
    """Of each model on one text, which it was traced on with its logits, or which scoring.score_text read. Scored are the bytes
    after the first place where a token of every model ends: what comes before was given to them.

    Raises: InvalidSetting if nothing comes after that place; InvalidEdit for a trace that is not causal.
    """
    for seen in readings:
        if isinstance(seen, Trace) and not seen.causal:
            raise InvalidEdit(
                "Under the edits {edits} one pass over a text shows the model what it is to foresee. "
                "Score the text with score_text, which reads no further than the token to be told.",
                edits=", ".join(seen.edits),
            )
    ends = [token_ends(seen.token_ids, tokenizer) for seen, tokenizer in zip(readings, tokenizers, strict=True)]
    start = min(set.intersection(*map(set, ends)))
    n_bytes = ends[0][-1] - start
    if n_bytes == 0:
        raise InvalidSetting("The first token is given, and the text ends with it. Give a text of at least two tokens.")
    scores = []
    for seen, stops in zip(readings, ends, strict=True):
        n_given = stops.index(start) + 1
        losses = (token_losses(seen) if isinstance(seen, Trace) else seen.losses)[n_given - 1 :].double()
        scores.append(TextScore(start, n_bytes, len(losses), float(losses.sum())))
    return scores


def parting(one: Sequence[bytes], other: Sequence[bytes]) -> tuple[int, int] | None:
    """The places of the first tokens of two texts that say different bytes; None as long as one is a beginning of the other."""
    a, b = b"".join(one), b"".join(other)
    same = next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
    return None if same is None else (_token_at(one, same), _token_at(other, same))


def _token_at(tokens: Sequence[bytes], place: int) -> int:
    return next(index for index, end in enumerate(itertools.accumulate(map(len, tokens))) if end > place)


@dataclass(frozen=True)
class Spread:
    """How different several texts are. n_first: distinct first tokens; n_texts: distinct texts; shared: how many tokens two of
    them have in common before they part, on average over all pairs."""

    n_first: int
    n_texts: int
    shared: float


def spread(texts: Sequence[Sequence[int]]) -> Spread:
    """texts: token ids, at least two lists of them."""
    pairs = list(itertools.combinations(texts, 2))
    shared = [
        sum(1 for _ in itertools.takewhile(lambda ab: ab[0] == ab[1], zip(*pair, strict=False))) for pair in pairs
    ]
    return Spread(len({text[0] for text in texts}), len({tuple(text) for text in texts}), sum(shared) / len(pairs))
