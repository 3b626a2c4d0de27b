"""What tests of several answers start from: models to compare, and a size that trains in a blink."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from explorer.answers import recipe, training
from explorer.store.services import Services
from gpt2core import GPTConfig, SamplingSettings, gpt2_tokenizer, save_pretrained
from tests.reference import random_model

WORDS = GPTConfig(vocab_size=600, context_length=32, emb_dim=24, n_heads=3, n_layers=2, qkv_bias=True, tied_head=True)
FEW_WORDS = GPTConfig(300, 32, 24, 3, 2, qkv_bias=True, tied_head=True)
SETTINGS = SamplingSettings(0.8, 40, 0.95, 0.001, 1.1)
CHOSEN = {**asdict(SETTINGS), "seed": 7}
TEXT = "the other one"

TO_LEARN = "The cat sat on the mat. The dog sat on the log. " * 40
TOY = GPTConfig(recipe.VOCAB_SIZE, 8, 16, 2, 1, drop_rate=0.0, qkv_bias=True, tied_head=True)


@pytest.fixture(scope="module")
def three_models(tmp_path_factory: pytest.TempPathFactory) -> Services:
    """Two that cut texts alike, tinystories and other, and one that knows fewer tokens, few."""
    folder = tmp_path_factory.mktemp("checkpoints")
    save_pretrained(random_model(WORDS), folder / "tinystories", tokenizer=gpt2_tokenizer(600))
    save_pretrained(random_model(WORDS, seed=1), folder / "other", tokenizer=gpt2_tokenizer(600))
    save_pretrained(random_model(FEW_WORDS), folder / "few", tokenizer=gpt2_tokenizer(300))
    return Services(folder)


@pytest.fixture
def toy_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """One size more, small enough to train in a blink; a tick ends after every update."""
    monkeypatch.setitem(recipe.SIZES, "toy", TOY)
    monkeypatch.setattr(training, "TICK_SECONDS", 0.0)
    monkeypatch.setattr(training, "SAMPLE_TOKENS", 3)
