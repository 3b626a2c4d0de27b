"""Going on from a model that exists, with all of it or with the parts that are chosen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gpt2core import GPTConfig, GPTModel, TrainSettings, gpt2_tokenizer, load_pretrained
from gpt2core.checkpoint import save_pretrained
from gpt2core.data import split_corpus
from gpt2core.errors import InvalidSetting
from gpt2core.tokenizer import Tokenizer
from gpt2core.train import Trainer
from gpt2core.train.__main__ import main
from gpt2core.train.loop import saved_tokenizer
from gpt2core.train.parts import learn_only
from gpt2core.train.phases import Phase
from tests.reference import random_model

CONFIG = GPTConfig(300, 16, 16, 2, 3, drop_rate=0.0, qkv_bias=True, tied_head=True)
TEXT = "".join(f"Day {day}: the cat sat on mat number {day % 7}.\n" for day in range(300))
SHORT = (
    "--steps",
    "3",
    "--batch-size",
    "2",
    "--save-every",
    "1",
    "--device",
    "cpu",
    "--eval-every",
    "0",
    "--sample-every",
    "0",
)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    save_pretrained(random_model(CONFIG), tmp_path / "source", tokenizer=gpt2_tokenizer(300))
    return tmp_path / "source"


def weights(model: GPTModel) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


def moved(before: GPTModel, after: GPTModel) -> set[str]:
    """The parameters of which any bit is another."""
    old = weights(before)
    return {name for name, weight in weights(after).items() if not torch.equal(weight, old[name])}


def trained(text: Path, source: Path, out: Path, *more: str) -> int:
    return main(["--text", str(text), "--out", str(out), "--from", str(source), *SHORT, *more])


def refused(capsys: pytest.CaptureFixture[str], code: int) -> str:
    told = capsys.readouterr().err.strip()
    assert code == 2
    assert "\n" not in told
    assert told.endswith(".")
    return told


def test_a_run_goes_on_from_the_model_that_is_named(text: Path, source: Path, tmp_path: Path) -> None:
    assert trained(text, source, tmp_path / "run", "--snapshots-at", "0") == 0
    assert not moved(load_pretrained(source).model, load_pretrained(tmp_path / "run" / "step-00000").model)
    ended = load_pretrained(tmp_path / "run")
    assert ended.model.config == CONFIG
    assert ended.tokenizer.vocab_size == 300
    assert moved(load_pretrained(source).model, ended.model) == set(weights(ended.model))


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("parts", ["0", "1,2", "embeddings", "head", "2, head"])
def test_only_the_parts_that_were_chosen_move_and_all_others_stay_bit_for_bit(
    text: Path, source: Path, tmp_path: Path, parts: str, optimizer: str
) -> None:
    assert trained(text, source, tmp_path / "run", "--train-only", parts, "--optimizer", optimizer) == 0
    beginnings = {
        "embeddings": ("tok_emb.", "pos_emb."),
        "head": ("final_norm.", "tok_emb."),  # the head is tied
    }
    chosen = [part.strip() for part in parts.split(",")]
    wanted = tuple(beginning for part in chosen for beginning in beginnings.get(part, (f"trf_blocks.{part}.",)))
    model = load_pretrained(source).model
    assert moved(model, load_pretrained(tmp_path / "run").model) == {
        name for name in weights(model) if name.startswith(wanted)
    }


def test_a_head_of_its_own_moves_without_the_table_of_tokens() -> None:
    model = GPTModel(replace(CONFIG, tied_head=False))
    learn_only(model, ("head",))
    assert {name for name, weight in model.named_parameters() if weight.requires_grad} == {
        "final_norm.scale",
        "final_norm.shift",
        "out_head.weight",
    }
    learn_only(model, ())
    assert all(weight.requires_grad for weight in model.parameters())


def test_a_layer_is_not_taken_for_another_whose_number_begins_alike() -> None:
    model = GPTModel(replace(CONFIG, n_layers=12))
    learn_only(model, ("1",))
    assert {name.split(".")[1] for name, weight in model.named_parameters() if weight.requires_grad} == {"1"}


@pytest.mark.parametrize("stop_after", [1, 3])
def test_a_fine_tuning_is_resumed_bit_for_bit_with_the_same_parts_still(tmp_path: Path, stop_after: int) -> None:
    tokenizer = gpt2_tokenizer(300)
    corpus = split_corpus(TEXT, tokenizer, 16)
    settings = TrainSettings(steps=5, batch_size=2, eval_every=0, sample_every=0, train_only=("1", "head"))
    whole, first = (Trainer(random_model(CONFIG), corpus, settings, tokenizer) for _ in range(2))
    list(whole.run())
    run = first.run()
    for _ in range(stop_after):
        next(run)
    first.save(tmp_path / "state")
    second = Trainer.resume(tmp_path / "state", corpus, tokenizer)
    list(second.run())
    assert not moved(whole.model, second.model)
    assert all(
        name.startswith(("trf_blocks.1.", "final_norm.", "tok_emb."))
        for name in moved(random_model(CONFIG), second.model)
    )


def test_dropout_may_be_another_and_nothing_else_of_the_size(
    text: Path, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trained(text, source, tmp_path / "run", "--drop-rate", "0.3") == 0
    assert load_pretrained(tmp_path / "run").model.config == replace(CONFIG, drop_rate=0.3)
    capsys.readouterr()
    for flags in (
        ("--emb-dim", "32"),
        ("--context-length", "16"),
        ("--no-qkv-bias",),
        ("--preset", "tiny"),
        ("--sinusoidal-positions", "0.5"),
    ):
        told = refused(capsys, trained(text, source, tmp_path / "other", *flags))
        assert "--from names, which has its own; leave it out" in told
    assert "says 2. Leave n_heads out" in refused(capsys, trained(text, source, tmp_path / "other", "--n-heads", "4"))
    assert not (tmp_path / "other").exists()


def test_what_cannot_be_is_refused_in_a_sentence_and_leaves_nothing(
    text: Path, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert "has no part '3'; choose layers 0 to 2, embeddings or head" in refused(
        capsys, trained(text, source, out, "--train-only", "1,3")
    )
    assert "has no part ''" in refused(capsys, trained(text, source, out, "--train-only", ""))
    assert "There is no model" in refused(capsys, trained(text, tmp_path / "nowhere", out))
    assert "leave out --from" in refused(capsys, trained(text, source, out, "--resume"))
    assert "choose another --out" in refused(capsys, trained(text, source, source))
    no_source = ["--text", str(text), "--out", str(out), *SHORT, "--gelu", "erf"]
    assert "--gelu tells of a file that --from names" in refused(capsys, main(no_source))
    save_pretrained(random_model(CONFIG), tmp_path / "wordless")
    assert "came without a vocabulary" in refused(capsys, trained(text, tmp_path / "wordless", out))
    assert not out.exists()
    assert not moved(random_model(CONFIG), load_pretrained(source).model)


def characters(n_rows: int) -> Tokenizer:
    """A vocabulary that is not GPT-2's: single bytes, in another order."""
    return Tokenizer({bytes([255 - byte]): byte for byte in range(256)}, "bytes", vocab_size=n_rows, special={})


