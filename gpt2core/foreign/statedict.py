"""One file of weights without a folder: nanoGPT's checkpoints, minGPT's state dicts, and those of the course's code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.errors import (
    GeluUnknown,
    HeadsUnknown,
    InvalidConfig,
    MissingTensor,
    UnreadableCheckpoint,
    UnsupportedModel,
)
from gpt2core.files import read_pickle, read_tensors
from gpt2core.foreign.huggingface import state_dict_in
from gpt2core.foreign.layout import from_openai, is_tied
from gpt2core.foreign.names import check_layers, count_layers, holds_masks, plain_names

Gelu = Literal["tanh", "erf"]
_OPENAI = re.compile(r"^(?:wte|wpe|h\.\d+|ln_f|lm_head)\.")
_COURSE = re.compile(r"^(?:tok_emb|pos_emb|trf_blocks\.\d+|final_norm|out_head)\.")
_NANOGPT_SIZES = ("vocab_size", "block_size", "n_embd", "n_head", "n_layer")
_NANOGPT_KNOWN = (*_NANOGPT_SIZES, "bias", "dropout")


@dataclass(frozen=True)
class Contents:
    """What one file holds. tensors: in plain names; model_args: nanoGPT's sizes, if it has them; masks: whether masks were saved too."""

    tensors: dict[str, Tensor]
    model_args: Mapping[str, Any] | None
    masks: bool

    @property
    def is_hugging_face(self) -> bool:
        """OpenAI's names with matrices [in, out]: a config.json belongs to such weights."""
        joint = self.tensors.get("h.0.attn.c_attn.weight")
        return self.model_args is None and joint is not None and joint.dim() == 2 and joint.size(1) == 3 * joint.size(0)

    @property
    def is_course(self) -> bool:
        """The course's names, which are ours."""
        return self.model_args is None and any(map(_COURSE.match, self.tensors))


def read_contents(path: Path) -> Contents:
    """Raises: UnsafePickle; UnreadableCheckpoint and its kin."""
    loaded: Any = read_tensors(path) if path.suffix == ".safetensors" else read_pickle(path)
    named = state_dict_in(loaded, path.name)
    sizes = loaded.get("model_args")
    return Contents(plain_names(named), sizes if isinstance(sizes, Mapping) else None, holds_masks(named))


def understood(
    contents: Contents, file_name: str, n_heads: int | None, gelu: Gelu | None
) -> tuple[GPTConfig, dict[str, Tensor]]:
    """Configuration and weights, in our names; sizes are read off the tensors where the file does not state them.

    Raises: HeadsUnknown if n_heads is needed and None, GeluUnknown if gelu is; UnreadableCheckpoint and its kin.
    """
    tensors = contents.tensors
    if contents.model_args is not None:
        return _nanogpt(tensors, contents.model_args, file_name, gelu)
    if contents.is_course:
        return _course(tensors, file_name, n_heads, gelu)
    if any(map(_OPENAI.match, tensors)):
        return _openai_names(contents, file_name, n_heads, gelu)
    raise UnreadableCheckpoint(
        "{file} begins with a tensor {name!r}, which is none of GPT-2's names. "
        "Give a nanoGPT checkpoint, a Hugging Face GPT-2 or a state dict of the course's code.",
        file=file_name,
        name=next(iter(tensors), None),
    )


def _nanogpt(
    tensors: dict[str, Tensor], sizes: Mapping[str, Any], file_name: str, gelu: Gelu | None
) -> tuple[GPTConfig, dict[str, Tensor]]:
    """nanoGPT: sizes stated, matrices [out, in], perhaps no biases. Source: karpathy/nanoGPT, model.py.

    Before 27 January 2023 model_args had no `bias`, and the GELU was the tanh form; on 14 June 2023 it became the exact one
    (pull request 274), of which nothing in a checkpoint tells.
    """
    absent = next((name for name in _NANOGPT_SIZES if name not in sizes), None)
    if absent is not None:
        raise UnreadableCheckpoint(
            "model_args in the checkpoint lacks {name!r}. Save it with nanoGPT's train.py.", name=absent
        )
    foreign = next((name for name in sizes if name not in _NANOGPT_KNOWN), None)
    if foreign is not None:
        raise UnsupportedModel(
            "model_args in {file} sets {name!r}, which nanoGPT does not have and which may change what is computed. "
            "Give a checkpoint of nanoGPT itself.",
            file=file_name,
            name=foreign,
        )
    biases = sizes.get("bias", True)
    if not isinstance(biases, bool):
        raise UnreadableCheckpoint(
            "bias in model_args is {bias!r}; it must be True or False. Save it with nanoGPT's train.py.", bias=biases
        )
    if "bias" not in sizes and gelu == "erf":
        raise UnsupportedModel(
            "{file} was written by nanoGPT before 27 January 2023 (its model_args have no bias), whose GELU was the tanh form. Leave gelu out.",
            file=file_name,
        )
    tied = is_tied(tensors, "lm_head.weight", "wte.weight")
    config = GPTConfig(
        vocab_size=sizes["vocab_size"],
        context_length=sizes["block_size"],
        emb_dim=sizes["n_embd"],
        n_heads=sizes["n_head"],
        n_layers=sizes["n_layer"],
        drop_rate=sizes.get("dropout", 0.0),
        qkv_bias=biases,
        tied_head=tied,
        gelu=gelu or "tanh",
    )
    if tied:
        tensors.pop("lm_head.weight", None)
    ours = from_openai(tensors, config, conv1d=False, biases=biases)
    if "bias" in sizes and gelu is None:
        raise GeluUnknown(file_name)
    return config, ours


