"""Every layout that opens gives the logits of transformers on the same weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import DataParallel
from transformers import GPT2Config
from transformers.activations import ACT2FN

from gpt2core import GPTModel, load_pretrained, save_pretrained, trace
from gpt2core.errors import InvalidSetting
from gpt2core.foreign.huggingface import _GELU, _NAMES
from tests.conftest import TINY, TINY_IDS
from tests.gpt2core.foreign.saved import conv1d, fused, mingpt, nanogpt, openai_names
from tests.reference import hugging_face_twin, random_model

OWN_HEAD = replace(TINY, tied_head=False)


def _soft(config=TINY) -> GPTModel:
    """Weights a quarter as wide as the usual test's, as trained ones are, so that 1e-5 is a bound on mistakes and not on rounding."""
    model = random_model(replace(config, drop_rate=0.0))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not name.endswith("scale"):
                parameter.mul_(0.25)
    return model


def _theirs(model: GPTModel) -> torch.Tensor:
    with torch.no_grad():
        return hugging_face_twin(model)(torch.tensor([TINY_IDS])).logits[0]


def _assert_equal(source: Path, model: GPTModel, **arguments) -> None:
    ours = trace(load_pretrained(source, **arguments).model, TINY_IDS)["logits"]
    torch.testing.assert_close(ours, _theirs(model), rtol=0, atol=1e-5)


def _no_biases(model: GPTModel) -> GPTModel:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("bias", "shift")):
                parameter.zero_()
    return model


def _without_bias_argument(model: GPTModel) -> dict:
    checkpoint = nanogpt(model)
    del checkpoint["model_args"]["bias"]
    return checkpoint


ERF, NO_BIAS = replace(TINY, gelu="erf"), replace(TINY, gelu="erf", qkv_bias=False)
FILES: dict[str, tuple[Callable[[], GPTModel], Callable[[GPTModel], object], dict]] = {
    "nanoGPT": (lambda: _soft(ERF), nanogpt, {"gelu": "erf"}),
    "nanoGPT, tanh": (_soft, nanogpt, {"gelu": "tanh"}),
    "nanoGPT before 2023-01-27": (_soft, _without_bias_argument, {}),
    "nanoGPT without biases": (lambda: _no_biases(_soft(NO_BIAS)), lambda m: nanogpt(m, bias=False), {"gelu": "erf"}),
    "nanoGPT, weights alone": (lambda: _soft(ERF), openai_names, {"n_heads": 3, "gelu": "erf"}),
    "nanoGPT without biases, weights alone": (
        lambda: _no_biases(_soft(NO_BIAS)),
        lambda m: nanogpt(m, bias=False)["model"],
        {"n_heads": 3, "gelu": "erf"},
    ),
    "minGPT": (lambda: _soft(OWN_HEAD), mingpt, {"n_heads": 3}),
    "minGPT, masks taken out": (lambda: _soft(OWN_HEAD), openai_names, {"n_heads": 3, "gelu": "tanh"}),
    "Hugging Face, weights alone": (_soft, conv1d, {"n_heads": 3, "gelu": "tanh"}),
    "Hugging Face, the exact GELU, weights alone": (lambda: _soft(ERF), conv1d, {"n_heads": 3, "gelu": "erf"}),
    "course": (lambda: _soft(OWN_HEAD), GPTModel.state_dict, {"n_heads": 3}),
    "course without biases": (lambda: _soft(replace(OWN_HEAD, qkv_bias=False)), GPTModel.state_dict, {"n_heads": 3}),
    "course, fused": (lambda: _soft(OWN_HEAD), fused, {"n_heads": 3}),
    "course, fused, without biases": (lambda: _soft(replace(OWN_HEAD, qkv_bias=False)), fused, {"n_heads": 3}),
    "DeepSpeed": (lambda: _soft(OWN_HEAD), lambda m: {"module": mingpt(m)}, {"n_heads": 3}),
}


@pytest.mark.parametrize("layout", FILES)
def test_a_file_of_weights_gives_their_logits(layout, tmp_path):
    make, save, arguments = FILES[layout]
    model = make()
    torch.save(save(model), tmp_path / "weights.pt")
    _assert_equal(tmp_path / "weights.pt", model, **arguments)


def _lightning(model: GPTModel) -> torch.nn.Module:
    """As a LightningModule holds what it trains."""
    module = torch.nn.Module()
    module.model = torch.compile(model)
    return module


