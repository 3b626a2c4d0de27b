"""What many tests start from: a random model small enough to check by eye, and one look through it."""

from __future__ import annotations

import os

# Two test processes with two threads each wait for one another on two cores: three times as long (docs/log.md). Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from gpt2core import GPTConfig, GPTModel, Trace, trace
from tests.reference import random_model

TINY = GPTConfig(vocab_size=50, context_length=16, emb_dim=24, n_heads=3, n_layers=2, qkv_bias=True, tied_head=True)
TINY_IDS = (7, 3, 42, 3, 11, 0, 49)


@pytest.fixture(scope="session")
def tiny_model() -> GPTModel:
    """In evaluation mode and shared: tests read it and must not change it."""
    return random_model(TINY)


@pytest.fixture(scope="session")
def tiny_trace(tiny_model: GPTModel) -> Trace:
    """Every site of one pass over TINY_IDS."""
    return trace(tiny_model, TINY_IDS)