def _openai_names(
    contents: Contents, file_name: str, n_heads: int | None, gelu: Gelu | None
) -> tuple[GPTConfig, dict[str, Tensor]]:
    """Hugging Face without its config.json (matrices [in, out]), minGPT ([out, in], its own head, masks saved too; the tanh form), or
    what nanoGPT calls its model ([out, in], as a rule the embedding as its head)."""
    tensors = contents.tensors
    vocab_size, emb_dim = _matrix(tensors, "wte.weight")
    context_length = _matrix(tensors, "wpe.weight")[0]
    conv1d = _matrix(tensors, "h.0.attn.c_attn.weight")[0] == emb_dim
    tied = is_tied(tensors, "lm_head.weight", "wte.weight")
    biases = conv1d or any(name.endswith(".bias") for name in tensors)
    heads = _heads(n_heads, file_name, emb_dim)
    config = GPTConfig(
        vocab_size=vocab_size,
        context_length=context_length,
        emb_dim=emb_dim,
        n_heads=heads,
        n_layers=count_layers(tensors, "h"),
        drop_rate=0.0,
        qkv_bias=biases,
        tied_head=tied,
        gelu=gelu or "tanh",
    )
    if tied:
        tensors.pop("lm_head.weight", None)
    ours = from_openai(tensors, config, conv1d=conv1d, biases=biases)
    is_mingpt = not conv1d and not tied and biases and contents.masks
    if gelu is None and not is_mingpt:
        raise GeluUnknown(file_name, configured=conv1d)
    return config, ours


def _course(
    tensors: dict[str, Tensor], file_name: str, n_heads: int | None, gelu: Gelu | None
) -> tuple[GPTConfig, dict[str, Tensor]]:
    """The course's names are ours; its faster variant joins query, key and value and takes torch's own norms.

    Source: Raschka, "Build a Large Language Model (From Scratch)", chapter 4, and ch05/10_llm-training-speed of its code.
    """
    vocab_size, emb_dim = _matrix(tensors, "tok_emb.weight")
    context_length = _matrix(tensors, "pos_emb.weight")[0]
    n_layers = count_layers(tensors, "trf_blocks")
    tensors = _taken_apart(tensors, emb_dim)
    check_layers(tensors, "trf_blocks", max(1, n_layers), "norm1.scale", (emb_dim,))
    tied = is_tied(tensors, "out_head.weight", "tok_emb.weight")
    config = GPTConfig(
        vocab_size=vocab_size,
        context_length=context_length,
        emb_dim=emb_dim,
        n_heads=_heads(n_heads, file_name, emb_dim),
        n_layers=n_layers,
        drop_rate=0.0,
        qkv_bias="trf_blocks.0.att.W_query.bias" in tensors,
        tied_head=tied,
        gelu=gelu or "tanh",
    )
    if tied:
        tensors.pop("out_head.weight", None)
    return config, tensors


_FUSED = re.compile(r"^(trf_blocks\.\d+\.att)\.qkv\.(weight|bias)$")
_PROJECTION = re.compile(r"^(trf_blocks\.\d+\.att)\.proj\.(weight|bias)$")
_TORCH_NORM = re.compile(r"^(final_norm|trf_blocks\.\d+\.norm[12])\.(weight|bias)$")


def _taken_apart(tensors: Mapping[str, Tensor], emb_dim: int) -> dict[str, Tensor]:
    """Joint queries, keys and values cut in three; torch's names for a projection and a norm replaced by the course's."""
    ours: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if found := _FUSED.match(name):
            if tensor.shape[:1] != (3 * emb_dim,):
                raise UnreadableCheckpoint(
                    "{name} has shape {shape} in the file but must have 3 x {emb_dim} rows: queries, keys and values. Save it again.",
                    name=name,
                    shape=list(tensor.shape),
                    emb_dim=emb_dim,
                )
            parts = zip(("query", "key", "value"), tensor.chunk(3), strict=True)
            renamed = {f"{found[1]}.W_{part}.{found[2]}": piece for part, piece in parts}
        elif found := _PROJECTION.match(name):
            renamed = {f"{found[1]}.out_proj.{found[2]}": tensor}
        elif found := _TORCH_NORM.match(name):
            renamed = {f"{found[1]}.{'scale' if found[2] == 'weight' else 'shift'}": tensor}
        else:
            renamed = {name: tensor}
        doubled = next((own for own in renamed if own in ours or (own != name and own in tensors)), None)
        if doubled is not None:
            raise UnreadableCheckpoint(
                "The checkpoint holds {doubled} and, under another name, {name}. Save it again.",
                doubled=doubled,
                name=name,
            )
        ours |= renamed
    return ours


def _matrix(tensors: Mapping[str, Tensor], name: str) -> tuple[int, int]:
    if name not in tensors:
        raise MissingTensor(name)
    if tensors[name].dim() != 2 or 0 in tensors[name].shape:
        raise UnreadableCheckpoint(
            "{name} has shape {shape} in the file but must be a matrix with rows and columns. Save or download it again.",
            name=name,
            shape=list(tensors[name].shape),
        )
    rows, columns = tensors[name].shape
    return rows, columns


def _heads(n_heads: int | None, file_name: str, emb_dim: int) -> int:
    if n_heads is None:
        raise HeadsUnknown(file_name, emb_dim)
    if n_heads < 1 or emb_dim % n_heads:
        raise InvalidConfig(
            "{file} is {emb_dim} wide, which cannot be split into {n_heads} heads of equal width. Choose one of {choices}.",
            file=file_name,
            emb_dim=emb_dim,
            n_heads=n_heads,
            choices=", ".join(map(str, HeadsUnknown(file_name, emb_dim).choices)),
        )
    return n_heads