# By name and not from names.WRAPPERS, so that none is lost from there unseen; then some in one another.
WRAPPED = (
    *("_orig_mod", "module", "_checkpoint_wrapped_module", "_fsdp_wrapped_module", "_fpw_module", "_forward_module"),
    *("model", "base_model", "base_layer", "transformer", "_module"),
    *("module._orig_mod", "_orig_mod.module", "base_model.model", "model._orig_mod.module.model"),
    "_fsdp_wrapped_module._checkpoint_wrapped_module._orig_mod",
)


@pytest.mark.parametrize("wrapper", WRAPPED)
@pytest.mark.parametrize("place", ["before", "inside", "before and inside"])
def test_a_wrapper_in_the_names_of_tensors_changes_nothing(wrapper, place, tmp_path):
    def wrapped(name: str) -> str:
        parts = name.split(".")
        if "inside" in place:
            parts.insert(-1, wrapper)
        return ".".join([wrapper, *parts] if "before" in place else parts)

    for kind, model, tensors in (
        ("minGPT", _soft(OWN_HEAD), mingpt(_soft(OWN_HEAD))),
        ("course", _soft(OWN_HEAD), _soft(OWN_HEAD).state_dict()),
    ):
        torch.save({wrapped(name): tensor for name, tensor in tensors.items()}, tmp_path / f"{kind}.pt")
        _assert_equal(tmp_path / f"{kind}.pt", model, n_heads=3)


@pytest.mark.parametrize("wrap", [torch.compile, DataParallel, lambda m: DataParallel(torch.compile(m)), _lightning])
def test_what_torch_s_own_wrappers_save_opens(wrap, tmp_path):
    model = _soft(OWN_HEAD)
    tensors = wrap(model).state_dict()
    assert set(tensors) != set(model.state_dict())
    torch.save(tensors, tmp_path / "model.pt")
    _assert_equal(tmp_path / "model.pt", model, n_heads=3)


@pytest.mark.parametrize("outer", ["net.", "gpt.", "policy.backbone.", "_orig_mod.net.module.", "decoder.model."])
@pytest.mark.parametrize("make", [mingpt, GPTModel.state_dict, fused], ids=["minGPT", "course", "course, fused"])
def test_what_somebody_s_class_calls_the_model_changes_nothing(make, outer, tmp_path):
    model = _soft(OWN_HEAD)
    torch.save({outer + name: tensor for name, tensor in make(model).items()}, tmp_path / "model.pt")
    _assert_equal(tmp_path / "model.pt", model, n_heads=3)


