"""What a file says about itself, and what a caller says about it: used, or refused in a sentence; never passed over."""

from __future__ import annotations

import io
import json
import pickle
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from gpt2core import GPTConfig, load_pretrained, save_pretrained
from gpt2core.errors import (
    GeluUnknown,
    HeadsUnknown,
    InvalidConfig,
    InvalidSetting,
    MissingTensor,
    UnknownModel,
    UnreadableCheckpoint,
    UnsafePickle,
    UnsupportedModel,
)
from gpt2core.evaluate import main
from tests.conftest import TINY
from tests.gpt2core.foreign.saved import conv1d, fused, nanogpt, openai_names
from tests.reference import hugging_face_twin, random_model

OWN_HEAD = replace(TINY, tied_head=False, drop_rate=0.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    hugging_face_twin(random_model(TINY)).save_pretrained(tmp_path / "theirs")
    return tmp_path / "theirs"


def _configure(folder: Path, **changed: object) -> None:
    about = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(about | changed))


@pytest.mark.parametrize(
    ("changed", "error", "sentence"),
    [
        ({"num_attention_heads": 6}, UnreadableCheckpoint, "n_head = 3 and num_attention_heads = 6"),
        ({"hidden_size": 48}, UnreadableCheckpoint, "n_embd = 24 and hidden_size = 48"),
        ({"quantization_config": {"bits": 4}}, UnsupportedModel, "quantization_config is"),
        ({"pruned_heads": {"0": [1]}}, UnsupportedModel, "pruned_heads is"),
        ({"auto_map": {"AutoModel": "theirs.Model"}}, UnsupportedModel, "auto_map is"),
        ({"activation_function": ["gelu"]}, UnsupportedModel, r"activation_function is \['gelu'\]"),
        ({"tie_word_embeddings": "false"}, InvalidConfig, "tied_head is 'false'; it must be True or False"),
        ({"n_head": "3"}, InvalidConfig, "n_heads is '3'"),
        ({"n_embd": [24]}, InvalidConfig, r"emb_dim is \[24\]"),
        ({"layer_norm_epsilon": float("nan")}, InvalidConfig, "norm_eps is nan"),
        ({"n_layer": 10**9}, MissingTensor, "'h.2.ln_1.weight'"),
    ],
)
def test_a_configuration_that_is_not_gpt2_s_or_contradicts_itself_is_refused(changed, error, sentence, folder):
    _configure(folder, **changed)
    with pytest.raises(error, match=sentence):
        load_pretrained(folder)


def test_a_folder_with_an_adapter_is_refused_and_opens_without_it(folder):
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(UnsupportedModel, match=r"holds adapter_config.json: an adapter"):
        load_pretrained(folder)
    (folder / "adapter_config.json").unlink()
    assert load_pretrained(folder).model.config.n_heads == 3


def test_pieces_that_do_not_fit_their_index_are_refused(folder):
    whole = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(whole)
    save_file({name: whole[name] for name in names[:9]}, folder / "a.safetensors")
    save_file({name: whole[name] for name in names[8:]}, folder / "b.safetensors")
    index = {name: "a.safetensors" if name in names[:9] else "b.safetensors" for name in names}
    path = folder / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": index}))
    with pytest.raises(UnreadableCheckpoint, match=f"{names[8]} stands in b.safetensors and in another piece"):
        load_pretrained(folder)
    save_file({name: whole[name] for name in names[10:]}, folder / "b.safetensors")
    with pytest.raises(UnreadableCheckpoint, match=f"b.safetensors lacks {names[9]}"):
        load_pretrained(folder)
    (folder / "b.safetensors").unlink()
    with pytest.raises(UnreadableCheckpoint, match=r"b.safetensors is missing"):
        load_pretrained(folder)
    for wrong in ([], {}, {"weight_map": {}}, {"weight_map": {"x": 1}}):
        path.write_text(json.dumps(wrong))
        with pytest.raises(UnreadableCheckpoint, match=r"model.safetensors.index.json"):
            load_pretrained(folder)


