"""One file of weights without a folder: nanoGPT's checkpoints, minGPT's state dicts, and those of the course's code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.errors import HeadsUnknown, InvalidConfig, MissingTensor, UnreadableCheckpoint
from gpt2core.files import read_pickle, read_tensors
from gpt2core.foreign.huggingface import state_dict_in
from gpt2core.foreign.layout import (
    count_layers,
    is_same_matrix,
    openai_slots,
    plain_names,
    translated,
    zero_biases,
)


def read_file(path: Path, n_heads: int | None) -> tuple[GPTConfig, dict[str, Tensor]]:
    """Configuration and weights, in our names; sizes are read off the tensors where the file does not state them.

    Raises: HeadsUnknown if n_heads is needed and None; UnsafePickle; UnreadableCheckpoint and its kin.
    """
    loaded: Any = read_tensors(path) if path.suffix == ".safetensors" else read_pickle(path)
    tensors = plain_names(state_dict_in(loaded, path.name))
    sizes = loaded.get("model_args")
    if isinstance(sizes, Mapping):
        return _nanogpt(tensors, sizes)
    if "trf_blocks.0.att.W_query.weight" in tensors:
        return _course(tensors, path.name, n_heads)
    if "wte.weight" in tensors:
        return _openai_names(tensors, path.name, n_heads)
    raise UnreadableCheckpoint(
        f"{path.name} begins with a tensor {next(iter(tensors), None)!r}, which is none of GPT-2's names. "
        "Give a nanoGPT checkpoint, a Hugging Face GPT-2 or a state dict of the course's code."
    )


def _nanogpt(tensors: dict[str, Tensor], sizes: Mapping[str, Any]) -> tuple[GPTConfig, dict[str, Tensor]]:
    """nanoGPT: sizes stated, matrices [out, in], the exact GELU, perhaps no biases. Source: karpathy/nanoGPT, model.py."""
    needed = ("vocab_size", "block_size", "n_embd", "n_head", "n_layer")
    absent = [name for name in needed if name not in sizes]
    if absent:
        raise UnreadableCheckpoint(
            f"model_args in the checkpoint lacks {absent[0]!r}. Save it with nanoGPT's train.py."
        )
    biases = bool(sizes.get("bias", True))
    head, embedding = tensors.get("lm_head.weight"), tensors.get("wte.weight")
    tied = head is None or embedding is None or torch.equal(head, embedding)
    config = GPTConfig(
        vocab_size=sizes["vocab_size"],
        context_length=sizes["block_size"],
        emb_dim=sizes["n_embd"],
        n_heads=sizes["n_head"],
        n_layers=sizes["n_layer"],
        drop_rate=sizes.get("dropout", 0.0),
        qkv_bias=biases,
        tied_head=tied,
        gelu="erf",
    )
    if tied:
        tensors.pop("lm_head.weight", None)
    ours = translated(tensors, openai_slots(config, conv1d=False, biases=biases))
    return config, ours if biases else ours | zero_biases(config)


def _openai_names(
    tensors: dict[str, Tensor], file_name: str, n_heads: int | None
) -> tuple[GPTConfig, dict[str, Tensor]]:
    """minGPT (matrices [out, in], its own head) or Hugging Face without its config.json ([in, out]); both use tanh."""
    vocab_size, emb_dim = _matrix(tensors, "wte.weight")
    tied = is_same_matrix(tensors, "lm_head.weight", "wte.weight")
    config = GPTConfig(
        vocab_size=vocab_size,
        context_length=_matrix(tensors, "wpe.weight")[0],
        emb_dim=emb_dim,
        n_heads=_heads(n_heads, file_name, emb_dim),
        n_layers=_at_least_one(count_layers(tensors, "h"), "h.0.attn.c_attn.weight"),
        drop_rate=0.0,
        qkv_bias=True,
        tied_head=tied,
    )
    if tied:
        tensors.pop("lm_head.weight", None)
    conv1d = _matrix(tensors, "h.0.attn.c_attn.weight")[0] == emb_dim
    return config, translated(tensors, openai_slots(config, conv1d=conv1d))


def _course(tensors: dict[str, Tensor], file_name: str, n_heads: int | None) -> tuple[GPTConfig, dict[str, Tensor]]:
    """The course's names are ours. Source: Raschka, "Build a Large Language Model (From Scratch)", chapter 4."""
    vocab_size, emb_dim = _matrix(tensors, "tok_emb.weight")
    tied = is_same_matrix(tensors, "out_head.weight", "tok_emb.weight")
    config = GPTConfig(
        vocab_size=vocab_size,
        context_length=_matrix(tensors, "pos_emb.weight")[0],
        emb_dim=emb_dim,
        n_heads=_heads(n_heads, file_name, emb_dim),
        n_layers=count_layers(tensors, "trf_blocks"),
        drop_rate=0.0,
        qkv_bias="trf_blocks.0.att.W_query.bias" in tensors,
        tied_head=tied,
    )
    if tied:
        tensors.pop("out_head.weight", None)
    return config, tensors


def _matrix(tensors: Mapping[str, Tensor], name: str) -> tuple[int, int]:
    if name not in tensors:
        raise MissingTensor(name)
    if tensors[name].dim() != 2:
        raise UnreadableCheckpoint(f"{name} has shape {list(tensors[name].shape)} in the file but must be a matrix.")
    rows, columns = tensors[name].shape
    return rows, columns


def _heads(n_heads: int | None, file_name: str, emb_dim: int) -> int:
    if n_heads is None:
        raise HeadsUnknown(file_name, emb_dim)
    if emb_dim % max(1, n_heads):
        raise InvalidConfig(
            f"{file_name} is {emb_dim} wide, which cannot be split into {n_heads} heads of equal width. "
            f"Choose one of {', '.join(str(choice) for choice in HeadsUnknown(file_name, emb_dim).choices)}."
        )
    return n_heads


def _at_least_one(n_layers: int, first: str) -> int:
    if n_layers == 0:
        raise MissingTensor(first)
    return n_layers