def test_a_head_beside_the_model_in_somebody_s_class_changes_nothing(tmp_path):
    model = _soft(OWN_HEAD)
    renamed = {
        n if n.startswith("lm_head") else n.replace("transformer.", "gpt2."): t for n, t in mingpt(model).items()
    }
    torch.save(renamed, tmp_path / "model.pt")
    _assert_equal(tmp_path / "model.pt", model, n_heads=3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    hugging_face_twin(_soft()).save_pretrained(tmp_path / "theirs")
    return tmp_path / "theirs"


def _configure(folder: Path, **changed: object) -> None:
    about = json.loads((folder / "config.json").read_text())
    kept = {name: value for name, value in (about | changed).items() if value is not None}
    (folder / "config.json").write_text(json.dumps(kept))


@pytest.mark.parametrize("pickled", [False, True])
@pytest.mark.parametrize("named", ["folder", "index", "piece"])
def test_weights_in_pieces_give_their_logits(pickled, named, folder):
    whole = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    stem, end = ("pytorch_model", "bin") if pickled else ("model", "safetensors")
    pieces = {f"{stem}-0000{i + 1}-of-00003.{end}": sorted(whole)[i::3] for i in range(3)}
    for piece, held in pieces.items():
        tensors = {name: whole[name] for name in held}
        if pickled:
            torch.save(tensors, folder / piece)
        else:
            save_file(tensors, folder / piece)
    index = {"weight_map": {name: piece for piece, held in pieces.items() for name in held}}
    (folder / f"{stem}.{end}.index.json").write_text(json.dumps(index))
    source = {"folder": folder, "index": folder / f"{stem}.{end}.index.json", "piece": folder / min(pieces)}[named]
    _assert_equal(source, _soft())


def test_a_named_file_is_read_with_the_configuration_beside_it(folder):
    whole = load_file(folder / "model.safetensors")
    torch.save({name: tensor * 0 for name, tensor in whole.items()}, folder / "pytorch_model.bin")
    _assert_equal(folder, _soft())
    assert (trace(load_pretrained(folder / "pytorch_model.bin").model, TINY_IDS)["logits"] == 0).all()
    for name in ("pytorch_model.bin", "pytorch_model.fp16.bin"):
        torch.save(whole, folder / name)
        _assert_equal(folder / name, _soft())
    save_file(whole, folder / "model.fp32.safetensors")
    _assert_equal(folder / "model.fp32.safetensors", _soft())


@pytest.mark.parametrize("name", ["weights.safetensors", "gpt2.bin", "model.pt", "pytorch_model-tuned.bin", "best.pth"])
def test_hugging_face_s_weights_of_any_name_are_read_with_the_configuration_beside_them(name, folder):
    whole = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    _configure(folder, activation_function="gelu", layer_norm_epsilon=1e-3)
    (save_file if name.endswith("safetensors") else torch.save)(whole, folder / name)
    model = _soft(replace(ERF, norm_eps=1e-3))
    _assert_equal(folder / name, model)
    with pytest.raises(InvalidSetting, match=r"gelu is tanh, but .* says erf"):
        load_pretrained(folder / name, gelu="tanh")


def test_our_weights_of_any_name_are_read_with_the_configuration_beside_them(tmp_path):
    model = _soft(replace(ERF, tied_head=False))
    save_pretrained(model, tmp_path)
    for name in ("step-100.safetensors", "best.pt", "model-old.safetensors"):
        (save_file if name.endswith("safetensors") else torch.save)(
            load_file(tmp_path / "model.safetensors"), tmp_path / name
        )
        _assert_equal(tmp_path / name, model)


@pytest.mark.parametrize("config", ['{"n_embd": 48, "n_head": 4}', "[1]", "{", '{"format": "gpt2core"}'])
def test_a_configuration_of_something_else_beside_a_file_that_states_its_own_is_passed_over(config, tmp_path):
    model = _soft(ERF)
    (tmp_path / "config.json").write_text(config)
    torch.save(nanogpt(model), tmp_path / "ckpt.pt")
    _assert_equal(tmp_path / "ckpt.pt", model, gelu="erf")
    torch.save(mingpt(_soft(OWN_HEAD)), tmp_path / "mingpt.pt")
    _assert_equal(tmp_path / "mingpt.pt", _soft(OWN_HEAD), n_heads=3)


def test_a_length_under_its_old_name_is_read(folder):
    about = json.loads((folder / "config.json").read_text())
    _configure(folder, n_positions=None, n_ctx=about["n_positions"])
    _assert_equal(folder, _soft())


@pytest.mark.parametrize(
    ("name", "alias"),
    [
        ("n_head", "num_attention_heads"),
        ("n_embd", "hidden_size"),
        ("n_layer", "num_hidden_layers"),
        ("n_positions", "max_position_embeddings"),
    ],
)
def test_a_size_is_read_under_its_other_name(name, alias, folder):
    about = json.loads((folder / "config.json").read_text())
    _configure(folder, **{name: None, alias: about[name]})
    _assert_equal(folder, _soft())
    _configure(folder, **{name: about[name]})  # both, and they agree
    _assert_equal(folder, _soft())


def test_every_size_that_transformers_knows_by_another_name_is_known_by_it_here():
    aliases = {alias: (name, alias) for alias, name in GPT2Config.attribute_map.items()}
    assert {names[-1]: names for names in _NAMES.values() if len(names) > 1} == aliases


@pytest.mark.parametrize("activation", sorted(_GELU))
def test_every_name_of_the_gelu_that_opens_is_the_function_of_that_name_in_transformers(activation):
    x = torch.linspace(-6, 6, 4001)
    ours = torch.nn.functional.gelu(x, approximate="tanh" if _GELU[activation] == "tanh" else "none")
    torch.testing.assert_close(ours, ACT2FN[activation](x), rtol=0, atol=2e-6)


@pytest.mark.parametrize(
    "dtype",
    [
        torch.float16,
        torch.bfloat16,
        torch.float64,
        torch.float8_e4m3fn,
        torch.float8_e5m2,
        torch.float8_e8m0fnu,
        torch.float8_e4m3fnuz,
        torch.float8_e5m2fnuz,
    ],
    ids=str,
)
def test_a_type_that_float32_holds_opens_exactly(dtype, tmp_path):
    tensors = {name: tensor.abs().add(0.01).to(dtype) for name, tensor in _soft(OWN_HEAD).state_dict().items()}
    torch.save(tensors, tmp_path / "model.pth")
    save_file(tensors, tmp_path / "model.safetensors")
    model = GPTModel(replace(OWN_HEAD, drop_rate=0.0)).eval()
    model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=False)
    for name in ("model.pth", "model.safetensors"):
        opened = load_pretrained(tmp_path / name, n_heads=3).model
        assert all(torch.equal(opened.state_dict()[name], tensor.float()) for name, tensor in tensors.items())
