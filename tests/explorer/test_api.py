"""The endpoints as a notebook calls them, against numbers computed without them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError

from explorer.app import build_app, launch_options
from explorer.catalogue import catalogue
from explorer.store.services import Services
from gpt2core import Pretrained, generate, gpt2_tokenizer, load_pretrained, save_pretrained, trace
from gpt2core.config import GPTConfig
from gpt2core.edits import zero_head
from gpt2core.notation import parse_edits
from tests.reference import random_model

SENTENCE = "The cat sat on the"
SMALL = GPTConfig(vocab_size=600, context_length=32, emb_dim=24, n_heads=3, n_layers=2, qkv_bias=True, tied_head=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoints folder with one small random model under the default's name."""
    path = tmp_path_factory.mktemp("checkpoints")
    save_pretrained(random_model(SMALL), path / "tinystories", tokenizer=gpt2_tokenizer(600))
    return path


@pytest.fixture(scope="module")
def reference(folder: Path) -> Pretrained:
    return load_pretrained(folder / "tinystories")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    app = build_app(Services(folder))
    _, url, _ = app.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **launch_options())
    yield Client(url, verbose=False)
    app.close()


def test_tokenize_gives_ids_bytes_and_text(client: Client) -> None:
    tokens = client.predict("Hi 😀", api_name="/tokenize")["tokens"]
    assert [token["id"] for token in tokens] == gpt2_tokenizer().encode("Hi 😀")
    assert bytes.fromhex("".join(token["bytes"] for token in tokens)).decode() == "Hi 😀"
    assert tokens[0]["text"] == "Hi"


def test_next_token_is_the_softmax_over_all_logits(client: Client, reference: Pretrained) -> None:
    assert reference.tokenizer is not None
    token_ids = torch.tensor([reference.tokenizer.encode(SENTENCE)])
    with torch.no_grad():
        expected = torch.softmax(reference.model(token_ids)[0, -1].double(), -1)
    answer = client.predict(SENTENCE, "tinystories", 1.0, 0, 1.0, 0.0, api_name="/next_token")
    assert len(answer["tokens"]) == 50
    for token in answer["tokens"]:
        assert abs(token["probability"] - float(expected[token["id"]])) < 1e-6
    listed = [token["probability"] for token in answer["tokens"]]
    assert listed == sorted(listed, reverse=True)
    assert abs(sum(listed) + answer["tail_probability"] - 1) < 1e-9
    assert answer["tail_count"] == SMALL.vocab_size - 50


def test_filters_apply_and_their_tail_is_empty_once_all_kept_are_listed(client: Client) -> None:
    answer = client.predict(SENTENCE, "tinystories", 0.7, 5, 1.0, 0.0, api_name="/next_token")
    assert len(answer["tokens"]) == 5
    assert (answer["tail_probability"], answer["tail_count"]) == (0.0, 0)
    assert abs(sum(token["probability"] for token in answer["tokens"]) - 1) < 1e-9
    greedy = client.predict(SENTENCE, "tinystories", 0, 0, 1.0, 0.0, api_name="/next_token")
    assert [token["probability"] for token in greedy["tokens"]] == [1.0]


def test_attention_is_the_pattern_of_the_head_asked_for(client: Client, reference: Pretrained) -> None:
    assert reference.tokenizer is not None
    answer = client.predict(SENTENCE, "tinystories", 1, 2, api_name="/attention")
    expected = trace(reference.model, reference.tokenizer.encode(SENTENCE), {"pattern"})["pattern", 1][2]
    torch.testing.assert_close(torch.tensor(answer["pattern"]), expected)
    assert len(answer["labels"]) == len(expected)


def test_generate_is_gpt2core_generate_with_the_same_seed(client: Client, reference: Pretrained) -> None:
    assert reference.tokenizer is not None
    answer = client.predict(SENTENCE, "tinystories", 12, 0.9, 40, 0.95, 0.01, 7, api_name="/generate")
    token_ids = reference.tokenizer.encode(SENTENCE)
    steps = generate(reference.model, token_ids, 12, temperature=0.9, top_k=40, top_p=0.95, min_p=0.01, seed=7)
    assert answer["token_ids"] == [step.token_id for step in steps]
    assert answer["text"] == reference.tokenizer.decode(answer["token_ids"])


def test_generate_penalises_repetition_as_gpt2core_does(client: Client, reference: Pretrained) -> None:
    assert reference.tokenizer is not None
    token_ids = reference.tokenizer.encode(SENTENCE)
    settings = {"temperature": 0.0, "repetition_penalty": 1.8}
    steps = generate(reference.model, token_ids, 40, **settings)
    answer = client.predict(SENTENCE, max_new_tokens=40, **settings, api_name="/generate")
    assert answer["token_ids"] == [step.token_id for step in steps]
    without = client.predict(SENTENCE, max_new_tokens=40, temperature=0.0, api_name="/generate")
    assert without["token_ids"] != answer["token_ids"]


