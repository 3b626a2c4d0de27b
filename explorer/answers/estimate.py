"""What a run will take, before it begins: parameters, memory, time on this machine."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass

import torch

from explorer.answers.recipe import Recipe
from gpt2core import GPTConfig
from gpt2core.sizes import flops_per_token

# For each weight: itself, its gradient, and the two averages of AdamW, four bytes each.
BYTES_A_WEIGHT = 16
# Numbers of a block that the backward pass needs, for each of a token's C: about two norms, q k v, z, four projections and the MLP's 4 C twice.
KEPT_A_BLOCK = 20
# How much longer an update takes than its matrix products alone: measured, docs/log.md.
OVERHEAD = 2.0
_ROWS, _COLUMNS = 1024, 128


@dataclass(frozen=True)
class Estimate:
    n_parameters: int
    n_bytes: int
    seconds: float


def estimate(recipe: Recipe, config: GPTConfig) -> Estimate:
    """config: of the model that is trained."""
    T, C = config.context_length, config.emb_dim
    tokens = recipe.batch_size * T
    a_part = tokens / recipe.accumulation_steps
    activations = a_part * (config.n_layers * (KEPT_A_BLOCK * C + 2 * config.n_heads * T) + 3 * config.vocab_size)
    n_bytes = BYTES_A_WEIGHT * config.n_parameters + 4 * activations
    work = 3 * tokens * flops_per_token(config, T)  # the backward pass takes twice the forward's
    return Estimate(config.n_parameters, round(n_bytes), OVERHEAD * recipe.steps * work / speed())


@functools.cache
def speed() -> float:
    """Multiplications and additions a second of one core of this machine, in products as large as these models'; measured once."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        left, right = torch.ones(_ROWS, _COLUMNS), torch.ones(_COLUMNS, 4 * _COLUMNS)
        taken = []
        for _ in range(12):
            began = time.perf_counter()
            left @ right
            taken.append(time.perf_counter() - began)
    finally:
        torch.set_num_threads(before)
    return 2 * _ROWS * _COLUMNS * 4 * _COLUMNS / min(taken)
