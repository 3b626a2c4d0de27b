"""The same text cut by several vocabularies: every byte once, the counts those of the tokenizers, disagreements those that recounting finds."""

from __future__ import annotations

import json
import random
import sys

import pytest

from explorer.answers.languages import ARTICLE_1
from explorer.answers.presets import PRESETS
from explorer.answers.vocabularies import dearest, languages, places, side_by_side, vocabularies
from explorer.store.vocabularies import VocabularyNotKept
from gpt2core import gpt2_tokenizer, published
from gpt2core.bpe_training import bpe_merges, tokenizer_of
from gpt2core.tokenizer import without_surrogates
from tests.explorer.widgets.scripts import evaluator

TEXTS = {**PRESETS, "surrogate": "a\ud800b", "nothing to see": "\0\u202e\u200b", "flood": "e" + "\u0301" * 300}


@pytest.fixture
def listed(services):
    merges = list(bpe_merges("low lower lowest newer newest widest " * 9, 300))
    return vocabularies(services, services.vocabularies.add(merges))


@pytest.mark.parametrize("name", TEXTS)
def test_every_line_holds_every_byte_of_the_text_once(listed, name):
    told = side_by_side(TEXTS[name], listed)
    data = without_surrogates(TEXTS[name]).encode()
    assert sum(n for _, n, _ in told["characters"]) == len(data)
    rows = {row["name"]: row["tokens"] for row in told["rows"]}
    assert list(rows)[:4] == ["gpt2", "shipped", "training", "own"]
    for sizes in rows.values():
        assert sizes is None or sum(sizes) == len(data)
    assert len(rows["bytes"]) == len(data)
    assert len(rows["characters"]) == told["n"] == len(without_surrogates(TEXTS[name]))
    assert all(wide >= 1 for _, _, wide in told["characters"])
    json.dumps(told)


def test_the_lines_are_cut_as_the_tokenizers_cut(listed):
    text = "The lowest widest cat opened a gift: 12345!"
    rows = {row["name"]: row["tokens"] for row in side_by_side(text, listed)["rows"]}
    for name, size in (("gpt2", 50_257), ("shipped", 8192), ("training", 1024)):
        tokenizer = gpt2_tokenizer(size)
        assert rows[name] == [len(tokenizer.token_bytes(token_id)) for token_id in tokenizer.encode(text)]
    own = tokenizer_of(list(bpe_merges("low lower lowest newer newest widest " * 9, 300)))
    assert rows["own"] == [len(own.token_bytes(token_id)) for token_id in own.encode(text)]
    assert rows["words"] == [len(word) + (place > 0) for place, word in enumerate(text.split())]


def test_without_a_vocabulary_of_ones_own_there_is_no_such_line_and_a_lost_one_is_refused(services):
    assert "own" not in [one.name for one in vocabularies(services)]
    with pytest.raises(VocabularyNotKept):
        vocabularies(services, "vocabulary-guessed")


def test_disagreements_are_the_cuts_that_only_one_of_two_makes():
    engine = evaluator("vocabularies/cuts.js")
    chance = random.Random(3)
    for _ in range(50):
        a, b = ([chance.randrange(1, 5) for _ in range(chance.randrange(1, 12))] for _ in range(2))
        a, b = ([*sizes, 100 - sum(sizes)] for sizes in (a, b))
        ends = [{sum(sizes[:n]) for n in range(1, len(sizes))} for sizes in (a, b)]
        told = engine(f"disagreements({a}, {b})")
        assert set(told["more"]) == ends[0] - ends[1]
        assert set(told["fewer"]) == ends[1] - ends[0]
    assert engine("disagreements([5], [2, 3])") == {"more": [], "fewer": [2]}


def test_a_byte_lies_where_its_character_does_as_far_as_its_bytes_go():
    engine = evaluator("vocabularies/cuts.js")
    assert engine("[0, 1, 2, 4, 5].map(placesOf([['a', 1, 1], ['漢', 3, 2], ['b', 1, 1]]))") == [
        0,
        1,
        pytest.approx(1 + 2 / 3),
        3,
        4,
    ]


def test_a_language_pays_as_many_times_as_its_tokens_are_more_than_englishs(listed):
    names, here, times, counts = languages(listed)
    assert names[0] == "English"
    assert len(names) == len(ARTICLE_1) == len(times)
    whole = gpt2_tokenizer()
    english = len(whole.encode(ARTICLE_1["english"]))
    for row, ratios, text in zip(counts, times, ARTICLE_1.values(), strict=True):
        assert row[0] == len(whole.encode(text))
        assert ratios[0] == row[0] / english
        assert row[-1] == len(text.encode())
    assert set(times[0]) == {1.0}
    assert "Hindi pays most" in dearest(names, here, times)


@pytest.mark.parametrize(("seen", "wide"), [("a", 1), ("漢", 2), ("é", 1), ("👩\u200d👧", 2), ("‹U+202E›", 8)])
def test_east_asian_characters_and_pictures_take_two_places(seen, wide):
    assert places(seen) == wide


@pytest.mark.parametrize("name", published.PUBLISHED)
def test_what_is_pinned_of_a_published_vocabulary_is_what_tiktoken_pins(name, monkeypatch):
    from tiktoken_ext import openai_public  # noqa: PLC0415 tiktoken's plug-in

    asked = {}
    monkeypatch.setattr(
        openai_public, "load_tiktoken_bpe", lambda address, expected_hash: asked.update({address: expected_hash}) or {}
    )
    getattr(openai_public, name)()
    about = published.PUBLISHED[name]
    assert asked == {about.address: about.sha256}


def test_a_published_vocabulary_whose_file_is_not_here_is_listed_and_nothing_is_asked_of_the_network(
    services, monkeypatch, tmp_path
):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(published.urllib.request, "urlopen", lambda *_, **__: sys.exit("asked"))
    listed = vocabularies(services)
    missing = [one.name for one in listed if one.cut is None]
    assert missing == ["cl100k_base", "o200k_base"]
    assert [row["tokens"] for row in side_by_side("a", listed)["rows"]][3:5] == [None, None]
    published.file_of("cl100k_base").write_bytes(b"damaged")
    assert not published.is_here("cl100k_base")
    assert published.opened("cl100k_base") is None
    assert published.file_of("cl100k_base").read_bytes() == b"damaged"  # somebody else's file is left alone
