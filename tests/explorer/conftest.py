"""What many tests of the page start from: a store that holds a random model, small enough to compute in a blink."""

from __future__ import annotations

import pytest

from explorer.store.services import DEFAULT_MODEL, RunKey, Services
from gpt2core import GPTConfig, gpt2_tokenizer, save_pretrained
from tests.reference import random_model

CONFIG = GPTConfig(vocab_size=300, context_length=16, emb_dim=24, n_heads=3, n_layers=2, qkv_bias=True, tied_head=True)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_pretrained(random_model(CONFIG), folder / DEFAULT_MODEL, tokenizer=gpt2_tokenizer(CONFIG.vocab_size))
    return Services(folder)


@pytest.fixture(scope="module")
def run(services: Services) -> RunKey:
    """Four tokens."""
    return services.read("abcd", DEFAULT_MODEL)
