"""The weights of a model as other people's code saves them."""

from __future__ import annotations

import torch
from torch import Tensor

from gpt2core import GPTModel


def openai_names(model: GPTModel, prefix: str = "transformer.") -> dict[str, Tensor]:
    """The weights as nanoGPT and minGPT name them: matrices [out, in], query, key and value in one."""
    ours = model.state_dict()
    theirs = {"lm_head.weight": ours["out_head.weight"]}
    inside = {"wte": "tok_emb", "wpe": "pos_emb", "ln_f": "final_norm"}
    for layer in range(model.config.n_layers):
        h, block = f"h.{layer}.", f"trf_blocks.{layer}."
        pairs = {"ln_1": "norm1", "ln_2": "norm2", "attn.c_proj": "att.out_proj", "mlp.c_fc": "ff.layers.0"}
        pairs["mlp.c_proj"] = "ff.layers.2"
        inside |= {h + name: block + own for name, own in pairs.items()}
        for kind in ("weight", "bias"):
            parts = [f"{block}att.W_{part}.{kind}" for part in ("query", "key", "value")]
            if parts[0] in ours:
                theirs[f"{prefix}{h}attn.c_attn.{kind}"] = torch.cat([ours[part] for part in parts])
    for name, own in inside.items():
        for kind, ours_kinds in (("weight", ("weight", "scale")), ("bias", ("bias", "shift"))):
            for ours_kind in ours_kinds:
                if f"{own}.{ours_kind}" in ours:
                    theirs[f"{prefix}{name}.{kind}"] = ours[f"{own}.{ours_kind}"]
    return theirs


def nanogpt(model: GPTModel, *, bias: bool = True, prefix: str = "") -> dict[str, object]:
    c = model.config
    sizes = {"n_layer": c.n_layers, "n_head": c.n_heads, "n_embd": c.emb_dim, "block_size": c.context_length}
    tensors = {
        prefix + name: tensor for name, tensor in openai_names(model).items() if bias or not name.endswith(".bias")
    }
    optimizer = torch.optim.AdamW(model.parameters()).state_dict()
    args = sizes | {"bias": bias, "vocab_size": c.vocab_size, "dropout": 0.0}
    return {
        "model": tensors,
        "model_args": args,
        "optimizer": optimizer,
        "iter_num": 7,
        "best_val_loss": torch.tensor(1.0),
    }


def mingpt(model: GPTModel) -> dict[str, Tensor]:
    """With the masks that it saves beside its weights."""
    T = model.config.context_length
    masks = {f"transformer.h.{i}.attn.bias": torch.ones(1, 1, T, T).tril() for i in range(model.config.n_layers)}
    return openai_names(model) | masks


def conv1d(model: GPTModel) -> dict[str, Tensor]:
    """As Hugging Face's library saves them: matrices inside a block are [in, out], a tied head is left out."""
    return {
        name: tensor.T.contiguous() if ".h." in name and tensor.dim() == 2 else tensor.clone()
        for name, tensor in openai_names(model).items()
        if name != "lm_head.weight" or not model.config.tied_head
    }


def fused(model: GPTModel) -> dict[str, Tensor]:
    """As the course's faster variant saves them: one matrix for queries, keys and values, and torch's own norms."""
    tensors = {}
    for name, tensor in model.state_dict().items():
        theirs = name.replace("att.out_proj", "att.proj")
        if "norm" in name:
            theirs = theirs.replace("scale", "weight").replace("shift", "bias")
        if ".W_" not in name:
            tensors[theirs] = tensor.clone()
    for layer in range(model.config.n_layers):
        att = f"trf_blocks.{layer}.att"
        for kind in ("weight", "bias"):
            parts = [f"{att}.W_{part}.{kind}" for part in ("query", "key", "value")]
            if parts[0] in model.state_dict():
                tensors[f"{att}.qkv.{kind}"] = torch.cat([model.state_dict()[part] for part in parts])
    return tensors
