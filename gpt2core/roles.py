"""What each attention head does, as scores that say what they rest on. All are [L, H]: L layers, H heads.

A score is nan where the text gives nothing to measure it on: one token, or no token that comes twice.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gpt2core.analysis import attention_entropy, first_token_scores, previous_token_scores
from gpt2core.trace import Trace

SHARES = ("previous", "first", "same", "induction")  # mean attention, 0 to 1
ROLES = (*SHARES, "spread", "distance")  # nats, tokens


def role_scores(trace: Trace) -> dict[str, Tensor]:
    """{role: [L, H]} for each of ROLES. The trace must hold "pattern"."""
    if len(trace.token_ids) < 2:
        nothing = torch.full((trace.config.n_layers, trace.config.n_heads), torch.nan)
        return dict.fromkeys(ROLES, nothing)
    return {
        "previous": previous_token_scores(trace),
        "first": first_token_scores(trace),
        "same": same_token_scores(trace),
        "induction": continuation_scores(trace),
        "spread": spreads(trace),
        "distance": distances(trace),
    }


def same_token_scores(trace: Trace) -> Tensor:
    """Mean attention of each head from a token to the earlier ones of the same id, over all tokens that have any. 0 to 1."""
    return _mean_over_queries(trace, _same_before(trace))


def continuation_scores(trace: Trace) -> Tensor:
    """Mean attention of each head from a token to those that came after the earlier ones of the same id, over all tokens that have
    any: what an induction head looks at. 0 to 1. On analysis.repeated_tokens it is analysis.induction_scores.

    Source: Olsson et al., "In-context Learning and Induction Heads", 2022.
    """
    after = _same_before(trace).roll(1, dims=1)
    after[:, 0] = False
    return _mean_over_queries(trace, after)


def spreads(trace: Trace) -> Tensor:
    """Mean entropy of each head's attention over all tokens but the first, in nats; exp of it is the number of keys it amounts to."""
    entropies = [attention_entropy(trace, layer)[:, 1:].mean(-1) for layer in range(trace.config.n_layers)]
    return torch.stack(entropies)


def distances(trace: Trace) -> Tensor:
    """How many tokens away each head looks, its attention's mean over all tokens but the first."""
    T = len(trace.token_ids)
    places = torch.arange(T)
    apart = (places[:, None] - places).abs().float()  # [T, T], query by key
    return (trace.stacked("pattern").cpu() * apart).sum(-1)[..., 1:].mean(-1)


def _same_before(trace: Trace) -> Tensor:
    """[T, T], query by key: whether the key is earlier and of the same id."""
    ids = torch.tensor(trace.token_ids)
    return (ids[:, None] == ids).tril(-1)


def _mean_over_queries(trace: Trace, keys: Tensor) -> Tensor:
    """Mean of the attention to `keys` [T, T] over the queries that have any; nan without one."""
    has_any = keys.any(-1)
    looked = (trace.stacked("pattern").cpu() * keys).sum(-1)  # [L, H, T]
    return looked[..., has_any].mean(-1)
