"""What is saved comes back exactly; what is no model is refused with a sentence that says why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from gpt2core import GPTConfig, Tokenizer, gpt2_tokenizer, load_pretrained, save_pretrained, trace
from gpt2core.checkpoint import build_model, learned_tensors
from gpt2core.errors import (
    InvalidConfig,
    InvalidSetting,
    MissingTensor,
    NotFinite,
    ShapeMismatch,
    UnknownModel,
    UnreadableCheckpoint,
)
from tests.conftest import TINY, TINY_IDS
from tests.reference import random_model


@pytest.fixture
def folder(tmp_path, tiny_model):
    save_pretrained(tiny_model, tmp_path / "mine")
    return tmp_path / "mine"


def _rewrite(folder, change):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")


@pytest.mark.parametrize(
    "config", [TINY, replace(TINY, tied_head=False, qkv_bias=False, gelu="erf", norm_eps=1e-3, drop_rate=0.2)]
)
def test_a_saved_model_comes_back_exactly(config, tmp_path):
    model = random_model(config)
    save_pretrained(model, tmp_path)
    opened = load_pretrained(tmp_path)
    assert opened.tokenizer is None
    assert opened.model.config == config
    assert not opened.model.training
    assert opened.model.parameter_count() == model.parameter_count()
    assert (opened.model.out_head.weight is opened.model.tok_emb.weight) == config.tied_head
    assert torch.equal(trace(opened.model, TINY_IDS)["logits"], trace(model, TINY_IDS)["logits"])


def test_an_opened_model_can_be_trained_and_moved_like_one_just_made(folder):
    model = load_pretrained(folder).model.train().double()
    loss = model(torch.tensor([TINY_IDS])).square().mean()
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert not model.trf_blocks[0].att.mask.is_meta
    assert dict(model.named_buffers()).keys() == {"trf_blocks.0.att.mask"}


def test_half_precision_halves_the_file_and_is_widened_again(tmp_path, tiny_model, folder):
    save_pretrained(tiny_model, tmp_path / "half", dtype=torch.float16)
    sizes = [(path / "model.safetensors").stat().st_size for path in (folder, tmp_path / "half")]
    assert sizes[1] < 0.6 * sizes[0]
    opened = load_pretrained(tmp_path / "half").model
    assert opened.tok_emb.weight.dtype == torch.float32
    torch.testing.assert_close(opened.tok_emb.weight, tiny_model.tok_emb.weight, atol=1e-3, rtol=1e-3)


def test_a_file_of_weights_inside_a_model_folder_opens_the_folder(folder):
    assert load_pretrained(folder / "model.safetensors").model.config == TINY


def test_gpt2_s_vocabulary_is_named_and_another_is_written_beside_the_weights(tmp_path):
    model = random_model(replace(TINY, vocab_size=300))
    save_pretrained(model, tmp_path / "a", tokenizer=gpt2_tokenizer(300))
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"config.json", "model.safetensors"}
    assert load_pretrained(tmp_path / "a").tokenizer is gpt2_tokenizer(300)

    ranks = {bytes([byte]): byte for byte in range(256)} | {b"ab": 256, b"abab": 257}
    save_pretrained(model, tmp_path / "b", tokenizer=Tokenizer(ranks))
    opened = load_pretrained(tmp_path / "b").tokenizer
    assert opened.encode("ababab c") == Tokenizer(ranks).encode("ababab c") == [257, 256, 32, 99]
    assert opened.end_of_text == 258


def test_nothing_there_is_refused(tmp_path):
    with pytest.raises(UnknownModel, match="There is no model"):
        load_pretrained(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableCheckpoint, match=r"config.json is missing from 'empty'"):
        load_pretrained(tmp_path / "empty")


def test_weights_that_are_cut_short_or_foreign_are_refused(folder):
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not a model at all", b"\xff" * 64):
        weights.write_bytes(damaged)
        with pytest.raises(UnreadableCheckpoint, match="damaged or not a safetensors file"):
            load_pretrained(folder)
    weights.unlink()
    with pytest.raises(UnreadableCheckpoint, match=r"model.safetensors is missing from 'mine'"):
        load_pretrained(folder)


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"format": "gpt2core"}', "", "[" * 100_000])
def test_a_damaged_configuration_is_refused(folder, text):
    (folder / "config.json").write_text(text)
    with pytest.raises(UnreadableCheckpoint, match=r"config.json in 'mine'"):
        load_pretrained(folder)


def test_a_configuration_that_cannot_be_built_is_refused(folder):
    about = json.loads((folder / "config.json").read_text())
    about["config"]["n_heads"] = 5
    (folder / "config.json").write_text(json.dumps(about))
    with pytest.raises(InvalidConfig, match="emb_dim 24 cannot be split into 5 heads"):
        load_pretrained(folder)


def test_a_missing_tensor_is_named(folder):
    _rewrite(folder, lambda tensors: tensors.pop("trf_blocks.1.norm2.shift"))
    with pytest.raises(MissingTensor, match=r"'trf_blocks.1.norm2.shift', which must have shape \[24\]"):
        load_pretrained(folder)


def test_a_tensor_of_another_shape_is_named_with_both_shapes(folder):
    _rewrite(folder, lambda tensors: tensors.update({"pos_emb.weight": torch.zeros(15, 24)}))
    with pytest.raises(
        ShapeMismatch, match=r"pos_emb.weight has shape \[15, 24\] in the file but must have \[16, 24\]"
    ):
        load_pretrained(folder)


def test_a_tensor_that_has_no_place_is_named(folder):
    _rewrite(folder, lambda tensors: tensors.update({"trf_blocks.0.att.W_extra": torch.zeros(2)}))
    with pytest.raises(UnreadableCheckpoint, match=r"'trf_blocks.0.att.W_extra'"):
        load_pretrained(folder)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_weight_that_is_no_number_is_refused(folder, bad):
    def spoil(tensors):
        tensors["trf_blocks.0.ff.layers.0.weight"][3, 3] = bad

    _rewrite(folder, spoil)
    with pytest.raises(NotFinite, match=r"trf_blocks.0.ff.layers.0.weight holds NaN or infinite weights"):
        load_pretrained(folder)


def test_another_number_of_heads_than_the_folder_says_is_refused(folder):
    assert load_pretrained(folder, n_heads=3).model.config.n_heads == 3
    with pytest.raises(InvalidSetting, match=r"n_heads is 2, but .* says 3"):
        load_pretrained(folder, n_heads=2)


def test_a_built_model_has_copies_of_the_weights(tiny_model):
    tensors = learned_tensors(tiny_model)
    built = build_model(GPTConfig.from_dict(TINY.to_dict()), tensors)
    for name, parameter in built.named_parameters():
        assert parameter.data_ptr() != tensors[name].data_ptr()
        assert parameter.requires_grad