def test_generate_stops_at_end_of_text_only_when_asked(client: Client, reference: Pretrained) -> None:
    assert reference.tokenizer is not None
    end = reference.tokenizer.end_of_text
    asked = {"max_new_tokens": 1000, "temperature": 1e6, "seed": 3, "api_name": "/generate"}
    whole = client.predict(SENTENCE, **asked)
    assert len(whole["token_ids"]) == 1000
    n = whole["token_ids"].index(end) + 1  # a draw among 600 equals, a thousand times
    stopped = client.predict(SENTENCE, stop_at_end_of_text=True, **asked)
    assert stopped["token_ids"] == whole["token_ids"][:n]
    assert stopped["text"] == reference.tokenizer.decode(stopped["token_ids"][:-1])


def test_what_is_left_out_takes_its_documented_default(client: Client) -> None:
    whole = client.predict(SENTENCE, api_name="/next_token")
    assert abs(sum(token["probability"] for token in whole["tokens"]) + whole["tail_probability"] - 1) < 1e-9


@pytest.mark.parametrize(
    ("arguments", "endpoint", "sentence"),
    [
        (("", "tinystories"), "/next_token", "There is no text to read"),
        (
            (SENTENCE, "gpt-9"),
            "/next_token",
            "There is no model called “gpt-9”. Choose one of: tinystories, untrained, gpt2.",
        ),
        (("a" * 5 + " word" * 80, "tinystories"), "/next_token", "this model reads at most 32. Remove about"),
        ((SENTENCE, "tinystories", -1.0), "/next_token", "The temperature is -1"),
        ((SENTENCE, "tinystories", 1.0, 1.5), "/next_token", "top_k is 1.5"),
        ((SENTENCE, "tinystories", 1.0, 0, 1.5), "/next_token", "top_p is 1.5"),
        ((SENTENCE, "tinystories", 9, 0), "/attention", "There is no layer 9; this model's layers are 0 to 1."),
        ((SENTENCE, "tinystories", 0, 3), "/attention", "There is no head 3; this model's heads are 0 to 2."),
        ((SENTENCE, "tinystories", 100_000), "/generate", "max_new_tokens is 100000; choose 0 to 1,000."),
        ((SENTENCE, "tinystories", 5, 1.0, 0, 1.0, 0.0, 0, 0.0), "/generate", "The repetition penalty is 0.0"),
        ((SENTENCE, "tinystories", 5, 1.0, 0, 1.0, 0.0, 0, 1.0, 7), "/generate", "stop_at_end_of_text is 7; give true"),
        (("../../etc", "../../etc"), "/next_token", "There is no model called"),
    ],
)
def test_a_refusal_is_one_sentence(client: Client, arguments: tuple, endpoint: str, sentence: str) -> None:
    with pytest.raises(AppError) as refused:
        client.predict(*arguments, api_name=endpoint)
    assert sentence in str(refused.value)


ARGUMENTS = {
    "tokenize": ["abc"],
    "next_token": ["abc", "tinystories", 1, 0, 1, 0, ""],
    "attention": ["abc", "tinystories", 0, 0, ""],
    "generate": ["abc", "tinystories", 3, 1, 0, 1, 0, 0, 1, False, ""],
}
# JSON as other programs send it: types that were not asked for, and numbers that no float holds.
ODD = [
    *("null", "true", "[]", "{}", "[1]", '{"a": 1}', '{"path": "/etc/passwd"}', '"abc"', '"1"', '""'),
    *("-1", "2.5", "NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "-" + "9" * 400, "18446744073709551616"),
    *('"\\ud800"', '"\\u0000"', "[" * 50 + "]" * 50, json.dumps("x" * 100_001)),
]


@pytest.fixture(scope="module")
def program(client: Client) -> Iterator[httpx.Client]:
    """Another program's way to the endpoints: one for all requests, because each of httpx's own reads all certificates anew."""
    with httpx.Client(base_url=f"{client.src.rstrip('/')}/gradio_api/call/", timeout=120) as opened:
        yield opened


def answer_to(program: httpx.Client, endpoint: str, arguments: list[str]) -> dict:
    """What a program that writes its own JSON gets: {"event", "data"}."""
    body = f'{{"data": [{", ".join(arguments)}]}}'
    begun = program.post(endpoint, content=body, headers={"content-type": "application/json"}).json()
    lines = program.get(f"{endpoint}/{begun['event_id']}").text.splitlines()
    return {"event": lines[0].removeprefix("event: "), "data": json.loads(lines[1].removeprefix("data: "))}


@pytest.mark.parametrize(
    ("endpoint", "place"), [(endpoint, place) for endpoint, given in ARGUMENTS.items() for place in range(len(given))]
)
def test_whatever_stands_for_an_argument_is_served_or_refused_in_a_sentence(
    program: httpx.Client, endpoint: str, place: int
) -> None:
    broken = catalogue("page")("broken")
    for odd in ODD:
        arguments = [json.dumps(argument) for argument in ARGUMENTS[endpoint]]
        arguments[place] = odd
        answer = answer_to(program, endpoint, arguments)
        if answer["event"] == "complete":
            continue
        told = answer["data"]["error"]
        assert told != broken, odd[:40]
        assert re.fullmatch(r"\w.{8,400}[.]", told, re.DOTALL), (odd[:40], told)


@pytest.mark.parametrize("seed", [20261128123456, -7, 2**63, 2**64 - 1, 5.0])
def test_any_whole_number_is_a_seed(client: Client, reference: Pretrained, seed: float) -> None:
    assert reference.tokenizer is not None
    answer = client.predict(SENTENCE, max_new_tokens=5, seed=seed, api_name="/generate")
    steps = generate(reference.model, reference.tokenizer.encode(SENTENCE), 5, seed=int(seed))
    assert answer["token_ids"] == [step.token_id for step in steps]


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1])
def test_a_seed_that_torch_does_not_take_is_told_with_the_limits(client: Client, seed: int) -> None:
    with pytest.raises(AppError, match=r"choose a whole number from -9,223.* to 18,446"):
        client.predict(SENTENCE, max_new_tokens=5, seed=seed, api_name="/generate")


