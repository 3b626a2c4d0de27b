"""Position rows: sine waves at first, and those that no window reaches stay so until one does."""

from __future__ import annotations

import itertools

import pytest
import torch

from gpt2core import GPTConfig, GPTModel, TrainSettings, gpt2_tokenizer
from gpt2core.data import split_corpus
from gpt2core.model import sinusoids
from gpt2core.train import Trainer
from gpt2core.train.phases import Phase
from gpt2core.train.positions import begin_as_sine_waves

CONFIG = GPTConfig(300, 48, 16, 2, 2, drop_rate=0.0, qkv_bias=True, tied_head=True)


def test_every_row_begins_as_a_sine_wave_of_the_height_asked_for() -> None:
    model = GPTModel(CONFIG)
    begin_as_sine_waves(model, 0.25)
    assert torch.equal(model.pos_emb.weight, 0.25 * sinusoids(48, 16))
    assert model.pos_emb.weight.requires_grad


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_rows_behind_a_phases_windows_are_sine_waves_again_when_longer_windows_come(optimizer: str) -> None:
    tokenizer = gpt2_tokenizer(300)
    corpus = split_corpus("The cat sat on the mat.\n<|endoftext|>\n" * 200, tokenizer, 48)
    torch.manual_seed(0)
    model = GPTModel(CONFIG)
    begin_as_sine_waves(model, 0.5)
    waves = 0.5 * sinusoids(48, 16)
    phases = (Phase(5, window=12, exercises=0.4), Phase(4, window=24), Phase(3))
    settings = TrainSettings(
        steps=12, batch_size=2, learning_rate=0.01, optimizer=optimizer, eval_every=0, sample_every=0, phases=phases
    )
    run = Trainer(model, corpus, settings, tokenizer).run()
    for n_steps, read in ((5, 12), (4, 24)):
        for _ in itertools.islice(run, n_steps):
            assert torch.equal(model.pos_emb.weight[read:], waves[read:])
            assert not torch.isclose(model.pos_emb.weight[:read], waves[:read], rtol=0, atol=1e-5).all(1).any()
    next(run)
    assert not torch.isclose(model.pos_emb.weight, waves, rtol=0, atol=1e-5).all(1).any()
