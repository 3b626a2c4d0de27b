from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from gpt2core import GPTConfig, gpt2_tokenizer, save_pretrained
from gpt2core.data import split_corpus
from gpt2core.evaluate import PROMPTS, completions, head_scores, held_out_loss, main
from gpt2core.model import GPTModel
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
