"""A head that is set to look at the token before does so, and nothing else of the model is rewritten."""

from __future__ import annotations

import pytest
import torch

from gpt2core import GPTConfig, GPTModel
from gpt2core.analysis import previous_token_scores
from gpt2core.errors import InvalidSetting
from gpt2core.trace import trace
from gpt2core.train.positions import look_at_previous, sharpen

CONFIG = GPTConfig(200, 48, 64, 2, 2, drop_rate=0.0, qkv_bias=True, tied_head=True)


@pytest.fixture
def token_ids() -> torch.Tensor:
    return torch.randint(200, (48 * 40,), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def model() -> GPTModel:
    torch.manual_seed(0)
    made = GPTModel(CONFIG).eval()
    with torch.no_grad():
        made.tok_emb.weight.mul_(10)  # as large as after some training
    return made


@pytest.mark.parametrize("qkv_bias", [True, False])
def test_the_head_looks_at_the_token_before_on_text_it_was_not_fitted_to(token_ids, qkv_bias) -> None:
    torch.manual_seed(1)
    model = GPTModel(GPTConfig(200, 48, 64, 2, 2, drop_rate=0.0, qkv_bias=qkv_bias, tied_head=True)).eval()
    new = torch.randint(200, (48,), generator=torch.Generator().manual_seed(9)).tolist()
    before = previous_token_scores(trace(model, new, {"pattern"}))
    look_at_previous(model, token_ids, 1)
    after = previous_token_scores(trace(model, new, {"pattern"}))
    assert float(before.max()) < 0.2
    assert float(after[0, 1]) > 0.5
    assert int(after.argmax()) == 1


def test_only_that_heads_queries_and_keys_and_the_positions_change(model, token_ids) -> None:
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    look_at_previous(model, token_ids, 1)
    for name, weight in model.named_parameters():
        if name == "pos_emb.weight":
            assert not torch.equal(weight, before[name])
        elif name.startswith(("trf_blocks.0.att.W_query", "trf_blocks.0.att.W_key")):
            assert torch.equal(weight[:32], before[name][:32])
            assert not torch.equal(weight[32:], before[name][32:])
        else:
            assert torch.equal(weight, before[name]), name


def test_a_head_that_is_not_there_and_a_text_shorter_than_a_window_are_refused(model, token_ids) -> None:
    with pytest.raises(InvalidSetting, match="heads are 0 to 1"):
        look_at_previous(model, token_ids, 2)
    with pytest.raises(InvalidSetting, match="a text of 48 tokens"):
        look_at_previous(model, token_ids[:20], 0)


@pytest.mark.parametrize("qkv_bias", [True, False])
def test_sharpening_raises_one_heads_scores_and_no_others(token_ids, qkv_bias) -> None:
    torch.manual_seed(1)
    model = GPTModel(GPTConfig(200, 48, 64, 2, 2, drop_rate=0.0, qkv_bias=qkv_bias, tied_head=True)).eval()
    ids = token_ids[:20].tolist()
    before = trace(model, ids, {"scores"})["scores", 0]
    sharpen(model, 1)
    after = trace(model, ids, {"scores"})["scores", 0]
    torch.testing.assert_close(after[1], 1.5 * before[1])
    torch.testing.assert_close(after[0], before[0])
    with pytest.raises(InvalidSetting, match="heads are 0 to 1"):
        sharpen(model, 5)
