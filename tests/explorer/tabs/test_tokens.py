"""The Tokens tab on pieces of any length: what is sent and what is drawn stay within what a person can look at."""

from __future__ import annotations

import json

import pytest

from explorer.answers.merges import label
from explorer.answers.presets import PRESETS
from explorer.answers.token_views import token_views
from explorer.panels import merging
from explorer.store.services import DEFAULT_MODEL, Services
from explorer.tabs import tokens
from explorer.widgets.token_text import token_text_value
from explorer.wording.glyphs import shares
from gpt2core import GPTConfig, gpt2_tokenizer, save_pretrained
from gpt2core.tokenizer import without_surrogates
from tests.reference import random_model

LONG = {
    "dashes": "-" * 2_000,
    "letters": "a" * 2_000,
    "letters of several kinds": "abcdefghij" * 200,
    "digits": "0" * 2_000,
    "blanks": " " * 1_000,
    "line ends": "\n" * 1_500,
    "accents": "é" * 900,
    "emoji": "😀" * 400,
    "zeros": "\0" * 1_000,
    "dashes without end": "-" * 60_000,
}


@pytest.fixture(scope="module", params=[8192, 50257])
def services(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Services:
    folder = tmp_path_factory.mktemp("checkpoints")
    config = GPTConfig(request.param, 2_100, 4, 1, 1, qkv_bias=True, tied_head=True)
    save_pretrained(random_model(config), folder / DEFAULT_MODEL, tokenizer=gpt2_tokenizer(request.param))
    return Services(folder)


def shown(widget_value: dict[str, str]) -> dict:
    return json.loads(widget_value["told"])


@pytest.mark.parametrize("kind", LONG)
def test_what_is_sent_for_a_long_piece_stays_below_two_megabytes(services, kind):
    run = services.read(LONG[kind], DEFAULT_MODEL)
    labels, found = services.labels(run), token_views(services, run)
    families, which = found.told_families()
    value = token_text_value(labels, found.seen, found.characters, found.whys, families, which)
    sent = len(json.dumps([value, merging.merges_of(services, run)]))
    assert sent + len(tokens.token_table(labels, found).to_json()) < 2_000_000
    assert all(len(history["end"]) < 600 for history in shown(merging.merges_of(services, run))["histories"])


def test_each_token_has_the_history_of_the_piece_that_it_is_in_and_like_pieces_are_sent_once(services):
    run = services.read("one  2222 three one three", DEFAULT_MODEL)
    tokenizer = services.models.tokenizer(DEFAULT_MODEL)
    pieces = tokenizer.pieces(run.text)
    told = shown(merging.merges_of(services, run))
    assert len(told["piece_of"]) == len(run.token_ids)
    assert len(told["histories"]) == len({piece.data for piece in pieces})
    for number in told["piece_of"]:
        history = told["histories"][told["which"][number]]["history"]
        assert sum(history["sizes"][kind] for kind in history["start"]) == len(pieces[number].data)
    rebuilt = [token for piece in told["which"] for token in last_parts(told["histories"][piece])]
    assert rebuilt == list(run.token_ids)


def last_parts(history: dict) -> list[int]:
    """The ids that stand at the end, found by making every merge anew."""
    data, kinds = history["history"], history["kinds"]
    parts = [[kind, data["sizes"][kind]] for kind in data["start"]]
    for joint, made in zip(data["joints"], data["made"], strict=True):
        end, place = 0, 0
        while end + parts[place][1] != joint:
            end += parts[place][1]
            place += 1
        parts[place : place + 2] = [[made, parts[place][1] + parts[place + 1][1]]]
    return [kinds[kind]["id"] for kind, _ in parts]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_read_and_its_merges_rebuild_its_tokens(services, name):
    run = services.read(PRESETS[name], DEFAULT_MODEL)
    told = shown(merging.merges_of(services, run))
    assert [one for piece in told["which"] for one in last_parts(told["histories"][piece])] == list(run.token_ids)
    assert "".join(text for text, _ in told["cuts"]) == "".join(
        label(piece.data) for piece in services.models.tokenizer(DEFAULT_MODEL).pieces(run.text)
    )


@pytest.mark.parametrize("text", [*PRESETS.values(), "a\ud800\0\u202eb", "e" + "\u0301" * 400, "\r\n\t \x07"])
def test_what_is_told_of_each_token_is_all_of_its_bytes(services, text):
    run = services.read(text, DEFAULT_MODEL)
    found = token_views(services, run)
    parts = shares(len(found.tokens), found.characters)
    assert [sum(part["n"] for part in told) for told in parts] == [len(token) for token in found.tokens]
    assert b"".join(glyph.data for glyph in found.seen) == b"".join(found.tokens) == without_surrogates(text).encode()
    assert len(found.whys) == len(found.piece_of) == len(found.tokens)
    for glyph in found.seen:
        assert sum(n for _, n in glyph.owners) == len(glyph.data)
        assert not set(glyph.text) & set("\0\u202e\n\t\r ")