def test_a_folder_of_ours_that_does_not_say_everything_is_refused(tmp_path, tiny_model):
    save_pretrained(tiny_model, tmp_path)
    about = json.loads((tmp_path / "config.json").read_text())
    for name in ("n_heads", "gelu", "norm_eps"):
        sizes = {key: value for key, value in about["config"].items() if key != name}
        (tmp_path / "config.json").write_text(
            json.dumps(about | {"config": sizes | {"emb_dim": 24, "n_heads": 12} | sizes})
        )
        if name == "n_heads":
            sizes.pop("n_heads", None)
            (tmp_path / "config.json").write_text(json.dumps(about | {"config": sizes}))
        with pytest.raises(UnreadableCheckpoint, match=f"lacks {name}"):
            load_pretrained(tmp_path)
    for vocabulary in (
        [1],
        "gpt2",
        {"kind": "gpt2"},
        {"kind": "gpt2", "vocab_size": [50]},
        {"kind": "gpt2", "vocab_size": 400},
    ):
        (tmp_path / "config.json").write_text(json.dumps(about | {"tokenizer": vocabulary}))
        with pytest.raises(UnreadableCheckpoint, match="names no vocabulary that fits its 50 rows"):
            load_pretrained(tmp_path)


def test_the_gelu_of_a_nanogpt_checkpoint_is_asked_for_where_it_cannot_be_known(tmp_path):
    model = random_model(replace(TINY, drop_rate=0.0))
    path = tmp_path / "ckpt.pt"
    torch.save(nanogpt(model), path)
    with pytest.raises(GeluUnknown, match=r"ckpt.pt does not say which GELU .*--gelu erf on the command line"):
        load_pretrained(path)
    assert {load_pretrained(path, gelu=gelu).model.config.gelu for gelu in ("tanh", "erf")} == {"tanh", "erf"}
    old = nanogpt(model)
    del old["model_args"]["bias"]
    torch.save(old, path)
    assert load_pretrained(path).model.config.gelu == "tanh"
    with pytest.raises(UnsupportedModel, match="before 27 January 2023"):
        load_pretrained(path, gelu="erf")


def test_following_the_advice_on_an_unsafe_pickle_never_turns_one_gelu_into_the_other(tmp_path):
    class Anything:
        pass

    model = random_model(replace(TINY, drop_rate=0.0))
    checkpoint = nanogpt(model)
    path = tmp_path / "ckpt.pt"
    torch.save(checkpoint | {"config": np.float64(1.0), "more": pickle.PickleBuffer}, path)
    with pytest.raises(
        UnsafePickle, match=r"keep model_args too.*torch.save\(\{\"model\": weights, \"model_args\": model_args\}"
    ):
        load_pretrained(path)
    torch.save(checkpoint["model"], path)
    with pytest.raises(GeluUnknown):
        load_pretrained(path, n_heads=3)
    torch.save({"model": checkpoint["model"], "model_args": checkpoint["model_args"]}, path)
    with pytest.raises(GeluUnknown):
        load_pretrained(path)


def test_settings_that_nanogpt_does_not_have_are_refused_by_name(tmp_path):
    for name in ("use_rmsnorm", "n_kv_group", "rope"):
        checkpoint = nanogpt(random_model(TINY))
        checkpoint["model_args"][name] = True
        torch.save(checkpoint, tmp_path / "ckpt.pt")
        with pytest.raises(UnsupportedModel, match=f"model_args in ckpt.pt sets '{name}'"):
            load_pretrained(tmp_path / "ckpt.pt", gelu="erf")
    checkpoint = nanogpt(random_model(TINY))
    checkpoint["model_args"]["bias"] = "no"
    torch.save(checkpoint, tmp_path / "ckpt.pt")
    with pytest.raises(UnreadableCheckpoint, match="bias in model_args is 'no'"):
        load_pretrained(tmp_path / "ckpt.pt", gelu="erf")


