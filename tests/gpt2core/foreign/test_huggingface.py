"""A folder that transformers wrote computes here what it computes there."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from gpt2core import GPTConfig, load_pretrained, trace
from gpt2core.errors import (
    InvalidConfig,
    MissingTensor,
    ShapeMismatch,
    UnreadableCheckpoint,
    UnsafePickle,
    UnsupportedModel,
)
from tests.conftest import TINY, TINY_IDS
from tests.reference import hugging_face_twin, random_model


@pytest.fixture
def folder(tmp_path, tiny_model):
    hugging_face_twin(tiny_model).save_pretrained(tmp_path / "theirs")
    return tmp_path / "theirs"


def _rewrite(folder, change):
    tensors = load_file(folder / "model.safetensors")
    changed = change(tensors) or tensors
    save_file({name: tensor.clone() for name, tensor in changed.items()}, folder / "model.safetensors")


def _configure(folder, **changed):
    about = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(about | changed))


@pytest.mark.parametrize(
    "config",
    [
        TINY,
        replace(TINY, tied_head=False),
        replace(TINY, gelu="erf", norm_eps=1e-3, vocab_size=51, n_heads=1, n_layers=1, context_length=9),
    ],
)
def test_a_folder_of_transformers_gives_its_logits(config, tmp_path):
    twin = hugging_face_twin(random_model(config))
    twin.save_pretrained(tmp_path)
    opened = load_pretrained(tmp_path)
    assert opened.model.config == replace(config, qkv_bias=True)
    assert opened.tokenizer is None
    with torch.no_grad():
        theirs = twin(torch.tensor([TINY_IDS])).logits[0]
    torch.testing.assert_close(trace(opened.model, TINY_IDS)["logits"], theirs, rtol=1e-4, atol=1e-4)


def test_names_with_and_without_the_outer_class_and_old_masks_are_one(folder, tiny_model):
    def as_openai_released_it(tensors):
        bare = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
        bare["h.0.attn.bias"] = torch.ones(1, 1, 16, 16).tril()
        bare["h.1.attn.masked_bias"] = torch.tensor(-1e4)
        return bare

    assert any(name.startswith("transformer.") for name in load_file(folder / "model.safetensors"))
    _rewrite(folder, as_openai_released_it)
    opened = load_pretrained(folder).model
    assert torch.equal(trace(opened, TINY_IDS)["logits"], trace(tiny_model, TINY_IDS)["logits"])


def test_half_precision_pieces_with_an_index_and_pickled_weights_open_too(folder, tiny_model):
    whole = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(whole, folder / "pytorch_model.bin")
    assert torch.equal(load_pretrained(folder).model.tok_emb.weight, tiny_model.tok_emb.weight)
    (folder / "pytorch_model.bin").unlink()
    names = sorted(whole)
    pieces = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for piece, held in pieces.items():
        save_file({name: whole[name].half() for name in held}, folder / piece)
    index = {"weight_map": {name: piece for piece, held in pieces.items() for name in held}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    opened = load_pretrained(folder).model
    assert torch.equal(opened.tok_emb.weight, tiny_model.tok_emb.weight.half().float())


def test_a_configuration_of_old_is_completed_with_gpt2_s_defaults(folder):
    kept = ("n_embd", "n_head", "n_layer", "vocab_size", "n_positions")
    about = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({name: about[name] for name in kept}))
    assert load_pretrained(folder).model.config == GPTConfig(50, 16, 24, 3, 2, 0.1, True, True)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"model_type": "llama"}, "a model of type 'llama'"),
        ({"activation_function": "relu"}, "activation_function is 'relu'"),
        ({"n_inner": 100}, "n_inner is 100 in config.json; only 4 x n_embd = 96"),
        ({"scale_attn_weights": False}, "scale_attn_weights is False"),
        ({"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx is True"),
        ({"add_cross_attention": True}, "add_cross_attention is True"),
    ],
)
def test_a_setting_that_is_not_computed_here_is_refused_by_name(folder, changed, sentence):
    _configure(folder, **changed)
    with pytest.raises(UnsupportedModel, match=sentence):
        load_pretrained(folder)


def test_what_does_not_fit_is_refused_with_the_file_s_name_and_both_shapes(folder):
    _configure(folder, vocab_size=60)
    with pytest.raises(ShapeMismatch, match=r"wte.weight has shape \[50, 24\] in the file but must have \[60, 24\]"):
        load_pretrained(folder)
    _configure(folder, vocab_size=50, n_layer=3)
    with pytest.raises(MissingTensor, match=r"'h.2.ln_1.weight', which must have shape \[24\]"):
        load_pretrained(folder)
    _configure(folder, n_layer=1)
    with pytest.raises(UnreadableCheckpoint, match=r"'h.1.attn.c_attn.bias'"):
        load_pretrained(folder)
    _configure(folder, n_layer=2, n_head=7)
    with pytest.raises(InvalidConfig, match="cannot be split into 7 heads"):
        load_pretrained(folder)


def test_a_head_that_contradicts_the_configuration_is_refused(folder):
    def with_a_head(tensors):
        tensors["lm_head.weight"] = torch.zeros(50, 24)

    _rewrite(folder, with_a_head)
    with pytest.raises(UnreadableCheckpoint, match=r"lm_head.weight differs from wte.weight"):
        load_pretrained(folder)
    _configure(folder, tie_word_embeddings=False)
    assert (trace(load_pretrained(folder).model, TINY_IDS)["logits"] == 0).all()


def test_a_folder_whose_pickled_weights_would_run_code_is_refused(folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    (folder / "model.safetensors").unlink()
    torch.save({"wte.weight": Trap()}, folder / "pytorch_model.bin")
    with pytest.raises(UnsafePickle, match="nothing in it was run"):
        load_pretrained(folder)
    assert not (tmp_path / "ran").exists()
