"""Opening and saving take the same weights: real numbers that float32 holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gpt2core import GPTModel, gpt2_tokenizer, load_pretrained, save_pretrained
from gpt2core.checkpoint import TrainedOn, expected_shapes, learned_tensors
from gpt2core.errors import Gpt2CoreError, InvalidSetting, NotFinite, NotWeights
from tests.conftest import TINY
from tests.gpt2core.foreign.saved import conv1d, nanogpt
from tests.reference import random_model

OWN_HEAD = replace(TINY, tied_head=False)
WEIGHT = torch.linspace(-1, 1, 16 * 24).reshape(16, 24)


TINY_CONFIG = {"model_type": "gpt2", "vocab_size": 50, "n_positions": 16, "n_embd": 24, "n_head": 3, "n_layer": 2}


def _course(path: Path, weight: torch.Tensor) -> Path:
    torch.save(dict(random_model(OWN_HEAD).state_dict()) | {"pos_emb.weight": weight}, path / "model.pt")
    return path / "model.pt"


def _nanogpt(path: Path, weight: torch.Tensor) -> Path:
    checkpoint = nanogpt(random_model(TINY))
    checkpoint["model"]["transformer.wpe.weight"] = weight
    torch.save(checkpoint, path / "ckpt.pt")
    return path / "ckpt.pt"


def _hugging_face(path: Path, weight: torch.Tensor) -> Path:
    (path / "config.json").write_text(json.dumps(TINY_CONFIG))
    torch.save(conv1d(random_model(TINY)) | {"transformer.wpe.weight": weight}, path / "pytorch_model.bin")
    return path


def _safetensors(path: Path, weight: torch.Tensor) -> Path:
    """Ours, with the one tensor exchanged."""
    save_pretrained(random_model(TINY), path)
    tensors = load_file(path / "model.safetensors")
    save_file(tensors | {"pos_emb.weight": weight}, path / "model.safetensors")
    return path


def _name_in(form: Callable[[Path, torch.Tensor], Path]) -> str:
    return "transformer.wpe" if form in (_nanogpt, _hugging_face) else "pos_emb"


PICKLED = (_course, _nanogpt, _hugging_face)


def _open(source: Path) -> GPTModel:
    states_heads, is_nanogpt = source.is_dir() or source.name == "ckpt.pt", source.name == "ckpt.pt"
    return load_pretrained(source, None if states_heads else 3, gelu="tanh" if is_nanogpt else None).model


NOT_WEIGHTS = {
    **{
        str(dtype).removeprefix("torch."): lambda dtype=dtype: WEIGHT.to(dtype)
        for dtype in (
            *(torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64),
            *(torch.bool, torch.complex32, torch.complex64, torch.complex128),
        )
    },
    "qint8": lambda: torch.quantize_per_tensor(WEIGHT, 0.1, 0, torch.qint8),
    "quint8": lambda: torch.quantize_per_tensor(WEIGHT, 0.1, 0, torch.quint8),
    "qint8 in the file": lambda: torch.quantize_per_channel(WEIGHT, torch.ones(16), torch.zeros(16), 0, torch.qint8),
    "float4_e2m1fn_x2": lambda: torch.zeros(16, 24, dtype=torch.uint8).view(torch.float4_e2m1fn_x2),
    "bits8": lambda: torch.zeros(16, 24, dtype=torch.uint8).view(torch.bits8),
    "sparse_coo": WEIGHT.to_sparse,
    "sparse_csr": WEIGHT.to_sparse_csr,
    "sparse_csc": WEIGHT.to_sparse_csc,
    "sparse_bsr": lambda: WEIGHT.to_sparse_bsr((4, 4)),
    "nested": lambda: torch.nested.nested_tensor([WEIGHT[0], WEIGHT[1]], layout=torch.jagged),
    "meta tensor": lambda: WEIGHT.to("meta"),
    "float64": lambda: WEIGHT.double() / 3,
    "float64 in the file and": lambda: torch.full((16, 24), 1e300, dtype=torch.float64),
    "float64 in the file and holds": lambda: torch.full((16, 24), 1e-46, dtype=torch.float64),
}


@pytest.mark.filterwarnings("ignore")  # torch calls half of these kinds beta or deprecated
@pytest.mark.parametrize("kind", NOT_WEIGHTS)
@pytest.mark.parametrize("form", PICKLED)
def test_what_is_no_weight_is_refused_by_its_name_and_type(form, kind, tmp_path):
    source = form(tmp_path, NOT_WEIGHTS[kind]())
    with pytest.raises(NotWeights, match=rf"^{_name_in(form)}.weight .*{kind}.*Save"):
        _open(source)


@pytest.mark.parametrize("kind", ["int8", "int64", "uint8", "uint16", "bool", "complex64", "float64"])
def test_what_is_no_weight_is_refused_in_safetensors_too(kind, tmp_path):
    with pytest.raises(NotWeights, match=rf"^pos_emb\.weight .*{kind}"):
        _open(_safetensors(tmp_path, NOT_WEIGHTS[kind]()))


@pytest.mark.parametrize(
    "weight",
    [
        WEIGHT.double(),
        torch.full((16, 24), 2.0**-149, dtype=torch.float64),
        -WEIGHT.bfloat16(),
        WEIGHT.T.contiguous().T,
    ],
    ids=["float64 of float32's", "float64, the smallest", "bfloat16", "turned"],
)
@pytest.mark.parametrize("form", [*PICKLED, _safetensors])
def test_what_float32_holds_opens_exactly_in_every_form(form, weight, tmp_path):
    opened = _open(form(tmp_path, weight if form is not _safetensors else weight.contiguous()))
    assert torch.equal(opened.pos_emb.weight.double(), weight.double())


@pytest.mark.parametrize("form", [*PICKLED, _safetensors])
@pytest.mark.parametrize(
    "dtype",
    [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.float8_e5m2],
    ids=str,
)
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_are_refused_in_every_type(form, dtype, bad, tmp_path):
    source = form(tmp_path, torch.full((16, 24), bad).to(dtype))
    with pytest.raises(NotFinite, match=rf"^{_name_in(form)}.weight holds NaN or infinite weights"):
        _open(source)


def test_a_few_numbers_that_pass_for_many_are_refused(tmp_path):
    source = _course(tmp_path, torch.ones(1, 1).expand(10_000, 10_000))
    with pytest.raises(NotWeights, match=r"claims the shape .* for which the file does not hold enough numbers"):
        _open(source)


@pytest.fixture
def saved(tmp_path: Path) -> dict[str, bytes]:
    """A model that opens, as it lies in tmp_path."""
    save_pretrained(random_model(replace(TINY, vocab_size=300)), tmp_path, tokenizer=gpt2_tokenizer(300))
    return {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("spoil", "arguments", "sentence"),
    [
        (
            lambda weight: weight.fill_(1e5),
            {"dtype": torch.float16},
            "pos_emb.weight holds weights too large for float16",
        ),
        (lambda weight: weight.fill_(torch.nan), {}, "pos_emb.weight holds NaN or infinite weights"),
        (lambda weight: weight.fill_(-torch.inf), {"dtype": torch.bfloat16}, "pos_emb.weight holds NaN or infinite"),
        (lambda weight: weight, {"dtype": torch.int8}, "cannot be saved as int8"),
        (lambda weight: weight, {"dtype": torch.bool}, "cannot be saved as bool"),
        (lambda weight: weight, {"dtype": torch.complex64}, "cannot be saved as complex64"),
        (lambda weight: weight, {"dtype": torch.float64}, "cannot be saved as float64"),
        (lambda weight: weight, {"dtype": torch.float8_e8m0fnu}, "cannot be saved as float8_e8m0fnu"),
        (lambda weight: weight, {"dtype": "float16"}, "cannot be saved as float16"),
        (lambda weight: weight, {"dtype": None}, "cannot be saved as None"),
        (lambda weight: weight, {"dtype": torch.float8_e4m3fn}, "cannot be saved as float8_e4m3fn"),
        (
            lambda weight: weight.fill_(-1e38),
            {"dtype": torch.float16},
            "too large for float16. Save the model as float32",
        ),
        (
            lambda weight: weight,
            {"tokenizer": gpt2_tokenizer(400)},
            "tokenizer has 400 ids, but the model only 300 rows",
        ),
        (lambda weight: weight, {"trained_on": TrainedOn("a", "b", float("nan"))}, "what the model was trained on"),
    ],
)
def test_what_could_not_be_opened_again_is_not_saved_and_the_old_files_stay(
    spoil, arguments, sentence, saved, tmp_path
):
    model = random_model(replace(TINY, vocab_size=300), seed=1)
    with torch.no_grad():
        spoil(model.pos_emb.weight)
    with pytest.raises(Gpt2CoreError, match=sentence):
        save_pretrained(model, tmp_path, **({"tokenizer": gpt2_tokenizer(300)} | arguments))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == saved


def test_an_origin_is_written_as_it_is_read(tmp_path):
    save_pretrained(random_model(TINY), tmp_path, trained_on=TrainedOn(Path("a.txt"), "ab", torch.tensor(0.25)))
    assert load_pretrained(tmp_path).trained_on == TrainedOn("a.txt", "ab", 0.25)


def test_a_model_of_whole_or_huge_numbers_is_not_saved(tmp_path):
    model = random_model(TINY)
    model.pos_emb.weight = torch.nn.Parameter(model.pos_emb.weight.to(torch.int32), requires_grad=False)
    with pytest.raises(NotWeights, match=r"pos_emb.weight is of type int32"):
        save_pretrained(model, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    model = random_model(TINY).double()
    with torch.no_grad():
        model.pos_emb.weight.fill_(1e300)
    with pytest.raises(NotFinite, match=r"too large for float32. Use an earlier checkpoint"):
        save_pretrained(model, tmp_path / "new")
    with pytest.raises(InvalidSetting, match="cannot be saved as int64"):
        save_pretrained(random_model(TINY), tmp_path / "new", dtype=torch.int64)


@pytest.mark.parametrize("config", [TINY, replace(OWN_HEAD, qkv_bias=False, n_layers=3)])
def test_the_shapes_that_are_expected_are_those_of_a_model_that_is_built(config):
    built = {name: tuple(tensor.shape) for name, tensor in learned_tensors(random_model(config)).items()}
    assert dict(expected_shapes(config)) == built
