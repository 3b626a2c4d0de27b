"""Beam search with its whole tree kept: every continuation that was weighed, whether it lived or not.

W beams, T tokens, V vocabulary.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from gpt2core.errors import InvalidSetting, NotFinite
from gpt2core.generation import KVCache, check_token_ids
from gpt2core.model import GPTModel, evaluating


@dataclass(frozen=True)
class BeamNode:
    """One weighed token. parent: index of the node before it, None directly after the prompt. depth: 1 for the first new token.

    log_probability: of this token after its parents; cumulative: summed from the prompt to here (both in nats).
    fate: "kept" lived on as a beam, "finished" ended a hypothesis, "pruned" was weighed and dropped.
    """

    index: int
    parent: int | None
    depth: int
    token_id: int
    log_probability: float
    cumulative: float
    fate: Literal["kept", "finished", "pruned"]


@dataclass(frozen=True)
class Hypothesis:
    """A finished continuation. token_ids: the new tokens, a stop id included; score: cumulative / length ** length_penalty."""

    token_ids: tuple[int, ...]
    score: float
    node: int


@dataclass(frozen=True)
class BeamSearch:
    """nodes: in the order in which they were weighed, best first within a depth. hypotheses: best first, W at most."""

    nodes: tuple[BeamNode, ...]
    hypotheses: tuple[Hypothesis, ...]

    def path(self, node: int) -> list[BeamNode]:
        """The nodes from the first new token to `node`."""
        return _path(self.nodes, node)


def beam_search(
    model: GPTModel,
    token_ids: Sequence[int],
    max_new_tokens: int,
    *,
    width: int = 4,
    length_penalty: float = 1.0,
    early_stopping: bool = False,
    stop_ids: Sequence[int] = (),
) -> BeamSearch:
    """Keep the `width` likeliest continuations, token by token.

    A hypothesis ends at a stop id or after max_new_tokens; its score is its log-probability / length ** length_penalty
    (above 0 favours long ones; 0 leaves the sum). The search ends early once `width` hypotheses are finished and, unless
    early_stopping, the best open beam could not beat the worst of them at its present length. The window slides past
    context_length as in generate. Tokens and scores are those of transformers' generate(num_beams=width).
    Raises: EmptyPrompt, TokenOutOfRange, InvalidSetting, NotFinite.
    """
    levels = beam_levels(
        model,
        token_ids,
        max_new_tokens,
        width=width,
        length_penalty=length_penalty,
        early_stopping=early_stopping,
        stop_ids=stop_ids,
    )
    return deque(levels, maxlen=1).pop()


def beam_levels(
    model: GPTModel,
    token_ids: Sequence[int],
    max_new_tokens: int,
    *,
    width: int = 4,
    length_penalty: float = 1.0,
    early_stopping: bool = False,
    stop_ids: Sequence[int] = (),
) -> Iterator[BeamSearch]:
    """beam_search as it grows: the whole tree so far and the hypotheses finished so far, after each depth; the last is beam_search's.

    Raises, before the first: EmptyPrompt, TokenOutOfRange, InvalidSetting; on the way: NotFinite.
    """
    check_token_ids(token_ids, model.config.vocab_size)
    if max_new_tokens < 1:
        raise InvalidSetting(f"max_new_tokens is {max_new_tokens}; choose 1 or more.")
    if not 1 <= width <= min(64, model.config.vocab_size):
        raise InvalidSetting(f"The beam width is {width}; choose 1 to {min(64, model.config.vocab_size)}.")
    if not -10 <= length_penalty <= 10:
        raise InvalidSetting(f"The length penalty is {length_penalty}; choose -10 to 10 (1 is the mean per token).")
    return _levels(model, token_ids, max_new_tokens, width, length_penalty, early_stopping, frozenset(stop_ids))


def _levels(
    model: GPTModel,
    token_ids: Sequence[int],
    max_new_tokens: int,
    width: int,
    length_penalty: float,
    early_stopping: bool,
    stops: frozenset[int],
) -> Iterator[BeamSearch]:
    nodes: list[BeamNode] = []
    finished: list[Hypothesis] = []
    beams: list[BeamNode | None] = [None]  # the prompt itself
    reader = _Reader(model, token_ids, width)
    n_weighed = max(2, 1 + len(stops)) * width  # so that `width` are left even if every beam could stop
    for depth in range(1, max_new_tokens + 1):
        gained = reader.log_probabilities()  # [W, V]
        so_far = torch.tensor([beam.cumulative if beam else 0.0 for beam in beams], dtype=torch.float64)
        totals = (so_far.unsqueeze(1) + gained).flatten()  # [W V]
        best = torch.topk(totals, min(n_weighed, totals.numel()))
        rows: list[int] = []
        parents, beams = beams, []
        for rank, (total, choice) in enumerate(zip(best.values.tolist(), best.indices.tolist(), strict=True)):
            row, token_id = divmod(choice, gained.size(1))
            ends = token_id in stops or depth == max_new_tokens
            fate: Literal["kept", "finished", "pruned"] = "pruned"
            if ends and rank < width:
                fate = "finished"
            elif not ends and len(beams) < width:
                fate = "kept"
            parent = parents[row]
            node = BeamNode(
                len(nodes),
                parent.index if parent else None,
                depth,
                token_id,
                float(gained[row, token_id]),
                total,
                fate,
            )
            nodes.append(node)
            if fate == "kept":
                beams.append(node)
                rows.append(row)
            elif fate == "finished":
                ids = tuple(step.token_id for step in _path(nodes, node.index))
                finished.append(Hypothesis(ids, total / depth**length_penalty, node.index))
        finished = sorted(finished, key=lambda hypothesis: -hypothesis.score)[:width]
        yield BeamSearch(tuple(nodes), tuple(finished))
        if not beams:
            return
        leader = beams[0]
        assert leader is not None
        if len(finished) == width and (
            early_stopping or leader.cumulative / depth**length_penalty <= finished[-1].score
        ):
            return
        reader.advance(rows, [beam.token_id for beam in beams if beam])


def continuation_log_probabilities(model: GPTModel, token_ids: Sequence[int], continuation: Sequence[int]) -> Tensor:
    """ln of the probability that the model gives to each token of `continuation` after `token_ids` and those before it.

    [n] float64, in nats; their sum is what beam_search maximises. Read at once where it fits into the context; beyond it the
    window slides as in generate. Raises: EmptyPrompt, TokenOutOfRange, NotFinite.
    """
    check_token_ids(token_ids, model.config.vocab_size)
    if not len(continuation):
        return torch.zeros(0, dtype=torch.float64)
    check_token_ids(continuation, model.config.vocab_size)
    read, limit = [*token_ids, *continuation[:-1]], model.config.context_length
    if len(read) > limit:
        reader, gained = _Reader(model, token_ids, 1), []
        for token_id in continuation:
            gained.append(reader.log_probabilities()[0, token_id])
            reader.advance([0], [token_id])
        return torch.stack(gained)
    device = model.tok_emb.weight.device
    with evaluating(model):
        seen = model.before_head(torch.tensor([read], device=device))[:, len(token_ids) - 1 :]
        rows = _log_softmax(model.out_head(seen)[0])  # [n, V]
    return rows.gather(1, torch.tensor(continuation).unsqueeze(1)).squeeze(1)


def _log_softmax(logits: Tensor) -> Tensor:
    """[..., V] -> [..., V] float64. Raises: NotFinite."""
    if not bool(logits.isfinite().all()):
        raise NotFinite(
            "The model's logits are not finite numbers. The weights are probably damaged; load the model again."
        )
    return torch.log_softmax(logits.double(), -1).cpu()


def _path(nodes: Sequence[BeamNode], node: int) -> list[BeamNode]:
    path = [nodes[node]]
    while path[-1].parent is not None:
        path.append(nodes[path[-1].parent])
    return path[::-1]


class _Reader:
    """The texts of all beams, and the model's memory of them."""

    def __init__(self, model: GPTModel, token_ids: Sequence[int], width: int) -> None:
        weight = model.tok_emb.weight
        self.model = model
        self.texts = torch.tensor([list(token_ids)], device=weight.device)  # [W, T]; one row until the first choice
        self.cache = KVCache(model.config, weight.dtype, weight.device, batch_size=width)

    def log_probabilities(self) -> Tensor:
        """Of every next token after every beam. [W, V] float64"""
        limit = self.model.config.context_length
        with evaluating(self.model):
            if self.texts.size(1) > limit:
                read = self.model.before_head(self.texts[:, -limit:])
            else:
                read = self.model.before_head(self.texts[:, self.cache.length :], cache=self.cache)
            return _log_softmax(self.model.out_head(read[:, -1:])[:, 0])

    def advance(self, rows: Sequence[int], token_ids: Sequence[int]) -> None:
        """Beam i becomes the old beam rows[i] followed by token_ids[i]."""
        grown = torch.tensor(token_ids, device=self.texts.device).unsqueeze(1)
        self.texts = torch.cat([self.texts[list(rows)], grown], 1)
        self.cache.reorder(rows)
