"""Opening and saving take the same weights: real numbers that float32 holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gpt2core import gpt2_tokenizer, load_pretrained, save_pretrained
from gpt2core.checkpoint import TrainedOn, expected_shapes, learned_tensors
from gpt2core.errors import Gpt2CoreError, InvalidSetting, NotFinite, NotWeights
from tests.conftest import TINY
from tests.gpt2core.foreign.saved import openai_names
from tests.reference import random_model

OWN_HEAD = replace(TINY, tied_head=False)
WEIGHT = torch.linspace(-1, 1, 16 * 24).reshape(16, 24)


def _open(tmp_path: Path, weight: torch.Tensor) -> None:
    for name, tensors in (
        ("pos_emb.weight", random_model(OWN_HEAD).state_dict()),
        ("wpe.weight", {n.removeprefix("transformer."): t for n, t in openai_names(random_model(OWN_HEAD)).items()}),
    ):
        torch.save(dict(tensors) | {name: weight}, tmp_path / "model.pt")
        load_pretrained(tmp_path / "model.pt", n_heads=3)


@pytest.mark.parametrize(
    ("weight", "kind"),
    [
        *(
            (WEIGHT.to(dtype), str(dtype).removeprefix("torch."))
            for dtype in (torch.int8, torch.uint8, torch.int64, torch.bool)
        ),
        *(
            (WEIGHT.to(dtype), str(dtype).removeprefix("torch."))
            for dtype in (torch.int16, torch.uint16, torch.complex64)
        ),
        (torch.quantize_per_tensor(WEIGHT, 0.1, 0, torch.qint8), "qint8"),
        (torch.zeros(16, 24, dtype=torch.uint8).view(torch.float4_e2m1fn_x2), "float4_e2m1fn_x2"),
        (WEIGHT.to_sparse(), "sparse_coo"),
        (WEIGHT.to_sparse_csr(), "sparse_csr"),
        (WEIGHT.to("meta"), "meta tensor"),
        (WEIGHT.double() / 3, "float64"),
        (torch.full((16, 24), 1e300, dtype=torch.float64), "float64"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_weight_is_refused_by_its_name_and_type(weight, kind, tmp_path):
    with pytest.raises(NotWeights, match=rf"(?:pos_emb|wpe).weight .*{kind}"):
        _open(tmp_path, weight)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64, torch.float8_e5m2])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused_in_every_type(dtype, bad, tmp_path):
    with pytest.raises(NotFinite, match="holds NaN or infinite weights"):
        _open(tmp_path, torch.full((16, 24), bad).to(dtype))


def test_a_few_numbers_that_pass_for_many_are_refused(tmp_path):
    with pytest.raises(NotWeights, match=r"claims the shape .* for which the file does not hold enough numbers"):
        _open(tmp_path, torch.ones(1, 1).expand(10_000, 10_000))


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
        (lambda weight: weight, {"dtype": "float16"}, "cannot be saved as float16"),
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


def test_a_model_of_whole_numbers_is_not_saved(tmp_path):
    model = random_model(TINY)
    model.pos_emb.weight = torch.nn.Parameter(model.pos_emb.weight.to(torch.int32), requires_grad=False)
    with pytest.raises(NotWeights, match=r"pos_emb.weight is of type int32"):
        save_pretrained(model, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with pytest.raises(InvalidSetting, match="cannot be saved as int64"):
        save_pretrained(random_model(TINY), tmp_path / "new", dtype=torch.int64)


@pytest.mark.parametrize("config", [TINY, replace(OWN_HEAD, qkv_bias=False, n_layers=3)])
def test_the_shapes_that_are_expected_are_those_of_a_model_that_is_built(config):
    built = {name: tuple(tensor.shape) for name, tensor in learned_tensors(random_model(config)).items()}
    assert dict(expected_shapes(config)) == built
