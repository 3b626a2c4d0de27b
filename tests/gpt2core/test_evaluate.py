from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from gpt2core import GPTConfig, gpt2_tokenizer, load_pretrained, save_pretrained
from gpt2core.checkpoint import TrainedOn
from gpt2core.data import split_corpus
from gpt2core.evaluate import PROMPTS, completions, head_scores, held_out_loss, main
from gpt2core.model import GPTModel
from gpt2core.train.__main__ import main as train_main
from gpt2core.train.corpora import text_sha256
from tests.reference import random_model

CONFIG = GPTConfig(vocab_size=512, context_length=32, emb_dim=24, n_heads=3, n_layers=2, qkv_bias=True, tied_head=True)
TEXT = "".join(f"Day {day}: the cat sat on mat number {day % 7}.\n" for day in range(300))


@pytest.fixture(scope="module")
def model() -> GPTModel:
    return random_model(CONFIG)


def test_a_model_that_knows_nothing_is_as_uncertain_as_its_vocabulary_is_large(model: GPTModel) -> None:
    corpus = split_corpus(TEXT, gpt2_tokenizer(512), 32)
    silent = random_model(CONFIG)
    with torch.no_grad():
        silent.final_norm.scale.zero_()
        silent.final_norm.shift.zero_()  # every logit is 0
    loss = held_out_loss(silent, corpus)
    assert math.isclose(loss.nats_per_token, math.log(512), rel_tol=1e-5)
    assert math.isclose(loss.perplexity, 512, rel_tol=1e-4)
    assert math.isclose(loss.nats_per_byte * corpus.bytes_per_token, loss.nats_per_token)


def test_the_completions_are_the_same_every_time(model: GPTModel) -> None:
    first, second = (completions(model, gpt2_tokenizer(512)) for _ in range(2))
    assert first == second
    assert [prompt for prompt, _ in first] == list(PROMPTS)


def test_head_scores_are_means_of_weights(model: GPTModel) -> None:
    found = head_scores(model, list(range(32)))
    assert [score.name for score in found] == ["previous token", "first token", "induction"]
    for score in found:
        assert 0 < score.score < 1
        assert score.layer < 2
        assert score.head < 3


def test_the_command_prints_the_loss_and_refuses_in_a_sentence(
    model: GPTModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_pretrained(model, tmp_path / "model", tokenizer=gpt2_tokenizer(512))
    (tmp_path / "text.txt").write_text(TEXT)
    assert main([str(tmp_path / "model"), "--text", str(tmp_path / "text.txt")]) == 0
    assert "nats per token" in capsys.readouterr().out
    assert main([str(tmp_path / "nothing")]) == 2
    assert main([str(tmp_path / "model"), "--text", str(tmp_path / "absent.txt")]) == 2
    assert main([str(tmp_path / "model"), "--text", str(tmp_path / "text.txt"), "--last", "2"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_without_a_text_the_one_trained_on_is_found_by_its_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.txt"
    text.write_text(TEXT)
    out = tmp_path / "run"
    flags = ("--preset", "tiny", "--vocab-size", "512", "--steps", "1", "--batch-size", "2", "--val-fraction", "0.2")
    assert train_main(["--text", str(text), "--out", str(out), *flags]) == 0
    known = load_pretrained(out).trained_on
    assert known == TrainedOn("text.txt", text_sha256(TEXT), 0.2)

    def told() -> str:
        capsys.readouterr()
        assert main([str(out)]) == 0
        return capsys.readouterr().out

    monkeypatch.chdir(tmp_path)
    assert "loss on the last 20% of the text" in told()
    text.write_text(TEXT.replace("cat", "dog"))
    assert f"trained on text.txt (sha256 {known.sha256}), which is not here" in told()
    text.unlink()
    assert "which is not here" in told()


def test_a_model_of_unknown_origin_asks_for_a_text(
    model: GPTModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_pretrained(model, tmp_path, tokenizer=gpt2_tokenizer(512))
    assert main([str(tmp_path)]) == 0
    assert "give a text with --text" in capsys.readouterr().out
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"tokenizer"', '"trained_on": [1], "tokenizer"'))
    assert main([str(tmp_path)]) == 2
    assert "trained_on" in capsys.readouterr().err
