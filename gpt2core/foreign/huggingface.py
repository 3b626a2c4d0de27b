"""A folder in Hugging Face's GPT-2 form: config.json beside the weights, whole or in pieces, safetensors or pickled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.errors import UnreadableCheckpoint, UnsupportedModel
from gpt2core.files import read_json, read_pickle, read_tensors
from gpt2core.foreign.layout import from_openai, is_tied
from gpt2core.foreign.names import plain_names

CONFIG_FILE = "config.json"
# In the order in which transformers looks for them.
WEIGHT_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
# The same names with a variant in them, such as model.fp16.safetensors, are files of such a folder too.
WEIGHTS_NAME = re.compile(r"(?:model|pytorch_model)(?:\.[\w-]+)?\.(?:safetensors|bin)$")
ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors", "adapter_model.bin")
# "gelu" is torch's exact form; the tanh form has five names. Source: transformers, activations.py, ACT2CLS.
_GELU: dict[str, Literal["tanh", "erf"]] = {
    "gelu_new": "tanh",
    "gelu_fast": "tanh",
    "gelu_accurate": "tanh",
    "gelu_pytorch_tanh": "tanh",
    "gelu_python_tanh": "tanh",
    "gelu": "erf",
    "gelu_python": "erf",
}
# Settings that change what is computed, and the only value of each that is GPT-2.
_ONLY = {
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
    "pruned_heads": {},
    "quantization_config": None,
    "auto_map": None,
}
# Each size under the names that transformers takes for it. Source: transformers, GPT2Config.attribute_map.
_NAMES = {
    "vocab_size": ("vocab_size",),
    "n_positions": ("n_positions", "max_position_embeddings"),
    "n_embd": ("n_embd", "hidden_size"),
    "n_head": ("n_head", "num_attention_heads"),
    "n_layer": ("n_layer", "num_hidden_layers"),
}


def read_folder(folder: Path, about: Mapping[str, Any]) -> tuple[GPTConfig, dict[str, Tensor]]:
    """Configuration and weights, in our names. about: the folder's config.json.

    Raises: UnsupportedModel for another architecture or setting; UnreadableCheckpoint and its kin.
    """
    config = config_from(about, folder.name)
    adapter = next((name for name in ADAPTER_FILES if (folder / name).exists()), None)
    if adapter is not None:
        raise UnsupportedModel(
            "{folder!r} holds {adapter}: an adapter that changes what the model computes. "
            "Merge it into the weights first (PEFT: model.merge_and_unload()), or take the file out to see the model without it.",
            folder=folder.name,
            adapter=adapter,
        )
    return config, translated(config, plain_names(_read_weights(folder)))


def translated(config: GPTConfig, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights in plain names, in ours. Raises: UnreadableCheckpoint and its kin."""
    if config.tied_head:
        if not is_tied(tensors, "lm_head.weight", "wte.weight"):
            raise UnreadableCheckpoint(
                "lm_head.weight differs from wte.weight, but config.json says that they are one (tie_word_embeddings). "
                "Set tie_word_embeddings to false in config.json if the head is the model's own."
            )
        tensors.pop("lm_head.weight", None)
    return from_openai(tensors, config, conv1d=True)


def describes_gpt2(about: Mapping[str, Any]) -> bool:
    """Whether a config.json speaks of a model in this form at all; other tools have files of that name."""
    return about.get("model_type") == "gpt2" or any(
        name in about for name in ("n_embd", "n_head", "n_layer", "n_positions")
    )


