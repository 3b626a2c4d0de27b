"""What turns gradients into new weights: AdamW for all of them, or Muon for the blocks' matrices and AdamW for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from gpt2core.model import GPTModel

OptimizerName = Literal["adamw", "muon"]
OPTIMIZERS: tuple[str, ...] = get_args(OptimizerName)
_REMEMBERED = {torch.optim.AdamW: ("exp_avg", "exp_avg_sq"), torch.optim.Muon: ("momentum_buffer",)}


class Optimizer:
    """weight_decay: on matrices only. betas: how slowly AdamW forgets the mean gradient and its mean square.

    "muon" turns the gradient of every matrix inside a block into the nearest orthogonal matrix, so that all its directions are
    learned at one pace; embeddings, norms and biases stay with AdamW. Its updates are scaled to the size of AdamW's, so the same
    learning rates apply. Weights that need no gradient are left alone.
    Source: Jordan et al., "Muon", 2024; Liu et al., "Muon is Scalable for LLM Training", 2025.
    """

    def __init__(
        self, model: GPTModel, name: OptimizerName, *, weight_decay: float, betas: tuple[float, float]
    ) -> None:
        self._names = {weight: key for key, weight in model.named_parameters() if weight.requires_grad}
        matrices = [weight for weight in self._names if weight.dim() >= 2]
        inside = (
            [weight for weight in matrices if self._names[weight].startswith("trf_blocks.")] if name == "muon" else []
        )
        orthogonal = set(inside)
        groups = [
            {"params": [weight for weight in matrices if weight not in orthogonal], "weight_decay": weight_decay},
            {"params": [weight for weight in self._names if weight.dim() < 2], "weight_decay": 0.0},
        ]
        groups = [group for group in groups if group["params"]]
        self._parts: list[torch.optim.Optimizer] = (
            [torch.optim.AdamW(groups, betas=betas, fused=True)] if groups else []
        )
        if inside:
            self._parts.append(torch.optim.Muon(inside, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"))

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Those of all its parts, as torch's optimizers have them."""
        return [group for part in self._parts for group in part.param_groups]

    def step(self, learning_rate: float) -> None:
        """Change the weights by their gradients, and forget the gradients."""
        for group in self.param_groups:
            group["lr"] = learning_rate
        for part in self._parts:
            part.step()
        self.forget_gradients()

    def forget_gradients(self) -> None:
        for part in self._parts:
            part.zero_grad()

    def tensors(self) -> dict[str, Tensor]:
        """What it remembers of earlier updates, by name."""
        return {
            f"{kind}.{self._names[weight]}": part.state[weight][kind]
            for part, weight, kind in self._memory()
            if kind in part.state.get(weight, {})
        }

    def restore(self, tensors: Mapping[str, Tensor], step: int) -> None:
        """Remember what `tensors()` said after `step` updates; other names are passed over."""
        for part, weight, kind in self._memory():
            name = f"{kind}.{self._names[weight]}"
            if name in tensors:
                part.state[weight][kind] = tensors[name].to(weight.device)
                if isinstance(part, torch.optim.AdamW):
                    part.state[weight]["step"] = torch.tensor(float(step), device=weight.device)

    def _memory(self) -> Iterator[tuple[torch.optim.Optimizer, nn.Parameter, str]]:
        """Every place in which something is remembered."""
        for part in self._parts:
            for group in part.param_groups:
                for weight in group["params"]:
                    for kind in _REMEMBERED[type(part)]:
                        yield part, weight, kind
