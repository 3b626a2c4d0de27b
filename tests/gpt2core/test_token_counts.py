"""How often each token was read in training, kept beside the model."""

import json

import pytest
import torch

from gpt2core import GPTConfig, gpt2_tokenizer, save_pretrained
from gpt2core.data import split_corpus
from gpt2core.errors import UnreadableCheckpoint
from gpt2core.token_counts import COUNTS_FILE, counted, main, read_token_counts
from tests.reference import random_model

CONFIG = GPTConfig(vocab_size=300, context_length=8, emb_dim=8, n_heads=2, n_layers=1, qkv_bias=True, tied_head=True)
TEXT = "aab abc. " * 40


@pytest.fixture
def folder(tmp_path):
    save_pretrained(random_model(CONFIG), tmp_path / "model", tokenizer=gpt2_tokenizer(CONFIG.vocab_size))
    return tmp_path / "model"


def test_counts_are_of_the_part_that_was_trained_on(folder, tmp_path):
    (tmp_path / "text.txt").write_text(TEXT)
    assert main([str(folder), "--text", str(tmp_path / "text.txt")]) == 0
    counts = read_token_counts(folder, 300)
    ids = split_corpus(TEXT, gpt2_tokenizer(300), 8).train_ids
    assert counts.tolist() == [ids.tolist().count(token_id) for token_id in range(300)]
    assert int(counts.sum()) == len(ids)


def test_nobody_has_counted(folder):
    assert read_token_counts(folder, 300) is None


@pytest.mark.parametrize("counts", [[1, 2], ["1"] * 300, None, [-1] * 300, [0.5] * 300])
def test_a_file_that_holds_anything_else_is_refused(folder, counts):
    (folder / COUNTS_FILE).write_text(json.dumps({"counts": counts}))
    with pytest.raises(UnreadableCheckpoint, match="300 counts"):
        read_token_counts(folder, 300)


def test_a_text_that_is_not_there_is_said(folder, tmp_path, capsys):
    assert main([str(folder), "--text", str(tmp_path / "none.txt")]) == 1
    assert "none.txt" in capsys.readouterr().err


def test_tokens_that_never_come_count_nothing():
    assert counted(torch.tensor([2, 0, 2]), 4).tolist() == [1, 0, 2, 0]
