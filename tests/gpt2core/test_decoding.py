"""The timing of cached and uncached decoding: that both compute the same thing, never how fast."""

import pytest
import torch

from gpt2core import GPTConfig, generate
from gpt2core.decoding import decoding_times
from gpt2core.errors import EmptyPrompt, InvalidSetting, PromptTooLong, TokenOutOfRange
from tests.reference import random_model

CONFIG = GPTConfig(97, 24, 32, 4, 3, qkv_bias=True, tied_head=True)
PROMPT = [5, 60, 7, 7, 31]


@pytest.fixture(scope="module")
def model():
    return random_model(CONFIG)


@pytest.mark.parametrize("repeats", [1, 3])
def test_the_logits_are_the_models_with_the_cache_and_without_up_to_the_limit(model, repeats):
    text = list(PROMPT)
    for timed in decoding_times(model, PROMPT, 19, repeats=repeats):
        assert timed.n_tokens == len(text)
        with torch.no_grad():
            expected = model(torch.tensor([text]))[0, -1]
        torch.testing.assert_close(timed.recomputed_logits, expected)
        torch.testing.assert_close(timed.cached_logits, expected, rtol=1e-4, atol=1e-4)
        text.append(int(expected.argmax()))
    assert len(text) == 25


def test_the_prompt_is_read_at_once_and_every_further_token_alone(model):
    times = list(decoding_times(model, PROMPT, 4))
    assert [timed.n_read for timed in times] == [5, 1, 1, 1, 1]
    assert all(timed.cached_seconds > 0 and timed.recomputed_seconds > 0 for timed in times)


def test_it_decodes_what_generate_writes_greedily(model):
    written = [step.token_id for step in generate(model, PROMPT, 10, temperature=0.0)]
    likeliest = [int(timed.cached_logits.argmax()) for timed in decoding_times(model, PROMPT, 9)]
    assert likeliest == written


def test_what_cannot_be_timed_is_refused_at_the_call(model):
    with pytest.raises(EmptyPrompt):
        decoding_times(model, [], 3)
    with pytest.raises(TokenOutOfRange):
        decoding_times(model, [97], 3)
    with pytest.raises(PromptTooLong, match="25 tokens long"):
        decoding_times(model, PROMPT, 20)
    for n_steps, repeats in ((-1, 1), (3, 0)):
        with pytest.raises(InvalidSetting):
            decoding_times(model, PROMPT, n_steps, repeats=repeats)