@pytest.mark.parametrize(
    "name",
    [
        "trf_blocks.0.att.W_query.lora.A",
        "base_model.model.transformer.h.0.attn.c_attn.lora_A.default.weight",
        "transformer.h.0.mlp.c_fc.ia3_l.default",
        "trf_blocks.1.ff.layers.0.lora.B",
    ],
)
def test_adapters_that_are_not_merged_are_refused_by_name(name, tmp_path):
    model = random_model(OWN_HEAD)
    tensors = model.state_dict() if "trf" in name else openai_names(model)
    torch.save(dict(tensors) | {name: torch.zeros(2, 2)}, tmp_path / "model.pt")
    with pytest.raises(UnsupportedModel, match=f"^{name} belongs to an adapter"):
        load_pretrained(tmp_path / "model.pt", n_heads=3)


def test_a_file_that_begins_with_a_name_of_gpt2_is_told_what_differs(tmp_path):
    course = random_model(OWN_HEAD).state_dict()
    cases = {
        "trf_blocks.0.att.W_query.linear.weight": {
            n.replace("W_query.", "W_query.linear."): t for n, t in course.items()
        },
        "trf_blocks.0.att.q_norm.scale": course | {"trf_blocks.0.att.q_norm.scale": torch.ones(8)},
        "trf_blocks.0.att.qkv.weight": fused(random_model(OWN_HEAD))
        | {"trf_blocks.0.att.qkv.weight": torch.zeros(24, 24)},
        "tok_emb.weight": {n: t for n, t in course.items() if n != "tok_emb.weight"},
        "h.0.attn.c_attn.weight": {"wpe.weight": torch.zeros(16, 24), "wte.weight": torch.zeros(50, 24)},
        "wte.weight": {n: t for n, t in openai_names(random_model(OWN_HEAD)).items() if "wte" not in n},
        "h.0.attn.rotary": openai_names(random_model(OWN_HEAD)) | {"transformer.h.0.attn.rotary": torch.ones(8)},
    }
    for name, tensors in cases.items():
        torch.save(tensors, tmp_path / "model.pt")
        with pytest.raises(UnreadableCheckpoint) as refusal:
            load_pretrained(tmp_path / "model.pt", n_heads=3)
        said = str(refusal.value)
        assert name in said or name.replace(".linear", "") in said
        assert "none of GPT-2's names" not in said


def test_a_saved_mask_that_is_not_gpt2_s_is_refused(tmp_path):
    tensors = openai_names(random_model(OWN_HEAD))
    course = random_model(OWN_HEAD).state_dict()
    windowed = torch.ones(16, 16).tril() * torch.ones(16, 16).triu(-4)
    for mask in (windowed, torch.ones(16, 16), torch.zeros(16), torch.ones(16, 16).triu(), windowed.to_sparse()):
        torch.save(tensors | {"transformer.h.0.attn.bias": mask}, tmp_path / "model.pt")
        with pytest.raises(UnsupportedModel, match=r"transformer.h.0.attn.bias is not GPT-2's mask"):
            load_pretrained(tmp_path / "model.pt", n_heads=3)
        torch.save(course | {"trf_blocks.0.att.mask": mask.to_dense().bool()}, tmp_path / "model.pt")
        with pytest.raises(UnsupportedModel, match=r"trf_blocks.0.att.mask is not GPT-2's mask"):
            load_pretrained(tmp_path / "model.pt", n_heads=3)


