"""What is written in Hugging Face's form opens in transformers and here, and computes the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, GPT2LMHeadModel

from gpt2core import GPTConfig, gpt2_tokenizer, load_pretrained, trace
from gpt2core.bpe_training import train_bpe
from gpt2core.checkpoint import learned_tensors
from gpt2core.errors import UnsupportedModel
from gpt2core.foreign.export import huggingface_files
from gpt2core.tokenizer import PlainTokenizer, Tokenizer
from tests.reference import random_model

CONFIG = GPTConfig(600, 16, 24, 3, 2, drop_rate=0.0, qkv_bias=True, tied_head=True)
TEXT = "The cat's 12 friends, naïve 漢字 🙂\n"


def folder_of(config: GPTConfig, tokenizer: Tokenizer | None, path: Path) -> GPTConfig:
    files = huggingface_files(config, learned_tensors(random_model(config)), tokenizer)
    for name, content in files.items():
        (path / name).write_bytes(content)
    return config


@pytest.mark.parametrize(
    "config",
    [CONFIG, replace(CONFIG, qkv_bias=False), replace(CONFIG, tied_head=False, gelu="erf", norm_eps=1e-3, n_heads=1)],
    ids=["usual", "no biases", "own head, erf"],
)
def test_transformers_opens_the_folder_with_the_same_logits(tmp_path, config):
    folder_of(config, gpt2_tokenizer(600), tmp_path)
    ids = gpt2_tokenizer(600).encode("The cat sat on")[:16]
    ours = trace(random_model(config), ids)["logits"]
    theirs = GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        torch.testing.assert_close(theirs(torch.tensor([ids])).logits[0], ours, rtol=1e-5, atol=1e-5)
    again = load_pretrained(tmp_path)
    assert again.tokenizer is not None
    assert again.tokenizer.encode(TEXT) == gpt2_tokenizer(600).encode(TEXT)
    torch.testing.assert_close(trace(again.model, ids)["logits"], ours, rtol=0, atol=0)


@pytest.mark.parametrize("tokenizer", [gpt2_tokenizer(600), train_bpe("low lower lowest newer wider " * 20, 280)])
def test_transformers_reads_its_vocabulary(tmp_path, tokenizer):
    folder_of(replace(CONFIG, vocab_size=tokenizer.vocab_size), tokenizer, tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    assert theirs(TEXT)["input_ids"] == tokenizer.encode(TEXT)
    assert theirs.eos_token_id == tokenizer.end_of_text


def test_a_list_of_whole_texts_is_refused():
    letters = PlainTokenizer({b"a": 0, b"b": 1})
    with pytest.raises(UnsupportedModel, match="list of whole texts"):
        huggingface_files(replace(CONFIG, vocab_size=2), learned_tensors(random_model(CONFIG)), letters)
