"""Two models compared: gpt2core's numbers for both."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from explorer.answers.compare import N_TOP, Bar, Comparison, comparison, two_runs
from explorer.store.services import RunKey, Services
from explorer.wording.numbers import percent
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import Pretrained, SamplingSettings, gpt2_tokenizer, pipeline
from gpt2core.errors import InvalidSetting
from gpt2core.sampling import draw, falling_order, gumbel_noise
from gpt2core.scoring import score_text
from tests.explorer.answers.conftest import SETTINGS, TEXT, WORDS
from tests.reference import random_model


@pytest.fixture
def services(three_models: Services) -> Services:
    return three_models


def shown(services: Services, b: str = "other", token: int = -1, settings: SamplingSettings = SETTINGS) -> Comparison:
    run = services.read(TEXT, "tinystories")
    return comparison(services, run, token % len(run.token_ids), ("", b), settings, 7)


def probabilities(services: Services, model: str, token: int) -> torch.Tensor:
    run = services.read(TEXT, model)
    logits = services.traces.get(run, {"logits"})["logits"][token]
    context = run.token_ids[: len(run.token_ids) + token + 1 if token < 0 else token + 1]
    return pipeline(logits, SETTINGS, context).probabilities


def test_rows_are_the_likeliest_of_a_then_of_b_then_the_drawn_with_both_models_probabilities(
    services: Services,
) -> None:
    data = shown(services)
    p, q = (probabilities(services, model, -1) for model in ("tinystories", "other"))
    position = len(services.read(TEXT, "tinystories").token_ids)
    drawn = [draw(torch.log(one), gumbel_noise(600, 7, position)) for one in (p, q)]
    expected = list(dict.fromkeys([*falling_order(p)[:N_TOP].tolist(), *falling_order(q)[:N_TOP].tolist(), *drawn]))
    labels = [label.text for label in labels_of(expected)]
    assert [row.label.text for row in data.rows] == labels
    shares = [[bar.share for bar in row.bars] for row in data.rows]
    assert shares == [[percent(float(p[i])), percent(float(q[i]))] for i in expected]
    longest = max(float(max(p[i], q[i])) for i in expected)
    lengths = [bar.length for row in data.rows for bar in row.bars]
    assert lengths == pytest.approx([float(one[i]) / longest for i in expected for one in (p, q)])
    marked = [(row.label.text, side) for row in data.rows for side in (0, 1) if "drawn" in row.bars[side].note]
    assert sorted(marked) == sorted((labels_of([one])[0].text, side) for side, one in enumerate(drawn))
    left = [percent(1 - float(one[expected].sum())) for one in (p, q)]
    assert data.rest == f"All other tokens: A {left[0]}, B {left[1]}"


def labels_of(token_ids: list[int]) -> list[TokenLabel]:
    return token_labels(token_ids, gpt2_tokenizer(600))


def test_distance_and_entropy_are_those_of_the_distributions_drawn_from(services: Services) -> None:
    settings = SamplingSettings(0.8)
    data = shown(services, settings=settings)
    runs = [services.read(TEXT, model) for model in ("tinystories", "other")]
    p, q = (
        torch.softmax(services.traces.get(run, {"logits"})["logits"][-1].double() / 0.8, -1).numpy() for run in runs
    )
    apart = sum(abs(x - y) for x, y in zip(p, q, strict=True)) / 2
    kl = sum(x * math.log(x / y) for x, y in zip(p, q, strict=True))
    bits = [-sum(x * math.log2(x) for x in one) for one in (p, q)]
    assert f"They differ in {percent(apart)} of the probability" in data.sentences[1]
    assert f"surprises B by {kl:.2f} nats more" in data.sentences[1]
    assert f"A {bits[0]:.2f} bits" in data.sentences[2]
    assert f"B {bits[1]:.2f} bits" in data.sentences[2]


def test_a_model_compared_with_itself_differs_in_nothing(services: Services) -> None:
    data = shown(services, b="tinystories")
    assert data.sentences[1].startswith("They differ in 0 % of the probability")
    assert "B by 0.00 nats" in data.sentences[1]
    assert all(row.bars[0] == row.bars[1] for row in data.rows)


def test_what_one_model_rules_out_is_said_to_make_the_divergence_infinite(services: Services) -> None:
    data = shown(services, settings=SamplingSettings(top_k=1))
    assert "is infinite" in data.sentences[1]
    cut = [bar for row in data.rows for bar in row.bars if bar.share == "0 %"]
    assert cut
    assert {bar.note for bar in cut} == {"cut"}


def test_tokens_that_one_vocabulary_lacks_are_not_shown_as_impossible(services: Services) -> None:
    data = shown(services, b="few")
    run, other = services.read(TEXT, "tinystories"), services.read(TEXT, "few")
    p = pipeline(services.traces.get(run, {"logits"})["logits"][-1], SETTINGS, run.token_ids).probabilities
    lacking = [row for row in data.rows if row.bars[1].note == "not a token"]
    assert lacking
    assert all(row.bars[1] == Bar(0.0, "–", "not a token") for row in lacking)
    beyond = float(p[299:599].sum())  # the few words are GPT-2's first 299 and end of text
    assert f"{percent(beyond)} of A’s probability is on tokens that B does not have" in data.sentences[1]
    assert "A knows 600 tokens and B 300" in data.sentences[1]
    assert list(data.scores.lines[0][1:]) == [
        str(len(run.token_ids) - given(run, other)[0]),
        str(len(other.token_ids) - given(run, other)[1]),
    ]


def given(run: RunKey, other: RunKey) -> tuple[int, int]:
    """How many tokens of each end with the first place where both have an end."""
    tokenizers = [gpt2_tokenizer(600), gpt2_tokenizer(300)]
    ends = []
    for tokenizer, read in zip(tokenizers, (run, other), strict=True):
        ends.append([len(tokenizer.decode_bytes(read.token_ids[: n + 1])) for n in range(len(read.token_ids))])
    first = min(set(ends[0]) & set(ends[1]))
    return ends[0].index(first) + 1, ends[1].index(first) + 1


def test_where_the_other_model_has_no_token_end_it_is_said_what_to_do(services: Services) -> None:
    run = services.read(TEXT, "few")
    ends = set(services.token_ends(services.read(TEXT, "tinystories")))
    inside = next(place for place, end in enumerate(services.token_ends(run)) if end not in ends)
    with pytest.raises(InvalidSetting, match=r"Model B \(TinyStories\) cuts the text differently.*Pick another token"):
        comparison(services, run, inside, ("", "tinystories"), SETTINGS, 7)


def test_the_scores_are_those_of_the_bare_models_whatever_the_settings(services: Services) -> None:
    cold, hot = shown(services), shown(services, settings=SamplingSettings(5.0))
    assert cold.scores == hot.scores
    run = services.read(TEXT, "tinystories")
    log_p = torch.log_softmax(services.traces.get(run, {"logits"})["logits"].double(), -1)
    nats = -sum(float(log_p[place - 1, run.token_ids[place]]) for place in range(1, len(run.token_ids)))
    n_bytes = len(TEXT) - services.token_ends(run)[0]
    lines = {line[0]: line[1] for line in cold.scores.lines}
    assert lines["nats per byte"] == f"{nats / n_bytes:.3f}"
    assert lines["nats per token"] == f"{nats / (len(run.token_ids) - 1):.3f}"


def test_one_token_has_no_score_and_is_compared_all_the_same(services: Services) -> None:
    run = services.read("a", "tinystories")
    data = comparison(services, run, 0, ("", "other"), SETTINGS, 7)
    assert data.scores is None
    assert "at least two tokens" in data.note
    assert data.rows


def test_a_row_that_no_token_uses_is_shown_by_its_number(services: Services) -> None:
    name = services.models.add_trained(Pretrained(random_model(WORDS, seed=2), gpt2_tokenizer(300)))
    run = services.read(TEXT, name)
    data = comparison(services, run, 0, ("", name), SamplingSettings(), 7)
    assert any(row.label.text.startswith("#") for row in data.rows)


@pytest.mark.parametrize("name", ["gpt-9", None, 3, ["other"], "gpt2"])
def test_a_model_that_cannot_be_read_with_is_refused_by_its_letter(
    services: Services, name: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InvalidSetting, match=r"^Model B: "):
        two_runs(services, services.read(TEXT, "tinystories"), ("", name))


def test_a_change_that_lets_tokens_see_later_ones_is_scored_without_showing_them(services: Services) -> None:
    run = services.read(TEXT, "tinystories", "mask")
    data = comparison(services, run, len(run.token_ids) - 1, ("", "other"), SETTINGS, 7)
    model = services.models.get("tinystories").model
    loss = score_text(model, run.token_ids, edits=run.pass_edits).mean_loss
    assert data.scores is not None
    assert data.scores.lines[1][1] == f"{loss:.3f}"
    plain = shown(services).scores
    assert plain is not None
    assert plain.lines[1][1] != data.scores.lines[1][1]


def test_where_that_would_take_too_many_passes_it_is_said(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.answers.compare.MOST_PASSES", 3)
    run = services.read(TEXT, "tinystories", "mask")
    data = comparison(services, run, 0, ("", "other"), SETTINGS, 7)
    assert data.scores is None
    assert f"up to 3 tokens, and the sentence has {len(run.token_ids)}" in data.note