@pytest.mark.parametrize("sign", [" ", "\n", "a", "-", "\U0001f600", "\0"])
def test_a_text_of_one_sign_up_to_the_limit_is_encoded_and_a_longer_one_refused(client: Client, sign: str) -> None:
    tokens = client.predict(sign * 100_000, api_name="/tokenize")["tokens"]
    assert bytes.fromhex("".join(token["bytes"] for token in tokens)).decode() == sign * 100_000
    for endpoint in ("/tokenize", "/next_token", "/attention", "/generate"):
        with pytest.raises(AppError, match="this page reads at most 100,000"):
            client.predict(sign * 1_000_000, api_name=endpoint)


def test_only_the_documented_endpoints_are_listed(client: Client) -> None:
    listed = client.view_api(return_format="dict")["named_endpoints"]
    assert sorted(listed) == ["/attention", "/generate", "/next_token", "/tokenize"]


EDITS = [
    "head:1.2",
    "mean-head:0.1",
    "mean-attention:0",
    "mean-mlp:1",
    "mean-layer:0",
    "attention:1",
    "mlp:0",
    "neuron:0.5",
    "mean-neuron:1.5",
    "layer:1",
    "see:3-1",
    "see:3-1@0.2",
    "mask",
    "positions",
    "norm",
    "residual:1",
    "scale",
    "mlp:1, head:0.0, see:2-0",
]


@pytest.mark.parametrize("edits", EDITS)
def test_with_edits_next_token_is_that_of_the_changed_model(client: Client, reference: Pretrained, edits: str) -> None:
    token_ids = reference.tokenizer.encode(SENTENCE)
    named = parse_edits(edits, reference.model.config, len(token_ids))
    changed = trace(reference.model, token_ids, {"logits"}, [one.edit() for one in named])["logits"][-1]
    expected = torch.softmax(changed.double(), -1)
    answer = client.predict(SENTENCE, edits=edits, api_name="/next_token")
    for token in answer["tokens"]:
        assert abs(token["probability"] - float(expected[token["id"]])) < 1e-6
    plain = client.predict(SENTENCE, api_name="/next_token")
    assert plain != answer  # and taken away it leaves nothing behind
    assert client.predict(SENTENCE, api_name="/next_token") == plain


def test_with_edits_attention_and_generation_are_those_of_the_changed_model(
    client: Client, reference: Pretrained
) -> None:
    token_ids = reference.tokenizer.encode(SENTENCE)
    edits = [zero_head(0, 1)]
    seen = client.predict(SENTENCE, layer=1, head=2, edits="head:0.1", api_name="/attention")
    torch.testing.assert_close(
        torch.tensor(seen["pattern"]), trace(reference.model, token_ids, {"pattern"}, edits)["pattern", 1][2]
    )
    text = client.predict(SENTENCE, max_new_tokens=12, seed=3, edits="head:0.1", api_name="/generate")
    assert text["token_ids"] == [
        step.token_id for step in generate(reference.model, token_ids, 12, seed=3, edits=edits)
    ]


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ("head:9.9", "no layer 9"),
        ("wings", "no edit 'wings'"),
        (",".join(f"see:{query}-0" for query in range(1, 18)), "16"),
        (7, "give a text"),
    ],
)
def test_edits_that_have_no_place_are_refused_in_a_sentence(client: Client, edits: object, told: str) -> None:
    with pytest.raises(AppError, match=told):
        client.predict("one two three", edits=edits, api_name="/next_token")