@pytest.mark.parametrize(
    "n_heads",
    [
        *(
            "4",
            "",
            b"4",
            4.0,
            True,
            [4],
            {},
            (),
            -1,
            0,
            float("nan"),
            float("inf"),
            3 + 0j,
            np.float32(3),
            np.bool_(True),
        ),
        *(np.array([3, 3]), torch.tensor(3), Fraction(3), Decimal(3), object()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_heads_that_are_no_number_are_refused_in_a_sentence(n_heads, folder):
    with pytest.raises(InvalidConfig, match=r"n_heads is .* must be a whole number of at least 1"):
        load_pretrained(folder, n_heads=n_heads)
    assert load_pretrained(folder, n_heads=np.int64(3)).model.config.n_heads == 3


@pytest.mark.parametrize(
    "gelu",
    ["relu", "TANH", 1, 0, True, ["erf"], ("tanh", "erf"), {}, "", b"erf", np.array(["tanh", "erf"]), object()],
    ids=lambda value: type(value).__name__,
)
def test_a_gelu_that_there_is_not_is_refused_in_a_sentence(gelu, folder):
    with pytest.raises(InvalidSetting, match=r"gelu is .*; choose 'tanh'"):
        load_pretrained(folder, gelu=gelu)
    with pytest.raises(InvalidSetting, match=r"gelu is erf, but .* says tanh. Leave gelu out"):
        load_pretrained(folder, gelu="erf")


@pytest.mark.parametrize(
    "source",
    [
        *(None, 5, 0.5, True, b"gpt2", "", ["gpt2"], {}, "\0", "a\nb", "x" * 5000, "a/" * 3000, "\ud800", object()),
        *(np.array(["gpt2"]), io.BytesIO(b""), torch.zeros(1)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_source_that_is_no_path_or_name_is_refused_in_a_sentence(source):
    with pytest.raises(UnknownModel, match=r"is no model|There is no model|cannot be looked at"):
        load_pretrained(source)


@pytest.mark.parametrize(
    ("width", "example"), [(24, 3), (48, 4), (128, 4), (200, 4), (384, 6), (768, 12), (1600, 25), (97, 97)]
)
def test_the_example_of_a_refusal_fits_the_file(width, example):
    said = HeadsUnknown("model.pt", width)
    assert f"n_heads={example} (--n-heads {example} on the command line)" in str(said)
    assert width % example == 0
    assert width // example == 1 or example > 1
    with pytest.raises(InvalidConfig, match=f"a number of heads that divides it, for example {example}\\.$"):
        GPTConfig(emb_dim=width, n_heads=width + 1)


def test_two_models_in_one_file_are_not_mixed(tmp_path):
    tensors = openai_names(random_model(OWN_HEAD))
    both = {f"{who}.{name}": tensor for who in ("student", "teacher") for name, tensor in tensors.items()}
    torch.save(both, tmp_path / "model.pt")
    with pytest.raises(UnreadableCheckpoint, match=r"two models, under 'student\.' and 'teacher\.'"):
        load_pretrained(tmp_path / "model.pt", n_heads=3)
    torch.save(tensors | {f"ema.{name}": tensor for name, tensor in tensors.items()}, tmp_path / "model.pt")
    with pytest.raises(UnreadableCheckpoint, match=r"twice, under two wrappings"):
        load_pretrained(tmp_path / "model.pt", n_heads=3)


def test_the_command_has_the_flags_that_its_refusals_advise(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("gpt2core.evaluate.report", lambda opened, *_: f"{opened.model.config.n_heads} heads")
    torch.save(nanogpt(random_model(TINY)), tmp_path / "ckpt.pt")
    save_file(conv1d(random_model(TINY)), tmp_path / "weights.safetensors")
    for name, flags in (("ckpt.pt", ["--gelu", "erf"]), ("weights.safetensors", ["--n-heads", "3", "--gelu", "tanh"])):
        for given in range(0, len(flags), 2):  # each refusal names the flag that is still missing
            assert main([str(tmp_path / name), *flags[:given]]) == 2
            assert " ".join(flags[given : given + 2]) in capsys.readouterr().err
        assert main([str(tmp_path / name), *flags]) == 0
        assert "3 heads" in capsys.readouterr().out
