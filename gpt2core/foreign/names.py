"""The form of a name: what training tools put into the names of tensors, and which tensors are no weights at all."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from gpt2core.errors import MissingTensor, UnreadableCheckpoint, UnsupportedModel
from gpt2core.weights import check_held, check_values

# Parts of a name that say who wrapped the model, not what the tensor is; GPT-2's own names hold none of them.
WRAPPERS = frozenset(
    {
        "_orig_mod",  # torch.compile
        "module",  # DataParallel, DistributedDataParallel, DeepSpeed
        "_checkpoint_wrapped_module",  # activation checkpointing
        "_fsdp_wrapped_module",  # FullyShardedDataParallel
        "_fpw_module",  # the same in older versions
        "_module",  # Opacus
        "_forward_module",  # Lightning Fabric
        "model",  # a LightningModule, a Trainer
        "base_model",  # PEFT, around the model
        "base_layer",  # PEFT, around a layer
        "transformer",  # the outer class of Hugging Face, nanoGPT and minGPT
    }
)
# What each of GPT-2's own names begins with, in either spelling; a part before it is what a class of somebody's calls the model.
_ROOTS = frozenset(
    {
        *("wte", "wpe", "ln_f", "lm_head"),
        *("tok_emb", "pos_emb", "trf_blocks", "final_norm", "out_head"),
    }
)
# Masks that older code saved with the weights: 1 where attention may look, or, in the course's code, where it may not.
_MASK = re.compile(r"^h\.\d+\.attn\.bias$|^trf_blocks\.\d+\.att\.mask$")
_MASKED_VALUE = re.compile(r"^h\.\d+\.attn\.masked_bias$")
_ADAPTER = re.compile(r"(?:^|[._])(?:lora|dora|loha|lokr|ia3|adapter|prompt_encoder)", re.IGNORECASE)


def plain_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights without wrappers in their names, and without saved masks; what each tensor is has been checked.

    Raises: UnreadableCheckpoint if two names become one or the file holds two models; UnsupportedModel for adapters that are not merged
    into the weights and for a mask that is not GPT-2's; NotWeights, NotFinite.
    """
    check_held(tensors)
    outer = _outer(tensors)
    plain: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if _ADAPTER.search(name):
            raise UnsupportedModel(
                "{name} belongs to an adapter (such as LoRA) that is not merged into the weights, and the file does not say how strongly it acts. "
                "Merge it first (PEFT: model.merge_and_unload()), then save the model.",
                name=name,
            )
        short = _short(name, outer)
        if _MASKED_VALUE.match(short):
            continue
        if _MASK.match(short):
            _check_mask(name, tensor, hides="mask" in short)
            continue
        if short in plain:
            raise UnreadableCheckpoint(
                "The checkpoint holds {name!r} twice, under two wrappings. Save it again.", name=short
            )
        check_values(name, tensor)  # here, where it still has the file's name
        plain[short] = tensor
    return plain


def holds_masks(names: Iterable[str]) -> bool:
    """Whether masks were saved beside the weights, as minGPT does."""
    names = list(names)
    outer = _outer(names)
    return any(_MASK.match(_short(name, outer)) for name in names)


def _short(name: str, outer: str) -> str:
    return ".".join(_inner_parts(name)).removeprefix(outer)


def _inner_parts(name: str) -> list[str]:
    return [part for part in name.split(".") if part not in WRAPPERS]


def _outer(names: Iterable[str]) -> str:
    """What a class of somebody's puts before the names of the GPT-2 in it, as in "net." or "student.gpt.".

    Raises: UnreadableCheckpoint if there are two such GPT-2s.
    """
    found: set[str] = set()
    for name in names:
        parts = _inner_parts(name)
        root = next((i for i, part in enumerate(parts) if part in _ROOTS or _is_layer(parts[i : i + 2])), None)
        if root:
            found.add(".".join(parts[:root]) + ".")
    if len(found) > 1:
        one, other = sorted(found)[:2]
        raise UnreadableCheckpoint(
            "The checkpoint holds two models, under {one!r} and {other!r}. Save the weights of the one that you mean.",
            one=one,
            other=other,
        )
    return next(iter(found), "")


def _is_layer(parts: list[str]) -> bool:
    return len(parts) == 2 and parts[0] == "h" and parts[1].isdecimal()


def _check_mask(name: str, mask: Tensor, hides: bool) -> None:
    """That the saved mask lets every token look back and none ahead. hides: 1 stands for "may not"."""
    usual = mask.dim() >= 2 and mask.size(-1) == mask.size(-2) == mask.numel() ** 0.5
    usual = usual and mask.layout is torch.strided and not (mask.is_meta or mask.is_quantized)
    if usual:
        T = mask.size(-1)
        seen = (mask.reshape(T, T) != 0) ^ hides
        usual = torch.equal(seen, torch.ones(T, T, dtype=torch.bool).tril_())
    if not usual:
        raise UnsupportedModel(
            "{name} is not GPT-2's mask, which lets every token look at all before it and at none after it. Only that is computed here.",
            name=name,
        )


def count_layers(tensors: Mapping[str, Tensor], prefix: str) -> int:
    """How many layers follow one another from 0 under `prefix`; a number after a gap is not counted."""
    pattern = re.compile(rf"{re.escape(prefix)}\.(\d{{1,9}})\.")
    numbers = {int(found[1]) for name in tensors if (found := pattern.match(name))}
    return next(number for number in itertools.count() if number not in numbers)


def check_layers(tensors: Mapping[str, Tensor], prefix: str, n_layers: int, first: str, shape: tuple[int, ...]) -> None:
    """Before anything is built: as many layers as are claimed must be there. first, shape: a tensor that each layer has.

    Raises: MissingTensor.
    """
    held = count_layers(tensors, prefix)
    if n_layers > held:
        raise MissingTensor(f"{prefix}.{held}.{first}", shape)
