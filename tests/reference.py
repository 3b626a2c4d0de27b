"""The same weights in transformers' GPT-2, for tests and benchmarks to compare with."""

from __future__ import annotations

import functools

import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel

from gpt2core import GPTConfig, GPTModel

_NAMES = {
    "tok_emb.": "transformer.wte.",
    "pos_emb.": "transformer.wpe.",
    "trf_blocks.": "transformer.h.",
    "final_norm.": "transformer.ln_f.",
    "out_head.": "lm_head.",
    ".att.out_proj.": ".attn.c_proj.",
    ".ff.layers.0.": ".mlp.c_fc.",
    ".ff.layers.2.": ".mlp.c_proj.",
    ".norm1.": ".ln_1.",
    ".norm2.": ".ln_2.",
    ".scale": ".weight",
    ".shift": ".bias",
}


def random_model(config: GPTConfig, seed: int = 0) -> GPTModel:
    """Weights far wider than at the start of training, biases and norms too, so that no two tokens are nearly alike."""
    torch.manual_seed(seed)
    model = GPTModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            around = 1.0 if name.endswith("scale") else 0.0
            parameter.normal_(around, 0.4 if parameter.dim() == 2 else 0.1)
    return model


def hugging_face_twin(model: GPTModel, attention: str = "eager") -> GPT2LMHeadModel:
    """transformers' model with copies of `model`'s weights, in evaluation mode."""
    config = model.config
    twin = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.context_length,
            n_embd=config.emb_dim,
            n_layer=config.n_layers,
            n_head=config.n_heads,
            resid_pdrop=config.drop_rate,
            embd_pdrop=config.drop_rate,
            attn_pdrop=config.drop_rate,
            layer_norm_epsilon=config.norm_eps,
            activation_function="gelu_new" if config.gelu == "tanh" else "gelu",
            tie_word_embeddings=config.tied_head,
            attn_implementation=attention,
            bos_token_id=None,
            eos_token_id=None,
        )
    )
    twin.load_state_dict(_renamed(model), strict=True)
    return twin.eval()


def _renamed(model: GPTModel) -> dict[str, Tensor]:
    ours = model.state_dict()
    theirs: dict[str, Tensor] = {}
    for name, tensor in ours.items():
        if ".att.W_" in name:
            continue
        # transformers stores the maps inside a block as [in, out]
        turned = tensor.T if tensor.dim() == 2 and name.startswith("trf_blocks") else tensor
        theirs[functools.reduce(lambda known, pair: known.replace(*pair), _NAMES.items(), name)] = turned
    for layer in range(model.config.n_layers):
        parts = [f"trf_blocks.{layer}.att.W_{part}" for part in ("query", "key", "value")]
        weight = torch.cat([ours[part + ".weight"] for part in parts])  # [3C, C]
        bias = [ours.get(part + ".bias", torch.zeros(model.config.emb_dim)) for part in parts]
        theirs[f"transformer.h.{layer}.attn.c_attn.weight"] = weight.T
        theirs[f"transformer.h.{layer}.attn.c_attn.bias"] = torch.cat(bias)
    return theirs
