"""OpenAI's tensor names, which Hugging Face, nanoGPT and minGPT kept, and how each becomes one or three of ours.

C model width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.errors import MissingTensor, ShapeMismatch, UnreadableCheckpoint
from gpt2core.foreign.names import check_layers


@dataclass(frozen=True)
class Slot:
    """A tensor as the file must hold it. ours: the parts it is cut into, side by side along its outputs."""

    shape: tuple[int, ...]
    ours: tuple[str, ...]
    transposed: bool = False


def openai_slots(config: GPTConfig, *, conv1d: bool, biases: bool = True) -> dict[str, Slot]:
    """Every tensor of a file with OpenAI's names. conv1d: matrices are [in, out], as OpenAI's and Hugging Face's are.

    biases: False for a nanoGPT without any, in linear maps and norms.
    """
    C, V = config.emb_dim, config.vocab_size
    slots = {
        "wte.weight": Slot((V, C), ("tok_emb.weight",)),
        "wpe.weight": Slot((config.context_length, C), ("pos_emb.weight",)),
    }

    def norm(theirs: str, ours: str) -> None:
        slots[f"{theirs}.weight"] = Slot((C,), (f"{ours}.scale",))
        if biases:
            slots[f"{theirs}.bias"] = Slot((C,), (f"{ours}.shift",))

    def linear(theirs: str, ours: tuple[str, ...], n_in: int, n_out: int) -> None:
        shape = (n_in, n_out) if conv1d else (n_out, n_in)
        slots[f"{theirs}.weight"] = Slot(shape, tuple(f"{name}.weight" for name in ours), transposed=conv1d)
        if biases:
            slots[f"{theirs}.bias"] = Slot((n_out,), tuple(f"{name}.bias" for name in ours))

    for layer in range(config.n_layers):
        h, block = f"h.{layer}", f"trf_blocks.{layer}"
        norm(f"{h}.ln_1", f"{block}.norm1")
        linear(f"{h}.attn.c_attn", tuple(f"{block}.att.W_{part}" for part in ("query", "key", "value")), C, 3 * C)
        linear(f"{h}.attn.c_proj", (f"{block}.att.out_proj",), C, C)
        norm(f"{h}.ln_2", f"{block}.norm2")
        linear(f"{h}.mlp.c_fc", (f"{block}.ff.layers.0",), C, 4 * C)
        linear(f"{h}.mlp.c_proj", (f"{block}.ff.layers.2",), 4 * C, C)
    norm("ln_f", "final_norm")
    if not config.tied_head:
        slots["lm_head.weight"] = Slot((V, C), ("out_head.weight",))
    return slots


def from_openai(
    tensors: Mapping[str, Tensor], config: GPTConfig, *, conv1d: bool, biases: bool = True
) -> dict[str, Tensor]:
    """Our names, 0 for biases that the model does not have.

    Raises: MissingTensor, ShapeMismatch, UnreadableCheckpoint, each with the file's own name.
    """
    check_layers(tensors, "h", config.n_layers, "ln_1.weight", (config.emb_dim,))
    slots = openai_slots(config, conv1d=conv1d, biases=biases)
    ours: dict[str, Tensor] = {}
    for name, slot in slots.items():
        if name not in tensors:
            raise MissingTensor(name, slot.shape)
        tensor = tensors[name]
        if tuple(tensor.shape) != slot.shape:
            raise ShapeMismatch(name, tensor.shape, slot.shape)
        parts = (tensor.T if slot.transposed else tensor).chunk(len(slot.ours))
        ours.update(zip(slot.ours, parts, strict=True))
    foreign = sorted(set(tensors) - set(slots))
    if foreign:
        raise UnreadableCheckpoint(
            "The checkpoint holds a tensor {name!r} that a GPT-2 of this configuration has no place for, so it is another model. "
            "Choose a GPT-2, or the configuration that belongs to the file.",
            name=foreign[0],
        )
    return ours if biases else ours | zero_biases(config)


def zero_biases(config: GPTConfig) -> dict[str, Tensor]:
    """What a model without biases lacks of ours: output and MLP biases and the norms' shifts, all 0."""
    C = config.emb_dim
    zeros = {"final_norm.shift": torch.zeros(C)}
    for layer in range(config.n_layers):
        block = f"trf_blocks.{layer}"
        for name in ("norm1.shift", "norm2.shift", "att.out_proj.bias", "ff.layers.2.bias"):
            zeros[f"{block}.{name}"] = torch.zeros(C)
        zeros[f"{block}.ff.layers.0.bias"] = torch.zeros(4 * C)
    return zeros


def is_tied(tensors: Mapping[str, Tensor], head: str, embedding: str) -> bool:
    """Whether the output head is the token embedding under another name: absent, or the same numbers."""
    if head not in tensors or embedding not in tensors:
        return True
    ours, theirs = tensors[head], tensors[embedding]
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return False
    if ours.element_size() == 1:  # torch compares no float8
        return torch.equal(ours.float(), theirs.float())
    return torch.equal(ours, theirs)
