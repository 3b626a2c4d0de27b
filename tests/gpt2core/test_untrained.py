from __future__ import annotations

import pytest
import torch

from gpt2core import GPTConfig, GPTModel
from gpt2core.untrained import untrained_model, untrained_token_table

CONFIG = GPTConfig(vocab_size=300, context_length=64, emb_dim=64, n_heads=4, n_layers=3, qkv_bias=True, tied_head=True)


def test_the_same_seed_gives_the_same_model_and_another_one_another():
    one, same, other = untrained_model(CONFIG), untrained_model(CONFIG), untrained_model(CONFIG, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.tok_emb.weight, other.tok_emb.weight)


def test_torchs_own_dice_are_neither_thrown_nor_looked_at():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one = untrained_model(CONFIG)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert torch.equal(untrained_model(CONFIG).tok_emb.weight, one.tok_emb.weight)


@pytest.mark.parametrize("tied", [True, False])
def test_every_weight_is_spread_as_in_a_model_that_training_begins_with(tied):
    config = GPTConfig.from_dict(CONFIG.to_dict() | {"tied_head": tied})
    torch.manual_seed(0)
    fresh, ours = (
        dict(model.requires_grad_(False).named_parameters()) for model in (GPTModel(config), untrained_model(config))
    )
    assert fresh.keys() == ours.keys()
    for name, parameter in fresh.items():
        if parameter.dim() == 1:
            assert torch.equal(parameter, ours[name]), name
        else:
            assert abs(float(parameter.std() / ours[name].std()) - 1) < 0.05, name
            assert abs(float(ours[name].mean())) < 0.1 * float(parameter.std()), name


def test_the_table_alone_is_the_whole_models():
    torch.testing.assert_close(untrained_token_table(CONFIG, seed=3), untrained_model(CONFIG, seed=3).tok_emb.weight)
