"""What the heads do: their role scores on the sentence on screen, and on a text that is the same for every sentence."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer.store.services import Services
from explorer.store.traces import RunKey
from gpt2core import analysis
from gpt2core.errors import NotInVocabulary
from gpt2core.roles import ROLES, role_scores

REFERENCE = Path(__file__).parents[2] / "assets" / "sample.txt"
MOST_TOKENS = 128  # of the reference text
PERIOD, SEED = 32, 0  # of the random tokens, read twice, on which induction is measured for reference


def roles_of(services: Services, run: RunKey) -> dict[str, Any]:
    """{"run", "here": {role: [[score, ...], ...]}, "reference": the same}, a row a layer; None where there is nothing to measure.

    The reference is the unchanged model's.
    """
    here = role_scores(services.traces.get(run, {"pattern"}))
    return {"run": run.to_json(), "here": _numbers(here), "reference": _numbers(reference_scores(services, run.model))}


def reference_scores(services: Services, model: str) -> dict[str, Tensor]:
    """Role scores of an unchanged model on the first tokens of the sample text, nan where its vocabulary cannot write that; induction on
    random tokens read twice."""
    config = services.models.get(model).model.config
    tokenizer = services.models.tokenizer(model)
    try:
        ids = tuple(tokenizer.encode(REFERENCE.read_text(encoding="utf-8"))[: min(MOST_TOKENS, config.context_length)])
    except NotInVocabulary:
        scores = dict.fromkeys(ROLES, torch.full((config.n_layers, config.n_heads), torch.nan))
    else:
        scores = role_scores(services.traces.get(RunKey(model, tokenizer.decode(ids), ids), {"pattern"}))
    period = min(PERIOD, config.context_length // 2, config.vocab_size)
    if period < 2:
        return scores
    twice = analysis.repeated_tokens(config.vocab_size, period, SEED)
    random = services.traces.get(RunKey(model, tokenizer.decode(twice), twice), {"pattern"})
    return scores | {"induction": analysis.induction_scores(random)}


def _numbers(scores: dict[str, Tensor]) -> dict[str, list[list[float | None]]]:
    return {
        role: [[None if math.isnan(value) else value for value in row] for row in table.tolist()]
        for role, table in scores.items()
    }