def test_a_vocabulary_of_other_people_is_kept_from_the_first_moment_and_resumed_with(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "source", tmp_path / "run"
    tokenizer = characters(300)
    save_pretrained(random_model(CONFIG), source, tokenizer=tokenizer)
    assert trained(text, source, tmp_path / "whole", "--sample-every", "2", "--sample-tokens", "2") == 0

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_update", killed)  # nothing but what the run began with is there
        assert trained(text, source, out, "--sample-every", "2", "--sample-tokens", "2") == 130
    assert not (out / "model.safetensors").exists()
    assert saved_tokenizer(out / "training.safetensors").encode("cat") == tokenizer.encode("cat")
    assert main(["--text", str(text), "--out", str(out), "--resume"]) == 0
    assert (out / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()
    assert load_pretrained(out).tokenizer.encode("cat") == tokenizer.encode("cat")


def test_exercises_need_a_vocabulary_with_end_of_text() -> None:
    tokenizer = characters(300)
    corpus = split_corpus(TEXT, tokenizer, 16)
    settings = TrainSettings(steps=2, phases=(Phase(2, exercises=0.1),))
    with pytest.raises(InvalidSetting, match="no vocabulary with that token; choose phases without exercises"):
        Trainer(random_model(CONFIG), corpus, settings, tokenizer)


def test_a_state_of_an_older_version_has_gpt2s_vocabulary(text: Path, tmp_path: Path) -> None:
    """It says nothing of one."""
    from safetensors import safe_open  # noqa: PLC0415
    from safetensors.torch import save_file  # noqa: PLC0415

    out = tmp_path / "run"
    assert main(["--text", str(text), "--out", str(out), "--vocab-size", "300", "--context-length", "16", *SHORT]) == 0
    state = out / "training.safetensors"
    with safe_open(state, framework="pt") as file:
        about = json.loads(file.metadata()["trainer"])
    for name in ("phases", "train_only"):
        del about["settings"][name]
    del about["tokenizer"]
    save_file(load_file(state), state, metadata={"trainer": json.dumps(about)})
    assert saved_tokenizer(state).vocab_size == 300
    assert main(["--text", str(text), "--out", str(out), "--resume", "--steps", "4"]) == 0
