"""A model of ours as a folder in Hugging Face's GPT-2 form, which transformers opens and load_pretrained opens again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.errors import UnsupportedModel
from gpt2core.foreign.layout import openai_slots
from gpt2core.foreign.vocabulary import vocabulary_files
from gpt2core.tokenizer import END_OF_TEXT, Tokenizer
from gpt2core.weights import as_saved

_ACTIVATIONS = {"tanh": "gelu_new", "erf": "gelu"}
_HEAD = "lm_head.weight"


def to_openai(tensors: Mapping[str, Tensor], config: GPTConfig) -> dict[str, Tensor]:
    """Our learned tensors under OpenAI's names, matrices [in, out]: the inverse of layout.from_openai. Biases of queries, keys and
    values that the model does not have are 0, which computes the same."""
    theirs = {}
    for name, slot in openai_slots(config, conv1d=True).items():
        none = torch.zeros(config.emb_dim)
        whole = torch.cat([tensors.get(ours, none) for ours in slot.ours])
        theirs[name] = (whole.T if slot.transposed else whole).contiguous()
    return theirs


def huggingface_config(config: GPTConfig, end_of_text: int | None = None) -> dict[str, Any]:
    """config.json of such a folder. end_of_text: the id with which a text begins and ends."""
    about: dict[str, Any] = {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": config.vocab_size,
        "n_positions": config.context_length,
        "n_embd": config.emb_dim,
        "n_head": config.n_heads,
        "n_layer": config.n_layers,
        "activation_function": _ACTIVATIONS[config.gelu],
        "layer_norm_epsilon": config.norm_eps,
        "tie_word_embeddings": config.tied_head,
        "torch_dtype": "float32",
    }
    about |= dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), config.drop_rate)
    return about | ({} if end_of_text is None else {"bos_token_id": end_of_text, "eos_token_id": end_of_text})


def huggingface_files(
    config: GPTConfig, tensors: Mapping[str, Tensor], tokenizer: Tokenizer | None = None
) -> dict[str, bytes]:
    """The files of the folder by name: configuration, weights in safetensors, and the vocabulary if one is given. tensors: the
    model's learned ones, in our names.

    Raises: UnsupportedModel for a vocabulary that is a list of whole texts, which transformers has no reader for; NotFinite.
    """
    named = to_openai(tensors, config)
    prefixed = {
        name if name == _HEAD else f"transformer.{name}": as_saved(name, named[name], torch.float32) for name in named
    }
    end = tokenizer.special.get(END_OF_TEXT) if tokenizer is not None else None
    files = {
        "config.json": _json(huggingface_config(config, end)),
        "model.safetensors": save(prefixed, metadata={"format": "pt"}),
    }
    if tokenizer is None:
        return files
    for name, content in vocabulary_files(tokenizer).items():
        if content is None:
            raise UnsupportedModel(
                "The vocabulary is a list of whole texts, and transformers has no reader for one. Save the folder without it, or in our own form."
            )
        files[name] = content
    special = dict.fromkeys(("bos_token", "eos_token", "unk_token"), END_OF_TEXT)
    about = {"tokenizer_class": "GPT2Tokenizer", "model_max_length": config.context_length, **special}
    return files | {"tokenizer_config.json": _json(about)}


def _json(about: Mapping[str, Any]) -> bytes:
    return (json.dumps(about, indent=2) + "\n").encode()
