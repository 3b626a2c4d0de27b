"""A folder in Hugging Face's GPT-2 form: config.json beside model.safetensors (whole, or in pieces with an index)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.errors import UnreadableCheckpoint, UnsupportedModel
from gpt2core.files import read_json, read_pickle, read_tensors
from gpt2core.foreign.layout import openai_slots, plain_names, translated

# "gelu" is torch's exact form; the others are three names of GPT-2's tanh form.
_GELU: dict[str, Literal["tanh", "erf"]] = {
    "gelu_new": "tanh",
    "gelu_pytorch_tanh": "tanh",
    "gelu_python_tanh": "tanh",
    "gelu": "erf",
}
# Settings that change what is computed, and the only value of each that is GPT-2.
_ONLY = {
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
}


def read_folder(folder: Path, about: Mapping[str, Any]) -> tuple[GPTConfig, dict[str, Tensor]]:
    """Configuration and weights, in our names. `about` is the folder's config.json.

    Raises: UnsupportedModel for another architecture or setting; UnreadableCheckpoint and its kin.
    """
    config = config_from(about, folder.name)
    tensors = plain_names(_read_weights(folder))
    head = tensors.get("lm_head.weight")
    if config.tied_head and head is not None:
        if "wte.weight" in tensors and not torch.equal(head, tensors["wte.weight"]):
            raise UnreadableCheckpoint(
                "lm_head.weight differs from wte.weight, but config.json says that they are one (tie_word_embeddings). "
                "Set tie_word_embeddings to false in config.json if the head is the model's own."
            )
        del tensors["lm_head.weight"]
    return config, translated(tensors, openai_slots(config, conv1d=True))


def config_from(about: Mapping[str, Any], where: str) -> GPTConfig:
    """Our configuration; a key that is absent has the value that transformers gives it.

    The three dropouts, which do not act while a model is read, become one: that of the residual branches.
    Raises: UnsupportedModel, InvalidConfig.
    """
    kind = about.get("model_type", "gpt2" if "n_embd" in about else None)
    if kind != "gpt2":
        raise UnsupportedModel(
            f"config.json in {where!r} describes a model of type {kind!r}; this package computes GPT-2 only. Choose a GPT-2 model."
        )
    for name, value in _ONLY.items():
        if about.get(name, value) != value:
            raise UnsupportedModel(
                f"{name} is {about[name]!r} in config.json; only {value!r}, as in GPT-2, is supported."
            )
    activation = about.get("activation_function", "gelu_new")
    if activation not in _GELU:
        raise UnsupportedModel(
            f"activation_function is {activation!r} in config.json; supported are {', '.join(sorted(_GELU))}."
        )
    emb_dim, inner = about.get("n_embd", 768), about.get("n_inner")
    if inner is not None and inner != 4 * emb_dim:
        raise UnsupportedModel(
            f"n_inner is {inner} in config.json; only 4 x n_embd = {4 * emb_dim}, as in GPT-2, is supported."
        )
    return GPTConfig(
        vocab_size=about.get("vocab_size", 50257),
        context_length=about.get("n_positions", about.get("n_ctx", 1024)),
        emb_dim=emb_dim,
        n_heads=about.get("n_head", 12),
        n_layers=about.get("n_layer", 12),
        drop_rate=about.get("resid_pdrop", 0.1),
        qkv_bias=True,
        tied_head=about.get("tie_word_embeddings", True),
        gelu=_GELU[activation],
        norm_eps=about.get("layer_norm_epsilon", 1e-5),
    )


def _read_weights(folder: Path) -> dict[str, Tensor]:
    whole, index, pickled = (
        folder / name for name in ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
    )
    if not whole.exists() and index.exists():
        pieces = read_json(index).get("weight_map", {})
        names = sorted({Path(str(name)).name for name in pieces.values()} if isinstance(pieces, dict) else ())
        return {name: tensor for piece in names for name, tensor in read_tensors(folder / piece).items()}
    if not whole.exists() and pickled.exists():
        return state_dict_in(read_pickle(pickled), pickled.name)
    return read_tensors(whole)


def state_dict_in(loaded: object, file_name: str) -> dict[str, Tensor]:
    """The tensors by name in what a file held, out of the wrapping that training scripts give them.

    Raises: UnreadableCheckpoint if there are none.
    """
    for wrapping in ("model_state_dict", "state_dict", "model"):
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapping), Mapping):
            loaded = loaded[wrapping]
    if not isinstance(loaded, Mapping) or not loaded:
        raise UnreadableCheckpoint(f"{file_name} holds no weights by name. Save model.state_dict().")
    for name, tensor in loaded.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise UnreadableCheckpoint(
                f"{file_name} holds {name!r}, which is no tensor. Save model.state_dict() alone."
            )
    return dict(loaded)
