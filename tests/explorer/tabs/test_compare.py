"""What the Compare tab shows: gpt2core's numbers for both models, and texts that equal generate's."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from explorer.answers.compared import N_TOP, comparison, percent, two_runs
from explorer.store.services import RunKey, Services
from explorer.tabs import compare
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import GPTConfig, Pretrained, SamplingSettings, generate, gpt2_tokenizer, pipeline, save_pretrained
from gpt2core.errors import InvalidSetting
from gpt2core.sampling import draw, falling_order, gumbel_noise
from tests.reference import random_model

CONFIG = GPTConfig(vocab_size=600, context_length=32, emb_dim=24, n_heads=3, n_layers=2, qkv_bias=True, tied_head=True)
FEW_WORDS = GPTConfig(300, 32, 24, 3, 2, qkv_bias=True, tied_head=True)
SETTINGS = SamplingSettings(0.8, 40, 0.95, 0.001, 1.1)
CHOSEN = {**asdict(SETTINGS), "seed": 7}
TEXT = "the other one"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_pretrained(random_model(CONFIG), folder / "tinystories", tokenizer=gpt2_tokenizer(600))
    save_pretrained(random_model(CONFIG, seed=1), folder / "other", tokenizer=gpt2_tokenizer(600))
    save_pretrained(random_model(FEW_WORDS), folder / "few", tokenizer=gpt2_tokenizer(300))
    return Services(folder)


def shown(services: Services, b: str = "other", token: int = -1, settings: SamplingSettings = SETTINGS) -> dict:
    run = services.read(TEXT, "tinystories")
    return json.loads(comparison(services, run, token % len(run.token_ids), ("", b), settings, 7)["data"])


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
    assert [row["text"] for row in data["rows"]] == labels
    shares = [[bar["share"] for bar in row["bars"]] for row in data["rows"]]
    assert shares == [[percent(float(p[i])), percent(float(q[i]))] for i in expected]
    longest = max(float(max(p[i], q[i])) for i in expected)
    lengths = [bar["length"] for row in data["rows"] for bar in row["bars"]]
    assert lengths == pytest.approx([float(one[i]) / longest for i in expected for one in (p, q)])
    marked = [(row["text"], side) for row in data["rows"] for side in (0, 1) if "drawn" in row["bars"][side]["note"]]
    assert sorted(marked) == sorted((labels_of([one])[0].text, side) for side, one in enumerate(drawn))
    left = [percent(1 - float(one[expected].sum())) for one in (p, q)]
    assert data["rest"] == f"All other tokens: A {left[0]}, B {left[1]}"


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
    assert f"They differ in {percent(apart)} of the probability" in data["sentences"][1]
    assert f"surprises B by {kl:.2f} nats more" in data["sentences"][1]
    assert f"A {bits[0]:.2f} bits" in data["sentences"][2]
    assert f"B {bits[1]:.2f} bits" in data["sentences"][2]


def test_a_model_compared_with_itself_differs_in_nothing(services: Services) -> None:
    data = shown(services, b="tinystories")
    assert data["sentences"][1].startswith("They differ in 0 % of the probability")
    assert "B by 0.00 nats" in data["sentences"][1]
    assert all(row["bars"][0] == row["bars"][1] for row in data["rows"])


def test_what_one_model_rules_out_is_said_to_make_the_divergence_infinite(services: Services) -> None:
    data = shown(services, settings=SamplingSettings(top_k=1))
    assert "is infinite" in data["sentences"][1]
    cut = [bar for row in data["rows"] for bar in row["bars"] if bar["share"] == "0 %"]
    assert cut
    assert {bar["note"] for bar in cut} == {"cut"}


def test_tokens_that_one_vocabulary_lacks_are_not_shown_as_impossible(services: Services) -> None:
    data = shown(services, b="few")
    run, other = services.read(TEXT, "tinystories"), services.read(TEXT, "few")
    p = pipeline(services.traces.get(run, {"logits"})["logits"][-1], SETTINGS, run.token_ids).probabilities
    lacking = [row for row in data["rows"] if row["bars"][1]["note"] == "not a token"]
    assert lacking
    assert all(row["bars"][1] == {"length": 0.0, "share": "–", "note": "not a token"} for row in lacking)
    beyond = float(p[299:599].sum())  # the few words are GPT-2's first 299 and end of text
    assert f"{percent(beyond)} of A’s probability is on tokens that B does not have" in data["sentences"][1]
    assert "A knows 600 tokens and B 300" in data["sentences"][1]
    assert data["scores"]["lines"][0][1:] == [
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
    assert cold["scores"] == hot["scores"]
    run = services.read(TEXT, "tinystories")
    log_p = torch.log_softmax(services.traces.get(run, {"logits"})["logits"].double(), -1)
    nats = -sum(float(log_p[place - 1, run.token_ids[place]]) for place in range(1, len(run.token_ids)))
    n_bytes = len(TEXT) - services.token_ends(run)[0]
    lines = {line[0]: line[1] for line in cold["scores"]["lines"]}
    assert lines["nats per byte"] == f"{nats / n_bytes:.3f}"
    assert lines["nats per token"] == f"{nats / (len(run.token_ids) - 1):.3f}"


def test_one_token_has_no_score_and_is_compared_all_the_same(services: Services) -> None:
    run = services.read("a", "tinystories")
    data = json.loads(comparison(services, run, 0, ("", "other"), SETTINGS, 7)["data"])
    assert data["scores"] is None
    assert "at least two tokens" in data["note"]
    assert data["rows"]


def test_a_row_that_no_token_uses_is_shown_by_its_number(services: Services) -> None:
    name = services.models.add_trained(Pretrained(random_model(CONFIG, seed=2), gpt2_tokenizer(300)))
    run = services.read(TEXT, name)
    data = json.loads(comparison(services, run, 0, ("", name), SamplingSettings(), 7)["data"])
    assert any(row["text"].startswith("#") for row in data["rows"])


@pytest.mark.parametrize("chosen", [None, [], {"temperature": -1}, {**CHOSEN, "seed": -1}, {**CHOSEN, "top_p": "x"}])
def test_wrong_settings_are_refused_in_a_sentence_and_the_figure_stays(services: Services, chosen: object) -> None:
    cursor = {"run": services.read(TEXT, "tinystories").to_json(), "token": 1}
    figure, told = compare.compared(services, cursor, ("", "other"), chosen)
    assert figure == {"__type__": "update"}
    assert told["kind"] == "refusal"


@pytest.mark.parametrize("name", ["gpt-9", None, 3, ["other"], "gpt2"])
def test_a_model_that_cannot_be_read_with_is_refused_by_its_letter(
    services: Services, name: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InvalidSetting, match=r"^Model B: "):
        two_runs(services, services.read(TEXT, "tinystories"), ("", name))


@pytest.mark.parametrize("cursor", [None, {}, {"run": ""}, "x"])
def test_before_a_sentence_is_read_nothing_is_drawn(services: Services, cursor: object) -> None:
    assert compare.compared(services, cursor, ("", "other"), CHOSEN) == ({"__type__": "update"},) * 2


def ids_of(update: dict) -> list[list[int]]:
    return [[token[0] for token in column["tokens"]] for column in json.loads(update["columns"])]


def expected_ids(services: Services, model: str, seed: int, n: int) -> list[int]:
    run = services.read(TEXT, model)
    steps = generate(services.models.get(model).model, run.token_ids, n, **asdict(SETTINGS), seed=seed)
    return [step.token_id for step in steps]


def test_both_texts_equal_generate_with_the_same_seed_also_past_the_context(services: Services) -> None:
    run = services.read(TEXT, "tinystories")
    *_, (update, told) = compare.written(services, run, ("", "few"), 40, CHOSEN)
    assert ids_of(update) == [expected_ids(services, model, 7, 40) for model in ("tinystories", "few")]
    assert told["kind"] == "info"
    assert "so the same dice fall at other places" in told["text"]


def test_probability_and_rank_are_those_of_the_step(services: Services) -> None:
    run = services.read(TEXT, "tinystories")
    *_, (update, _) = compare.written(services, run, ("", "other"), 5, CHOSEN)
    column = json.loads(update["columns"])[0]["tokens"]
    model = services.models.get("tinystories").model
    steps = list(generate(model, run.token_ids, 5, **asdict(SETTINGS), seed=7))
    assert [token[3] for token in column] == [step.probability for step in steps]
    assert [token[4] for token in column] == [falling_order(s.logits).tolist().index(s.token_id) + 1 for s in steps]


def test_two_texts_part_where_their_bytes_do_and_one_model_never_parts_from_itself(services: Services) -> None:
    run = services.read(TEXT, "tinystories")
    *_, (update, told) = compare.written(services, run, ("", "other"), 10, CHOSEN)
    one, other = ids_of(update)
    place = next(i for i, (x, y) in enumerate(zip(one, other, strict=True)) if x != y)
    assert [column["parting"] for column in json.loads(update["columns"])] == [place, place]
    assert f"They part at token {place + 1}." in told["text"]
    assert "both throw the dice of seed 7" in told["text"]
    *_, (update, told) = compare.written(services, run, ("", "tinystories"), 10, CHOSEN)
    assert [column["parting"] for column in json.loads(update["columns"])] == [None, None]
    assert "do not part within 10 tokens" in told["text"]


def test_where_texts_of_two_vocabularies_part_is_said_in_the_tokens_of_both() -> None:
    assert compare.parting_sentence((2, 4), 9) == "They part at token 3 of A, which is token 5 of B."
    assert compare.parting_sentence((2, 2), 9) == "They part at token 3."


@pytest.mark.parametrize("n", [2, 6])
def test_samples_equal_generate_with_consecutive_seeds(services: Services, n: int) -> None:
    run = services.read(TEXT, "tinystories")
    *_, (update, told) = compare.sampled(services, run, "", n, 8, CHOSEN)
    texts = [expected_ids(services, "tinystories", 7 + number, 8) for number in range(n)]
    assert ids_of(update) == texts
    assert [column["title"] for column in json.loads(update["columns"])] == [f"Seed {7 + i}" for i in range(n)]
    assert compare.spread_sentence(texts, "TinyStories") in told["text"]


def test_seeds_go_round_at_the_largest(services: Services) -> None:
    run = services.read(TEXT, "tinystories")
    *_, (update, _) = compare.sampled(services, run, "", 2, 1, {**CHOSEN, "seed": 2**32 - 1})
    assert [column["title"] for column in json.loads(update["columns"])] == ["Seed 4294967295", "Seed 0"]


def test_all_columns_grow_together(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "SECONDS_BETWEEN_UPDATES", 0.0)
    run = services.read(TEXT, "tinystories")
    updates = [update for update, _ in compare.sampled(services, run, "", 3, 4, CHOSEN)]
    assert [[len(column) for column in ids_of(update)] for update in updates] == [[n] * 3 for n in (0, 1, 2, 3, 4, 4)]


def test_writing_is_bounded_in_time_and_says_so(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "MAX_SECONDS", -1.0)
    run = services.read(TEXT, "tinystories")
    *_, (update, told) = compare.written(services, run, ("", "other"), 50, CHOSEN)
    assert [len(column) for column in ids_of(update)] == [1, 1]
    assert told["text"].startswith("Stopped after -1 seconds: 1 tokens of 50.")


def test_at_temperature_0_luck_is_said_to_play_no_part(services: Services) -> None:
    run = services.read(TEXT, "tinystories")
    *_, (update, told) = compare.sampled(services, run, "", 3, 4, {**CHOSEN, "temperature": 0})
    assert len({tuple(ids) for ids in ids_of(update)}) == 1
    assert "all are the same text" in told["text"]
    assert "luck plays no part" in told["text"]


@pytest.mark.parametrize("n_tokens", [0, 2.5, 121, None, "7", True, float("nan")])
def test_a_wrong_number_of_tokens_is_refused(services: Services, n_tokens: object) -> None:
    run = services.read(TEXT, "tinystories")
    with pytest.raises(InvalidSetting, match="whole number from 1 to 120"):
        next(compare.written(services, run, ("", "other"), n_tokens, CHOSEN))
    with pytest.raises(InvalidSetting, match="whole number from 1 to 120"):
        next(compare.sampled(services, run, "", 2, n_tokens, CHOSEN))


@pytest.mark.parametrize("n_samples", [1, 7, None, 2.5, "3"])
def test_a_wrong_number_of_samples_is_refused(services: Services, n_samples: object) -> None:
    with pytest.raises(InvalidSetting, match="whole number from 2 to 6"):
        next(compare.sampled(services, services.read(TEXT, "tinystories"), "", n_samples, 5, CHOSEN))


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ([[1, 2], [1, 3], [1, 3]], "all begin with the same token, and they are 2 different texts"),
        ([[1, 2], [2, 2]], "they begin with 2 different tokens, and no two are the same text"),
        ([[1], [1]], "all are the same text. Two of them share their first 1.0 tokens"),
    ],
)
def test_how_different_samples_are_is_said_in_words(texts: list[list[int]], told: str) -> None:
    assert told in compare.spread_sentence(texts, "It")


@pytest.mark.parametrize(
    ("share", "told"),
    [(0, "0 %"), (1, "100 %"), (0.99999, "> 99.9 %"), (1e-9, "< 0.001 %"), (0.0001, "0.010 %"), (0.123, "12.3 %")],
)
def test_what_is_above_nothing_never_reads_as_nothing(share: float, told: str) -> None:
    assert percent(share) == told