def config_from(about: Mapping[str, Any], where: str) -> GPTConfig:
    """Our configuration; a key that is absent has the value that transformers gives it.

    The three dropouts, which do not act while a model is read, become one: that of the residual branches.
    Raises: UnsupportedModel, UnreadableCheckpoint for a file that contradicts itself, InvalidConfig.
    """
    kind = about.get("model_type", "gpt2" if describes_gpt2(about) else None)
    if kind != "gpt2":
        raise UnsupportedModel(
            "config.json in {where!r} describes a model of type {kind!r}; this package computes GPT-2 only. Choose a GPT-2 model.",
            where=where,
            kind=kind,
        )
    for name, value in _ONLY.items():
        found = about.get(name, value)
        if found != value and (found or value):
            raise UnsupportedModel(
                "{name} is {found!r} in config.json; only {value!r}, as in GPT-2, is supported. Choose a model without it.",
                name=name,
                found=found,
                value=value,
            )
    activation = about.get("activation_function", "gelu_new")
    if not isinstance(activation, str) or activation not in _GELU:
        raise UnsupportedModel(
            "activation_function is {found!r} in config.json; supported are {supported}. Choose a model that has one of them.",
            found=activation,
            supported=", ".join(sorted(_GELU)),
        )
    emb_dim, inner = _stated(about, "n_embd", 768), about.get("n_inner")
    if isinstance(emb_dim, int) and inner is not None and inner != 4 * emb_dim:
        raise UnsupportedModel(
            "n_inner is {inner!r} in config.json; only 4 x n_embd = {usual}, as in GPT-2, is supported. Choose another model.",
            inner=inner,
            usual=4 * emb_dim,
        )
    return GPTConfig(
        vocab_size=_stated(about, "vocab_size", 50257),
        context_length=_stated(about, "n_positions", about.get("n_ctx", 1024)),
        emb_dim=emb_dim,
        n_heads=_stated(about, "n_head", 12),
        n_layers=_stated(about, "n_layer", 12),
        drop_rate=about.get("resid_pdrop", 0.1),
        qkv_bias=True,
        tied_head=about.get("tie_word_embeddings", True),
        gelu=_GELU[activation],
        norm_eps=about.get("layer_norm_epsilon", 1e-5),
    )


def _stated(about: Mapping[str, Any], size: str, otherwise: Any) -> Any:
    """The size under any of its names. Raises: UnreadableCheckpoint where two of them disagree."""
    said = {name: about[name] for name in _NAMES[size] if name in about}
    if len(said) == 2 and said[_NAMES[size][0]] != said[_NAMES[size][1]]:
        (first, one), (second, other) = said.items()
        raise UnreadableCheckpoint(
            "config.json says {first} = {one!r} and {second} = {other!r}, which are two names of one size. Take out the wrong one.",
            first=first,
            one=one,
            second=second,
            other=other,
        )
    return next(iter(said.values()), otherwise)


def _read_weights(folder: Path) -> dict[str, Tensor]:
    found = next((folder / name for name in WEIGHT_FILES if (folder / name).exists()), folder / WEIGHT_FILES[0])
    return _in_pieces(found) if found.name.endswith(".index.json") else read_named(found)


def _in_pieces(index: Path) -> dict[str, Tensor]:
    """All tensors of the files that an index lists. Raises: UnreadableCheckpoint."""
    pieces = read_json(index).get("weight_map")
    if not isinstance(pieces, dict) or not pieces or not all(isinstance(name, str) for name in pieces.values()):
        raise UnreadableCheckpoint(
            "{index} lists no files under weight_map. Copy or download it again.", index=index.name
        )
    tensors: dict[str, Tensor] = {}
    for piece in sorted({Path(name).name for name in pieces.values()}):
        for name, tensor in read_named(index.parent / piece).items():
            if name in tensors:
                raise UnreadableCheckpoint(
                    "{name} stands in {piece} and in another piece of the model. Copy or download the folder again.",
                    name=name,
                    piece=piece,
                )
            tensors[name] = tensor
    lacking = next((name for name in pieces if name not in tensors), None)
    if lacking is not None:
        raise UnreadableCheckpoint(
            "{piece} lacks {name}, which {index} says is in it. Copy or download the folder again.",
            piece=pieces[lacking],
            name=lacking,
            index=index.name,
        )
    return tensors


def read_named(path: Path) -> dict[str, Tensor]:
    """The tensors of one file by name, out of any wrapping."""
    loaded = read_tensors(path) if path.suffix == ".safetensors" else read_pickle(path)
    return state_dict_in(loaded, path.name)


def state_dict_in(loaded: object, file_name: str) -> dict[str, Tensor]:
    """The tensors by name in what a file held, out of the wrapping that training scripts give them.

    Raises: UnreadableCheckpoint if there are none.
    """
    for wrapping in ("model_state_dict", "state_dict", "model", "module"):
        if isinstance(loaded, Mapping) and isinstance(loaded.get(wrapping), Mapping):
            loaded = loaded[wrapping]
    if not isinstance(loaded, Mapping) or not loaded:
        raise UnreadableCheckpoint("{file} holds no weights by name. Save model.state_dict().", file=file_name)
    for name, tensor in loaded.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise UnreadableCheckpoint(
                "{file} holds {name!r}, which is no tensor. Save model.state_dict() alone.", file=file_name, name=name
            )
    return dict(loaded)
