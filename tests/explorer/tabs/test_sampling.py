"""What the Sampling tab hands its widgets, on a random model: gpt2core's numbers, and refusals before anything is written."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from explorer.services import DEFAULT_MODEL, Services
from explorer.tabs import sampling
from gpt2core import GPTConfig, generate, gpt2_tokenizer, save_pretrained
from gpt2core.errors import InvalidSetting
from gpt2core.sampling import falling_order
from tests.reference import random_model

CONFIG = GPTConfig(vocab_size=300, context_length=16, emb_dim=24, n_heads=3, n_layers=2, qkv_bias=True, tied_head=True)
SETTINGS = (0.8, 20, 0.95, 0.01)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_pretrained(random_model(CONFIG), folder / DEFAULT_MODEL, tokenizer=gpt2_tokenizer(CONFIG.vocab_size))
    return Services(folder)


def test_all_logits_of_the_position_are_sent_and_the_likeliest_are_named(services):
    run = services.read("abcd", DEFAULT_MODEL)
    figure = sampling.next_token_figure(services, run, 1)
    sent = np.frombuffer(base64.b64decode(figure["logits"]), dtype="<f4")
    logits = services.traces.get(run, {"logits"})["logits"][1]
    np.testing.assert_array_equal(sent, logits.numpy())
    named = {int(token_id) for token_id in json.loads(figure["labels"])}
    assert named == set(falling_order(logits)[:20].tolist()) | {run.token_ids[2]}
    assert figure["next"] == run.token_ids[2]


def test_after_the_last_token_nothing_came_next(services):
    run = services.read("abcd", DEFAULT_MODEL)
    figure = sampling.next_token_figure(services, run, len(run.token_ids) - 1)
    assert figure["next"] is None
    assert "the last of" in figure["heading"]


def test_what_is_written_equals_generate_with_the_same_seed_also_past_the_context(services):
    run = services.read("abcd", DEFAULT_MODEL)
    *_, (text, notice) = sampling.written(services, run, 30, 5, SETTINGS)
    names = ("temperature", "top_k", "top_p", "min_p")
    steps = list(
        generate(
            services.models.get(DEFAULT_MODEL).model,
            run.token_ids,
            30,
            **dict(zip(names, SETTINGS, strict=True)),
            seed=5,
        )
    )
    chips = json.loads(text["tokens"])
    assert [chip["id"] for chip in chips] == [step.token_id for step in steps]
    assert [chip["probability"] for chip in chips] == [step.probability for step in steps]
    assert [chip["rank"] for chip in chips] == [
        falling_order(step.logits).tolist().index(step.token_id) + 1 for step in steps
    ]
    assert "30 tokens with seed 5" in notice["text"]


@pytest.mark.parametrize("n_tokens", [0, 2.5, 501, None, "7", True, float("nan")])
def test_a_wrong_number_of_tokens_is_refused(services, n_tokens):
    with pytest.raises(InvalidSetting, match="whole number from 1 to 500"):
        next(sampling.written(services, services.read("a", DEFAULT_MODEL), n_tokens, 1, SETTINGS))


@pytest.mark.parametrize("seed", [-1, 0.5, 2**32, None])
def test_a_wrong_seed_is_refused(services, seed):
    with pytest.raises(InvalidSetting, match="whole number from 0 to"):
        next(sampling.written(services, services.read("a", DEFAULT_MODEL), 5, seed, SETTINGS))


@pytest.mark.parametrize(
    "settings", [(-1, 0, 1, 0), (1, 2.5, 1, 0), (1, 0, 1.5, 0), (1, 0, 1, -0.1), (None, 0, 1, 0), ("1", 0, 1, 0)]
)
def test_wrong_settings_are_refused(services, settings):
    with pytest.raises(InvalidSetting):
        next(sampling.written(services, services.read("a", DEFAULT_MODEL), 5, 1, settings))


def test_more_tokens_than_there_are_may_be_kept(services):
    run = services.read("abcd", DEFAULT_MODEL)
    *_, (every, _) = sampling.written(services, run, 5, 1, (1, 0, 1, 0))
    *_, (million, _) = sampling.written(services, run, 5, 1, (1, 1_000_000, 1, 0))
    assert every == million
