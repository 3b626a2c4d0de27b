"""One file of weights, as nanoGPT, minGPT and the course's code save it."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gpt2core import GPTModel, load_pretrained, trace
from gpt2core.checkpoint import learned_tensors
from gpt2core.errors import (
    GeluUnknown,
    HeadsUnknown,
    InvalidConfig,
    InvalidSetting,
    MissingTensor,
    ShapeMismatch,
    UnreadableCheckpoint,
    UnsafePickle,
)
from tests.conftest import TINY, TINY_IDS
from tests.gpt2core.foreign.saved import conv1d, mingpt, nanogpt, openai_names
from tests.reference import random_model

ERF = replace(TINY, gelu="erf", drop_rate=0.0)


def _assert_same(path: Path, model: GPTModel, n_heads: int | None = None, gelu: str | None = None) -> None:
    opened = load_pretrained(path, n_heads, gelu=gelu).model
    assert opened.config == model.config
    assert torch.equal(trace(opened, TINY_IDS)["logits"], trace(model, TINY_IDS)["logits"])


@pytest.mark.parametrize("prefix", ["", "_orig_mod.", "module.", "module._orig_mod."])
def test_a_nanogpt_checkpoint_opens_compiled_or_not(prefix, tmp_path):
    model = random_model(ERF)
    torch.save(nanogpt(model, prefix=prefix), tmp_path / "ckpt.pt")
    _assert_same(tmp_path / "ckpt.pt", model, gelu="erf")


def test_a_nanogpt_without_biases_opens_with_zeros_in_their_place(tmp_path):
    model = random_model(replace(ERF, qkv_bias=False))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("bias", "shift")):
                parameter.zero_()
    torch.save(nanogpt(model, bias=False), tmp_path / "ckpt.pt")
    _assert_same(tmp_path / "ckpt.pt", model, gelu="erf")


def test_a_nanogpt_checkpoint_that_does_not_fit_its_sizes_is_refused(tmp_path, tiny_model):
    checkpoint = nanogpt(tiny_model)
    checkpoint["model_args"]["block_size"] = 32
    torch.save(checkpoint, tmp_path / "ckpt.pt")
    with pytest.raises(ShapeMismatch, match=r"wpe.weight has shape \[16, 24\] in the file but must have \[32, 24\]"):
        load_pretrained(tmp_path / "ckpt.pt", gelu="erf")
    del checkpoint["model_args"]["n_head"]
    torch.save(checkpoint, tmp_path / "ckpt.pt")
    with pytest.raises(UnreadableCheckpoint, match="lacks 'n_head'"):
        load_pretrained(tmp_path / "ckpt.pt")


def test_a_mingpt_state_dict_opens_with_its_own_head_and_masks(tmp_path):
    model = random_model(replace(TINY, tied_head=False, drop_rate=0.0))
    tensors = openai_names(model) | {"transformer.h.0.attn.bias": torch.ones(1, 1, 16, 16).tril()}
    torch.save(tensors, tmp_path / "model.pt")
    _assert_same(tmp_path / "model.pt", model, n_heads=3)


def test_the_gelu_of_openai_s_names_is_known_of_mingpt_alone(tmp_path):
    """Which has its own head and saves its masks; everything else with these names may have either form."""
    model = random_model(replace(TINY, tied_head=False, drop_rate=0.0))
    for tensors in (openai_names(model), openai_names(random_model(TINY)), mingpt(random_model(TINY)), conv1d(model)):
        torch.save(tensors, tmp_path / "model.pt")
        with pytest.raises(GeluUnknown):
            load_pretrained(tmp_path / "model.pt", n_heads=3)
    torch.save(mingpt(model), tmp_path / "model.pt")
    assert load_pretrained(tmp_path / "model.pt", n_heads=3).model.config.gelu == "tanh"


def test_hugging_face_s_weights_without_their_configuration_open_once_heads_and_gelu_are_given(tmp_path):
    model = random_model(replace(TINY, drop_rate=0.0))
    turned = {
        name: tensor.T.contiguous() if ".h." in name and tensor.dim() == 2 else tensor.clone()
        for name, tensor in openai_names(model).items()
        if name != "lm_head.weight"
    }
    save_file(turned, tmp_path / "weights.safetensors")
    with pytest.raises(GeluUnknown, match=r"Put the config.json that belongs to it beside it, or pass gelu=\"tanh\""):
        load_pretrained(tmp_path / "weights.safetensors", n_heads=3)
    _assert_same(tmp_path / "weights.safetensors", model, n_heads=3, gelu="tanh")


@pytest.mark.parametrize("wrapping", [None, "model_state_dict", "state_dict"])
@pytest.mark.parametrize("qkv_bias", [True, False])
def test_the_course_s_state_dict_opens_with_its_sizes_read_off(wrapping, qkv_bias, tmp_path):
    model = random_model(replace(TINY, tied_head=False, qkv_bias=qkv_bias, drop_rate=0.0))
    tensors = dict(model.state_dict()) | {"trf_blocks.0.att.mask": torch.ones(16, 16).triu(1)}
    torch.save(tensors if wrapping is None else {wrapping: tensors, "optimizer_state_dict": {}}, tmp_path / "model.pth")
    _assert_same(tmp_path / "model.pth", model, n_heads=3)
    if wrapping is None:
        save_file(tensors, tmp_path / "model.safetensors")
        _assert_same(tmp_path / "model.safetensors", model, n_heads=3)


def test_a_tied_head_is_recognised_in_a_state_dict(tmp_path):
    model = random_model(replace(TINY, drop_rate=0.0))
    torch.save(model.state_dict(), tmp_path / "model.pth")
    _assert_same(tmp_path / "model.pth", model, n_heads=3)
    save_file(learned_tensors(model), tmp_path / "tied.safetensors")
    _assert_same(tmp_path / "tied.safetensors", model, n_heads=3)


def test_the_heads_are_asked_for_where_the_file_does_not_state_them(tmp_path, tiny_model):
    torch.save(tiny_model.state_dict(), tmp_path / "model.pth")
    with pytest.raises(HeadsUnknown, match=r"model.pth does not say how many heads .* it must divide 24") as refusal:
        load_pretrained(tmp_path / "model.pth")
    assert refusal.value.choices == (1, 2, 3, 4, 6, 8, 12, 24)
    with pytest.raises(
        InvalidConfig, match=r"24 wide, which cannot be split into 5 heads of equal width. Choose one of 1, 2, 3"
    ):
        load_pretrained(tmp_path / "model.pth", n_heads=5)
    with pytest.raises(InvalidConfig, match="n_heads is 0"):
        load_pretrained(tmp_path / "model.pth", n_heads=0)


def test_other_heads_than_a_checkpoint_states_are_refused(tmp_path):
    torch.save(nanogpt(random_model(ERF)), tmp_path / "ckpt.pt")
    with pytest.raises(InvalidSetting, match="n_heads is 4"):
        load_pretrained(tmp_path / "ckpt.pt", n_heads=4, gelu="erf")


def test_a_file_of_gpt2_s_size_gets_gpt2_s_tokenizer_also_where_its_rows_are_rounded_up(tmp_path):
    for vocab_size in (50257, 50304):
        model = GPTModel(replace(ERF, vocab_size=vocab_size, emb_dim=6))
        torch.save(nanogpt(model), tmp_path / "ckpt.pt")
        tokenizer = load_pretrained(tmp_path / "ckpt.pt", gelu="erf").tokenizer
        assert tokenizer.vocab_size == vocab_size
        assert tokenizer.decode(tokenizer.encode("Hello, world")) == "Hello, world"
    assert tokenizer.decode([50303]) == "<|unused 50303|>"


def test_a_tensor_missing_from_a_state_dict_is_named(tmp_path, tiny_model):
    for name in ("trf_blocks.1.norm1.scale", "pos_emb.weight"):
        tensors = dict(tiny_model.state_dict())
        del tensors[name]
        torch.save(tensors, tmp_path / "model.pth")
        with pytest.raises(MissingTensor, match=name):
            load_pretrained(tmp_path / "model.pth", n_heads=3)


def test_a_pickle_that_would_run_code_is_refused_and_runs_none(tmp_path):
    marker = tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(marker),))

    torch.save({"model": Trap(), "model_args": {}}, tmp_path / "trap.pt")
    (tmp_path / "bare.pth").write_bytes(pickle.dumps(Trap(), protocol=2))
    for name in ("trap.pt", "bare.pth"):
        with pytest.raises(UnsafePickle, match=rf"{name} holds more than tensors.*nothing in it was run"):
            load_pretrained(tmp_path / name)
    assert not marker.exists()
    torch.load(tmp_path / "trap.pt", weights_only=False)
    assert marker.exists(), "the trap must be real, or the test proves nothing"


def test_a_whole_module_and_other_objects_are_refused(tmp_path, tiny_model):
    torch.save(tiny_model, tmp_path / "module.pt")
    with pytest.raises(UnsafePickle, match=r"Save the weights alone: torch.save\(model.state_dict\(\), path\)"):
        load_pretrained(tmp_path / "module.pt")


@pytest.mark.parametrize("content", [b"", b"no pickle at all" * 20, b"PK\x03\x04 half a zip"])
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(UnreadableCheckpoint, match=r"damaged or was not written by torch.save"):
        load_pretrained(tmp_path / "model.pt")


def test_a_file_cut_short_is_refused(tmp_path, tiny_model):
    torch.save(tiny_model.state_dict(), tmp_path / "model.pt")
    whole = (tmp_path / "model.pt").read_bytes()
    (tmp_path / "model.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableCheckpoint, match="damaged"):
        load_pretrained(tmp_path / "model.pt", n_heads=3)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([1, 2], "holds no weights by name"),
        ({}, "holds no weights by name"),
        ({"epoch": 3}, "holds 'epoch', which is no tensor"),
        ({"layers.0.weight": torch.zeros(2, 2)}, "begins with a tensor 'layers.0.weight'"),
        ({"wte.weight": torch.zeros(2), "wpe.weight": torch.zeros(2, 2)}, r"wte.weight has shape \[2\]"),
        ({"wte.weight": torch.zeros(2, 2), "transformer.wte.weight": torch.zeros(2, 2)}, "holds 'wte.weight' twice"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, content, sentence):
    torch.save(content, tmp_path / "model.pt")
    with pytest.raises(UnreadableCheckpoint, match=sentence):
        load_pretrained(tmp_path / "model.pt", n_heads=1)
