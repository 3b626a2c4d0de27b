"""A vocabulary learned from a text: what is told of it is what gpt2core's tokenizer does, at every merge; and the refusals."""

from __future__ import annotations

import json

import pytest

from explorer.answers import vocabulary_training
from explorer.answers.training import sample_text
from explorer.answers.vocabulary_training import LEAST, Learning, NothingToMerge, in_words, learning, told
from explorer.store.vocabularies import VocabularyNotKept, VocabularyStore
from gpt2core.bpe_training import bpe_merges, tokenizer_of
from gpt2core.errors import InvalidSetting
from tests.explorer.widgets.scripts import evaluator

TEXTS = {
    "sample": sample_text(),
    "signs": "Zoë 漢字 👩‍👩‍👧 مرحبا it's we'll 1234 12 --- !!\n\n\n  x\t\ty " * 9,
    "documents": "low lower\n<|endoftext|>\nlowest low",
}


def learned(text: str, size: int = 400) -> tuple[Learning, dict]:
    *_, done = learning(text, size)
    return done, told(done, text)


@pytest.fixture(scope="module")
def cut():
    return evaluator("learned/cutting.js", "shared/glyphs.js")


@pytest.mark.parametrize("name", TEXTS)
def test_the_browser_cuts_the_excerpt_at_any_merge_as_the_tokenizer_of_these_merges_does(cut, name):
    done, value = learned(TEXTS[name])
    single = {token_id: token for token, token_id in tokenizer_of([]).ranks.items()}
    excerpt = b"".join(single[token_id] for piece in value["pieces"] for token_id in piece).decode()
    assert TEXTS[name].startswith(excerpt)
    for n in (0, 1, 5, len(done.merges) // 2, len(done.merges)):
        found = cut(f"cutPieces({json.dumps(value['pieces'])}, pairsOf({json.dumps(value['merges'])}), {n})")
        assert found == tokenizer_of(done.merges[:n]).encode(excerpt)


@pytest.mark.parametrize("name", TEXTS)
def test_glyphs_hold_every_byte_of_every_token_once(cut, name):
    done, value = learned(TEXTS[name])
    ids = cut(f"cutPieces({json.dumps(value['pieces'])}, pairsOf({json.dumps(value['merges'])}), {len(done.merges)})")
    sizes = [value["sizes"][token_id] for token_id in ids]
    found = cut(f"glyphsOf({json.dumps(value['characters'])}, {json.dumps(sizes)})")
    held = [0] * len(sizes)
    spelled = iter(value["characters"])
    for glyph in found:
        text, n_bytes = "", 0
        while text != glyph["text"]:
            character = next(spelled)
            text, n_bytes = text + character[0], n_bytes + character[1]
        assert sum(n for _, n in glyph["owners"]) == n_bytes
        for owner, n_bytes in glyph["owners"]:
            held[owner] += n_bytes
    assert held == sizes
    assert "".join(glyph["text"] for glyph in found) == "".join(text for text, _ in value["characters"])


def test_the_curve_is_the_texts_bytes_by_the_tokens_that_each_beginning_of_the_list_makes_of_it(cut):
    done, value = learned(TEXTS["sample"])
    points = cut(f"compression({json.dumps(value)})")
    assert points[0] == [257, 1]
    for n in (1, 10, len(done.merges)):
        tokenizer = tokenizer_of(done.merges[:n])
        assert points[n] == [
            tokenizer.vocab_size,
            pytest.approx(done.n_bytes / len(tokenizer.encode(TEXTS["sample"]))),
        ]
    sizes = [size for size, _ in value["gpt2"]]
    assert sizes == sorted(sizes)
    assert all(1 <= each <= done.n_bytes for _, each in value["gpt2"])


def test_it_tells_how_far_it_is_and_ends_with_all_merges(monkeypatch):
    monkeypatch.setattr(vocabulary_training, "TICK_SECONDS", 0.0)
    moments = [(len(now.merges), now.over) for now in learning(TEXTS["sample"], 300)]
    assert moments == [*((n, False) for n in range(1, 44)), (43, True)]


def test_a_list_that_cannot_be_filled_says_so():
    done, _ = learned("low lower lowest", 2000)
    assert done.merges == list(bpe_merges("low lower lowest", 2000))
    assert "ends before it is full" in in_words(done)
    assert "ends before" not in in_words(learned(TEXTS["sample"])[0])


@pytest.mark.parametrize(
    ("text", "size", "words"),
    [
        ("", 400, "no text"),
        (" \n ", 400, "no text"),
        (None, 400, "no text"),
        ("abc", LEAST - 1, "vocabulary size"),
        ("abc", 1e9, "vocabulary size"),
        ("abc", 300.5, "vocabulary size"),
        ("abc", "300", "vocabulary size"),
        ("abc", None, "nothing"),
        ("a" * 2_000_001, 400, "Remove about 1"),
    ],
)
def test_what_cannot_be_learned_is_refused_with_the_next_step(text, size, words):
    with pytest.raises(InvalidSetting) as refused:
        list(learning(text, size))
    assert words in str(refused.value)


@pytest.mark.parametrize("text", ["a", "a b c d", "1 2 3"])
def test_a_text_without_neighbours_teaches_nothing_or_only_spaces(text):
    if text == "a":
        with pytest.raises(NothingToMerge):
            list(learning(text, 400))
    else:
        assert all(merge.left == b" " for merge in learned(text)[0].merges)


def test_one_distinct_character_is_learned_from_until_its_longest_piece_is_one_token():
    done, value = learned("aaaaaaaa" * 50)
    lengths = [len(merge.token) for merge in done.merges]
    assert lengths[:7] == [2**n for n in range(1, 8)]
    assert done.merges[-1].token == b"a" * 400
    assert max(map(len, value["texts"])) < 80  # long ones are cut, and say how long they are


@pytest.mark.parametrize("text", ["\ud800" * 9, "\0\0\0 \0\0", "\u202ea\u202eb" * 3, "e" + "\u0301" * 500])
def test_text_that_is_hard_to_show_is_learned_from_like_any_other(text):
    _, value = learned(text)
    shown = "".join(text for text, _ in value["characters"]) + "".join(value["texts"])
    assert not set(shown) & {"\0", "\u202e", "\ud800"}


def test_a_vocabulary_is_kept_by_its_key_and_the_oldest_goes():
    store = VocabularyStore(most=2)
    merges = list(bpe_merges("low lower lowest", 270))
    keys = [store.add(merges) for _ in range(3)]
    assert len(set(keys)) == 3
    assert store.get(keys[2]).tokenizer.encode("lower") == tokenizer_of(merges).encode("lower")
    for key in (keys[0], "", None, 3, "vocabulary-guessed"):
        with pytest.raises(VocabularyNotKept):
            store.get(key)
