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

from gpt2core.edits import Edit, EditedPass, all_causal
from gpt2core.errors import InvalidSetting
from gpt2core.model import GPTModel
from gpt2core.ranges import is_number, is_whole, shown, whole
from gpt2core.reading import Reader, check_finite, check_token_ids, read_logits


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
    edits: Sequence[Edit] = (),
) -> BeamSearch:
    """Keep the `width` likeliest continuations, token by token.

    A hypothesis ends at a stop id or after max_new_tokens; its score is its log-probability / length ** length_penalty
    (above 0 favours long ones; 0 leaves the sum). The search ends early once `width` hypotheses are finished and, unless
    early_stopping, the best open beam could not beat the worst of them at its present length. The window slides past
    context_length as in generate, and `edits` change the model as there. Tokens and scores are those of transformers'
    generate(num_beams=width).
    Raises: EmptyPrompt, TokenOutOfRange, InvalidSetting, UnknownSite, InvalidEdit, NotFinite.
    """
    levels = beam_levels(
        model,
        token_ids,
        max_new_tokens,
        width=width,
        length_penalty=length_penalty,
        early_stopping=early_stopping,
        stop_ids=stop_ids,
        edits=edits,
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
    edits: Sequence[Edit] = (),
) -> Iterator[BeamSearch]:
    """beam_search as it grows: the whole tree so far and the hypotheses finished so far, after each depth; the last is beam_search's.

    Raises, before the first: EmptyPrompt, TokenOutOfRange, InvalidSetting, UnknownSite; on the way: InvalidEdit, NotFinite.
    """
    check_token_ids(token_ids, model.config.vocab_size)
    max_new_tokens = whole("max_new_tokens", max_new_tokens, 1)
    widest = min(64, model.config.vocab_size)
    if not is_whole(width) or not 1 <= width <= widest:
        raise InvalidSetting("The beam width is {width}; choose 1 to {widest}.", width=shown(width), widest=widest)
    if not is_number(length_penalty) or not -10 <= length_penalty <= 10:
        raise InvalidSetting(
            "The length penalty is {penalty}; choose -10 to 10 (1 is the mean per token).",
            penalty=shown(length_penalty),
        )
    EditedPass(edits, model.config)  # refuses a layer or site that is not there
    reader = Reader(model, token_ids, width, edits=edits)
    return _levels(reader, max_new_tokens, width, length_penalty, early_stopping, frozenset(stop_ids))


def _levels(
    reader: Reader,
    max_new_tokens: int,
    width: int,
    length_penalty: float,
    early_stopping: bool,
    stops: frozenset[int],
) -> Iterator[BeamSearch]:
    nodes: list[BeamNode] = []
    finished: list[Hypothesis] = []
    beams: list[BeamNode | None] = [None]  # the prompt itself
    n_weighed = max(2, 1 + len(stops)) * width  # so that `width` are left even if every beam could stop
    for depth in range(1, max_new_tokens + 1):
        gained = _log_softmax(reader.next_logits())  # [W, V]
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


def continuation_log_probabilities(
    model: GPTModel, token_ids: Sequence[int], continuation: Sequence[int], *, edits: Sequence[Edit] = ()
) -> Tensor:
    """ln of the probability that the model gives to each token of `continuation` after `token_ids` and those before it.

    [n] float64, in nats; their sum is what beam_search maximises. Read at once where it fits into the context and all edits are
    causal; otherwise token by token, as in generate. Raises: EmptyPrompt, TokenOutOfRange, UnknownSite, InvalidEdit, NotFinite.
    """
    check_token_ids(token_ids, model.config.vocab_size)
    if not len(continuation):
        return torch.zeros(0, dtype=torch.float64)
    check_token_ids(continuation, model.config.vocab_size)
    read = [*token_ids, *continuation[:-1]]
    if len(read) > model.config.context_length or not all_causal(edits):
        reader, gained = Reader(model, token_ids, edits=edits), []
        for token_id in continuation:
            gained.append(_log_softmax(reader.next_logits())[0, token_id])
            reader.advance([0], [token_id])
        return torch.stack(gained)
    ids = torch.tensor([read], device=model.tok_emb.weight.device)
    rows = _log_softmax(read_logits(model, ids, len(continuation), edits=edits)[0])  # [n, V]
    return rows.gather(1, torch.tensor(continuation).unsqueeze(1)).squeeze(1)


def _log_softmax(logits: Tensor) -> Tensor:
    """[..., V] -> [..., V] float64. Raises: NotFinite."""
    check_finite(logits)
    return torch.log_softmax(logits.double(), -1).cpu()


def _path(nodes: Sequence[BeamNode], node: int) -> list[BeamNode]:
    path = [nodes[node]]
    while path[-1].parent is not None:
        path.append(nodes[path[-1].parent])
    return path[::-1]
