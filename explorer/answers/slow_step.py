"""One update of a run taken slowly: the pass and its loss, the gradient of one weight, and how it became that weight's move.

t counts updates from 1, w is the weight, g its gradient, m and v AdamW's averages of g and of g squared.
Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.answers.training import TrainingRun, Wishes
from explorer.catalogue import catalogue
from gpt2core.errors import InvalidSetting
from gpt2core.model import evaluating

say = catalogue("training")
EPSILON = 1e-8  # torch's own for AdamW
PARTS = (
    "tok_emb.weight",
    "pos_emb.weight",
    "trf_blocks.0.att.W_query.weight",
    "trf_blocks.0.ff.layers.0.weight",
    "final_norm.scale",
)


@dataclass(frozen=True)
class SlowStep:
    """name, index: which weight. losses: of each prediction of the batch's first window, as (token ids seen last, asked for, nats).
    gradient: as the backward pass left it; factor: what clipping made of all gradients."""

    step: int
    name: str
    index: tuple[int, ...]
    batch_loss: float
    losses: list[tuple[int, int, float]]
    gradient: float
    norm: float
    factor: float
    mean_before: float
    mean: float
    square_before: float
    square: float
    betas: tuple[float, float]
    rate: float
    decay: float
    before: float
    after: float

    @property
    def move(self) -> float:
        """What the averages make of the rate: the part of the step that the gradient decides."""
        mean = self.mean / (1 - self.betas[0] ** self.step)
        square = self.square / (1 - self.betas[1] ** self.step)
        return self.rate * mean / (math.sqrt(square) + EPSILON)

    @property
    def rebuilt(self) -> float:
        """The weight after the step, from the numbers above alone."""
        return self.before * (1 - self.rate * self.decay) - self.move


def slow_step(run: TrainingRun, name: str) -> SlowStep:
    """Let the run make one update, and tell it. The weight told of is the one in `name` with the largest gradient.

    Raises: InvalidSetting for a part that is not of PARTS, or does not learn by AdamW; NotFinite ends the run as any step would.
    """
    trainer = run.trainer
    weights = dict(trainer.model.named_parameters())
    if name not in PARTS or not weights[name].requires_grad or _is_muons(trainer.settings.optimizer, name):
        raise InvalidSetting(say("slow_part"))
    weight = weights[name]
    found: dict[str, Tensor] = {}
    hook = weight.register_post_accumulate_grad_hook(lambda one: found.update(gradient=one.grad.clone()))
    before, memory = weight.detach().clone(), {key: value.clone() for key, value in trainer.optimizer.tensors().items()}
    losses = _losses_of_first_window(run)
    try:
        list(run.ticks(Wishes(), 1))
    finally:
        hook.remove()
    progress, settings = run.progress, trainer.settings
    if "gradient" not in found or progress.end == "not finite":
        raise InvalidSetting(progress.trouble or say("slow_ended"))
    gradient = found["gradient"]
    index = tuple(int(place) for place in torch.unravel_index(gradient.abs().argmax(), gradient.shape))
    now, norm = trainer.optimizer.tensors(), progress.gradient_norms[-1]

    def remembered(kind: str, tensors: dict[str, Tensor]) -> float:
        key = f"{kind}.{name}"
        return float(tensors[key][index]) if key in tensors else 0.0

    return SlowStep(
        step=progress.step,
        name=name,
        index=index,
        batch_loss=progress.train[-1][1],
        losses=losses,
        gradient=float(gradient[index]),
        norm=norm,
        factor=min(1.0, settings.clip_norm / (norm + 1e-6)),
        mean_before=remembered("exp_avg", memory),
        mean=remembered("exp_avg", now),
        square_before=remembered("exp_avg_sq", memory),
        square=remembered("exp_avg_sq", now),
        betas=(settings.beta1, settings.beta2),
        rate=progress.rates[-1],
        decay=settings.weight_decay if weight.dim() >= 2 else 0.0,
        before=float(before[index]),
        after=float(weight.detach()[index]),
    )


def _is_muons(optimizer: str, name: str) -> bool:
    return optimizer == "muon" and name.startswith("trf_blocks.")  # of PARTS, these are all matrices


def _losses_of_first_window(run: TrainingRun) -> list[tuple[int, int, float]]:
    inputs, targets = (ids[0] for ids in run.trainer.curriculum.batch(run.trainer.step))
    with evaluating(run.trainer.model):
        logits = run.trainer.model(inputs.unsqueeze(0))[0]
    nats = F.cross_entropy(logits, targets, reduction="none")
    return list(zip(inputs.tolist(), targets.tolist(), nats.tolist(), strict=True))
