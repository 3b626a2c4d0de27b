from __future__ import annotations

import json
import threading

import pytest
import torch

from explorer.store.services import MAX_CHARACTERS, RunKey, Services, TextTooLong, TraceStore
from gpt2core import GPTConfig, Pretrained, gpt2_tokenizer, save_pretrained
from gpt2core.errors import EmptyPrompt, PromptTooLong, UnknownModel
from tests.reference import random_model

SMALL = GPTConfig(vocab_size=600, context_length=16, emb_dim=24, n_heads=3, n_layers=2, qkv_bias=True, tied_head=True)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_pretrained(random_model(SMALL), folder / "tinystories", tokenizer=gpt2_tokenizer(600))
    save_pretrained(random_model(SMALL), folder / "another", tokenizer=gpt2_tokenizer(600))
    return Services(folder)


def test_reading_refuses_what_cannot_be_read(services: Services) -> None:
    with pytest.raises(EmptyPrompt):
        services.read("", "tinystories")
    with pytest.raises(PromptTooLong, match="this model reads at most 16"):
        services.read("word " * 40, "tinystories")
    with pytest.raises(TextTooLong, match="Remove about 1 characters"):
        services.read("a" * (MAX_CHARACTERS + 1), "tinystories")


def test_a_run_survives_the_trip_through_the_browser(services: Services) -> None:
    run = services.read('a "quoted" <b> ${x}\n', "tinystories")
    assert services.run(run.to_json()) == run


@pytest.mark.parametrize("sent", ["", "{", "[]", "3", '{"text": "a"}', '{"text": 3, "model": "tinystories"}'])
def test_a_run_that_the_browser_made_up_is_refused(services: Services, sent: str) -> None:
    with pytest.raises(EmptyPrompt):
        services.run(sent)


def test_a_made_up_model_in_a_run_is_refused(services: Services) -> None:
    with pytest.raises(UnknownModel):
        services.run(json.dumps({"text": "a", "model": "../x"}))


def test_a_trace_is_computed_once_and_again_only_for_more_sites(services: Services) -> None:
    run = services.read("one two", "tinystories")
    first = services.traces.get(run, {"pattern", "logits"})
    assert services.traces.get(run, {"pattern"}) is first
    assert services.traces.get(run, {"q"}) is not first


def test_two_models_never_share_a_trace(services: Services) -> None:
    one, other = (services.read("one two", model) for model in ("tinystories", "another"))
    services.models.get("another").model.tok_emb.weight.data.mul_(2)
    a, b = (services.traces.get(run, {"logits"})["logits"] for run in (one, other))
    assert not torch.equal(a, b)


def test_the_store_drops_the_oldest_trace_beyond_its_bytes(services: Services) -> None:
    runs = [services.read(text, "tinystories") for text in ("a", "b", "c")]
    size = services.traces.get(runs[0], {"logits"}).nbytes
    store = TraceStore(services.models, max_bytes=2 * size)
    kept = [store.get(run, {"logits"}) for run in runs]
    assert store.get(runs[2], {"logits"}) is kept[2]
    assert store.get(runs[0], {"logits"}) is not kept[0]


def test_many_threads_read_the_same_numbers(services: Services) -> None:
    runs = [services.read(text, "tinystories") for text in ("one", "two three", "four five six")]
    alone = {run: services.traces.get(run, {"logits"})["logits"] for run in runs}
    store = TraceStore(services.models, max_bytes=1)
    wrong: list[RunKey] = []

    def read_often() -> None:
        for run in runs * 10:
            if not torch.equal(store.get(run, {"logits"})["logits"], alone[run]):
                wrong.append(run)

    threads = [threading.Thread(target=read_often) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_cursor_keeps_its_place_when_what_is_read_changes(services: Services) -> None:
    before = services.read("one two three", "tinystories")
    last = len(before.token_ids) - 1
    longer = services.read("one two three four five", "tinystories")
    assert services.same_place(before.to_json(), last, longer) == len(longer.token_ids) - 1  # the last stays the last
    assert services.same_place(before.to_json(), 1, longer) == 1
    assert services.same_place(longer.to_json(), 2, services.read("one", "tinystories")) == 0
    assert services.same_place("made up", 2, longer) == 2
    assert services.same_place(before.to_json(), 10**9, longer) == 0
    assert services.same_place(before.to_json(), "x", longer) == 0


def test_another_model_keeps_the_cursor_at_its_place_in_the_text(services: Services) -> None:
    coarse = services.models.add_trained(Pretrained(random_model(SMALL), gpt2_tokenizer(600)))
    fine = services.models.add_trained(Pretrained(random_model(SMALL), gpt2_tokenizer(300)))
    text = "one two three"
    before, now = services.read(text, coarse), services.read(text, fine)
    assert len(now.token_ids) > len(before.token_ids)
    ends = "".join(label.text for label in services.labels(before)[:2])
    token = services.same_place(before.to_json(), 1, now)
    assert "".join(label.text for label in services.labels(now)[: token + 1]) == ends
