"""What the Compare tab does with what the browser sends: refusals in a sentence, and a figure that stays."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from explorer.store.services import Services
from explorer.tabs import compare
from gpt2core import GPTConfig, SamplingSettings, gpt2_tokenizer, save_pretrained
from tests.reference import random_model

CONFIG = GPTConfig(300, 32, 24, 3, 2, qkv_bias=True, tied_head=True)
CHOSEN = {**asdict(SamplingSettings()), "seed": 7}
TEXT = "the other one"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_pretrained(random_model(CONFIG), folder / "tinystories", tokenizer=gpt2_tokenizer(300))
    save_pretrained(random_model(CONFIG, seed=1), folder / "other", tokenizer=gpt2_tokenizer(300))
    return Services(folder)


@pytest.mark.parametrize("chosen", [None, [], {"temperature": -1}, {**CHOSEN, "seed": -1}, {**CHOSEN, "top_p": "x"}])
def test_wrong_settings_are_refused_in_a_sentence_and_the_figure_stays(services: Services, chosen: object) -> None:
    cursor = {"run": services.read(TEXT, "tinystories").to_json(), "token": 1}
    figure, told = compare.compared(services, cursor, ("", "other"), chosen)
    assert figure == {"__type__": "update"}
    assert told["kind"] == "refusal"


@pytest.mark.parametrize("cursor", [None, {}, {"run": ""}, "x"])
def test_before_a_sentence_is_read_nothing_is_drawn(services: Services, cursor: object) -> None:
    assert compare.compared(services, cursor, ("", "other"), CHOSEN) == ({"__type__": "update"},) * 2
