"""A model as training finds it: random numbers, always the same ones, and torch's own dice are left alone."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gpt2core.checkpoint import build_model, learned_tensors
from gpt2core.config import GPTConfig
from gpt2core.model import GPTModel
from gpt2core.ranges import checked_seed


def untrained_model(config: GPTConfig, seed: int = 0) -> GPTModel:
    """Distributed as GPTModel's own first weights, drawn from a generator of its own, so that other threads neither see it nor
    change it. In evaluation mode."""
    dice = torch.Generator().manual_seed(checked_seed(seed))
    with torch.device("meta"):  # shapes only
        shapes = {name: tensor.shape for name, tensor in learned_tensors(GPTModel(config)).items()}
    return build_model(config, {name: _first_weights(name, shape, config, dice) for name, shape in shapes.items()})


def untrained_token_table(config: GPTConfig, seed: int = 0) -> Tensor:
    """The token table of `untrained_model(config, seed)`, [V, C], without the rest of it."""
    dice = torch.Generator().manual_seed(checked_seed(seed))
    name = "tok_emb.weight"  # drawn first
    return _first_weights(name, torch.Size((config.vocab_size, config.emb_dim)), config, dice)


def _first_weights(name: str, shape: torch.Size, config: GPTConfig, dice: torch.Generator) -> Tensor:
    if len(shape) == 1:  # norms let everything pass as it is, biases add nothing
        return torch.ones(shape) if name.endswith("scale") else torch.zeros(shape)
    writes_to_stream = name.endswith(("att.out_proj.weight", "ff.layers.2.weight"))
    std = 0.02 / math.sqrt(2 * config.n_layers) if writes_to_stream else 0.02
    return torch.randn(shape, generator=dice) * std
