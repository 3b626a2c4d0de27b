"""Texts side by side: what generate writes with each model and seed, and where they part in words."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from explorer.answers import side_by_side
from explorer.answers.side_by_side import Written
from explorer.store.services import Services
from gpt2core import generate
from gpt2core.errors import InvalidSetting
from gpt2core.sampling import falling_order
from tests.explorer.answers.conftest import CHOSEN, SETTINGS, TEXT


@pytest.fixture
def services(three_models: Services) -> Services:
    return three_models


def ids_of(now: Written) -> list[list[int]]:
    return [[one.label.token_id for one in column.drawn] for column in now.columns]


def expected_ids(services: Services, model: str, seed: int, n: int) -> list[int]:
    run = services.read(TEXT, model)
    steps = generate(services.models.get(model).model, run.token_ids, n, **asdict(SETTINGS), seed=seed)
    return [step.token_id for step in steps]


def test_both_texts_equal_generate_with_the_same_seed_also_past_the_context(services: Services) -> None:
    run = services.read(TEXT, "tinystories")
    *_, last = side_by_side.written(services, run, ("", "few"), 40, CHOSEN)
    assert ids_of(last) == [expected_ids(services, model, 7, 40) for model in ("tinystories", "few")]
    assert last.over
    assert "so the same dice fall at other places" in last.told


def test_probability_and_rank_are_those_of_the_step(services: Services) -> None:
    run = services.read(TEXT, "tinystories")
    *_, last = side_by_side.written(services, run, ("", "other"), 5, CHOSEN)
    column = last.columns[0].drawn
    model = services.models.get("tinystories").model
    steps = list(generate(model, run.token_ids, 5, **asdict(SETTINGS), seed=7))
    assert [one.probability for one in column] == [step.probability for step in steps]
    assert [one.rank for one in column] == [falling_order(s.logits).tolist().index(s.token_id) + 1 for s in steps]


def test_two_texts_part_where_their_bytes_do_and_one_model_never_parts_from_itself(services: Services) -> None:
    run = services.read(TEXT, "tinystories")
    *_, last = side_by_side.written(services, run, ("", "other"), 10, CHOSEN)
    one, other = ids_of(last)
    place = next(i for i, (x, y) in enumerate(zip(one, other, strict=True)) if x != y)
    assert [column.parting for column in last.columns] == [place, place]
    assert f"They part at token {place + 1}." in last.told
    assert "both throw the dice of seed 7" in last.told
    *_, last = side_by_side.written(services, run, ("", "tinystories"), 10, CHOSEN)
    assert [column.parting for column in last.columns] == [None, None]
    assert "do not part within 10 tokens" in last.told


def test_where_texts_of_two_vocabularies_part_is_said_in_the_tokens_of_both() -> None:
    assert side_by_side.parting_sentence((2, 4), 9) == "They part at token 3 of A, which is token 5 of B."
    assert side_by_side.parting_sentence((2, 2), 9) == "They part at token 3."


@pytest.mark.parametrize("n", [2, 6])
def test_samples_equal_generate_with_consecutive_seeds(services: Services, n: int) -> None:
    run = services.read(TEXT, "tinystories")
    *_, last = side_by_side.sampled(services, run, "", n, 8, CHOSEN)
    texts = [expected_ids(services, "tinystories", 7 + number, 8) for number in range(n)]
    assert ids_of(last) == texts
    assert [column.title for column in last.columns] == [f"Seed {7 + i}" for i in range(n)]
    assert side_by_side.spread_sentence(texts, "TinyStories") in last.told


def test_seeds_go_round_at_the_largest(services: Services) -> None:
    run = services.read(TEXT, "tinystories")
    *_, last = side_by_side.sampled(services, run, "", 2, 1, {**CHOSEN, "seed": 2**32 - 1})
    assert [column.title for column in last.columns] == ["Seed 4294967295", "Seed 0"]


def test_all_columns_grow_together(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "SECONDS_BETWEEN_UPDATES", 0.0)
    run = services.read(TEXT, "tinystories")
    seen = list(side_by_side.sampled(services, run, "", 3, 4, CHOSEN))
    assert [[len(column) for column in ids_of(now)] for now in seen] == [[n] * 3 for n in (0, 1, 2, 3, 4, 4)]


def test_writing_is_bounded_in_time_and_says_so(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "MAX_SECONDS", -1.0)
    run = services.read(TEXT, "tinystories")
    *_, last = side_by_side.written(services, run, ("", "other"), 50, CHOSEN)
    assert [len(column) for column in ids_of(last)] == [1, 1]
    assert last.told.startswith("Stopped after -1 seconds: 1 tokens of 50.")


def test_at_temperature_0_luck_is_said_to_play_no_part(services: Services) -> None:
    run = services.read(TEXT, "tinystories")
    *_, last = side_by_side.sampled(services, run, "", 3, 4, {**CHOSEN, "temperature": 0})
    assert len({tuple(ids) for ids in ids_of(last)}) == 1
    assert "all are the same text" in last.told
    assert "luck plays no part" in last.told


@pytest.mark.parametrize("n_tokens", [0, 2.5, 121, None, "7", True, float("nan")])
def test_a_wrong_number_of_tokens_is_refused(services: Services, n_tokens: object) -> None:
    run = services.read(TEXT, "tinystories")
    with pytest.raises(InvalidSetting, match="whole number from 1 to 120"):
        next(side_by_side.written(services, run, ("", "other"), n_tokens, CHOSEN))
    with pytest.raises(InvalidSetting, match="whole number from 1 to 120"):
        next(side_by_side.sampled(services, run, "", 2, n_tokens, CHOSEN))


@pytest.mark.parametrize("n_samples", [1, 7, None, 2.5, "3"])
def test_a_wrong_number_of_samples_is_refused(services: Services, n_samples: object) -> None:
    with pytest.raises(InvalidSetting, match="whole number from 2 to 6"):
        next(side_by_side.sampled(services, services.read(TEXT, "tinystories"), "", n_samples, 5, CHOSEN))


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ([[1, 2], [1, 3], [1, 3]], "all begin with the same token, and they are 2 different texts"),
        ([[1, 2], [2, 2]], "they begin with 2 different tokens, and no two are the same text"),
        ([[1], [1]], "all are the same text. Two of them share their first 1.0 tokens"),
    ],
)
def test_how_different_samples_are_is_said_in_words(texts: list[list[int]], told: str) -> None:
    assert told in side_by_side.spread_sentence(texts, "It")
