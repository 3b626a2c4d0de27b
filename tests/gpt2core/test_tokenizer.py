"""Encode then decode is the identity on any text; every merge shown is a merge made."""

from __future__ import annotations

import functools
import itertools
import random
import unicodedata

import pytest
import tiktoken

from gpt2core import Tokenizer, gpt2_tokenizer
from gpt2core.errors import DamagedVocabulary, InvalidSetting, NotInVocabulary, TokenOutOfRange
from gpt2core.tokenizer import LONGEST_SPACE, SPLIT_PATTERN, PlainTokenizer, gpt2_ranks

TEXTS = [
    "",
    " ",
    "Hello, world! It's 2024.",
    "naïve café — 日本語, \u202eright to left\u202c, \N{FAMILY}\N{ZERO WIDTH JOINER}x",
    "tabs\tand\r\nlines  \n\n  end ",
    "<|endoftext|> is text, \x00 too",
    "".join(map(chr, range(0x250))),
]


@pytest.mark.parametrize("vocab_size", [257, 1000, 50257])
@pytest.mark.parametrize("text", TEXTS)
def test_encode_then_decode_is_the_identity(vocab_size, text):
    tokenizer = gpt2_tokenizer(vocab_size)
    token_ids = tokenizer.encode(text)
    assert tokenizer.decode(token_ids) == text
    assert tokenizer.decode_bytes(token_ids) == text.encode()
    assert all(token_id < tokenizer.end_of_text for token_id in token_ids)


def test_gpt2_s_ids_are_those_of_tiktoken_s_own_encoding():
    pattern = (
        r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"  # tiktoken's own spelling
    )
    theirs = tiktoken.Encoding("r50k", pat_str=pattern, mergeable_ranks=gpt2_ranks(), special_tokens={})
    for text in TEXTS:
        assert gpt2_tokenizer().encode(text) == theirs.encode_ordinary(text)
    assert gpt2_tokenizer().encode("Hello, world") == [15496, 11, 995]
    assert gpt2_tokenizer().end_of_text == 50256


@pytest.mark.parametrize("vocab_size", [257, 1000, 50257])
@pytest.mark.parametrize("text", [*TEXTS, "half a pair: \ud83d"])
def test_the_merges_shown_end_in_the_tokens_encoded(vocab_size, text):
    tokenizer = gpt2_tokenizer(vocab_size)
    pieces = tokenizer.pieces(text)
    shown = [token for piece in pieces for token in piece.tokens]
    assert shown == [tokenizer.token_bytes(token_id) for token_id in tokenizer.encode(text)]
    for piece in pieces:
        assert b"".join(piece.parts) == piece.data
        for merge, before in zip(piece.merges(), itertools.count()):
            left, right = piece.data[merge.start : merge.middle], piece.data[merge.middle : merge.end]
            assert {left, right} <= set(piece.parts_after(before))
            assert left + right in piece.parts_after(before + 1)
            assert left + right in tokenizer.token_ids


def test_a_lone_surrogate_becomes_the_replacement_character():
    assert gpt2_tokenizer().decode(gpt2_tokenizer().encode("a\ud800b")) == "a\ufffdb"


def test_end_of_text_is_written_by_the_corpus_and_never_by_a_person():
    tokenizer = gpt2_tokenizer()
    assert tokenizer.end_of_text not in tokenizer.encode("<|endoftext|>")
    assert tokenizer.encode_documents("a\n<|endoftext|>\nb") == [64, tokenizer.end_of_text, 65]
    assert tokenizer.decode([tokenizer.end_of_text]) == "<|endoftext|>"


def test_ids_that_are_not_there_and_sizes_that_cannot_be_cut_are_refused():
    with pytest.raises(TokenOutOfRange, match="Token id 257 is outside"):
        gpt2_tokenizer(257).decode([257])
    with pytest.raises(TokenOutOfRange, match="Token id -1"):
        gpt2_tokenizer(257).decode([-1])
    for vocab_size in (256, 50258):
        with pytest.raises(InvalidSetting, match="cannot be cut from GPT-2's"):
            gpt2_tokenizer(vocab_size)


def test_a_damaged_vocabulary_file_is_refused(tmp_path):
    (tmp_path / "gpt2.tiktoken").write_text("IQ== 0\n")
    with pytest.raises(DamagedVocabulary, match="should begin 306cd27f03c1"):
        gpt2_ranks(tmp_path / "gpt2.tiktoken")
    with pytest.raises(DamagedVocabulary, match="Restore assets/"):
        gpt2_ranks(tmp_path / "missing.tiktoken")


def test_ids_need_not_be_ranks():
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"th": 256, b"the": 257}
    ids = {token: 500 - rank for token, rank in ranks.items()}
    tokenizer = Tokenizer(ranks, token_ids=ids, special={"<|endoftext|>": 7}, vocab_size=600)
    assert tokenizer.encode("the th") == [500 - 257, 500 - 32, 500 - 256]
    assert tokenizer.decode(tokenizer.encode("the naïve th")) == "the naïve th"
    assert tokenizer.end_of_text == 7
    assert tokenizer.vocab_size == 600
    assert tokenizer.decode([8]) == "<|unused 8|>"
    piece = tokenizer.pieces("the")[0]
    assert [ids[piece.data[merge.start : merge.end]] for merge in piece.merges()] == [500 - 256, 500 - 257]


def test_only_the_pairs_named_may_merge_where_pairs_are_named():
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"bc": 256, b"ab": 257, b"abc": 258}
    pairs = {(b"b", b"c"): 0, (b"a", b"b"): 1, (b"ab", b"c"): 2}
    assert Tokenizer(ranks).encode("abc") == [258]  # tiktoken joins a and bc, because abc is a token
    assert Tokenizer(ranks, token_ids=ranks, pairs=pairs).encode("abc") == [
        97,
        256,
    ]  # a merge of a and bc was never learned


@functools.cache
def judges() -> list[tiktoken.Encoding]:
    """tiktoken with GPT-2's own pattern and with its own spelling of it, which takes any run of white space at the end of a text."""
    spelled = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
    return [
        tiktoken.Encoding("judge", pat_str=pattern, mergeable_ranks=gpt2_ranks(), special_tokens={})
        for pattern in (SPLIT_PATTERN, spelled)
    ]


def as_tiktoken_does(text: str) -> list[int]:
    """Raises what tiktoken raises, which is no Exception, where neither spelling can."""
    plain, possessive = judges()
    try:
        return plain.encode_ordinary(text)
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        return possessive.encode_ordinary(text)


@functools.cache
def foreign_gpt2() -> Tokenizer:
    """GPT-2's vocabulary as one of other people: ids of its own, so that nothing of it is left to tiktoken."""
    return Tokenizer(gpt2_ranks(), token_ids=dict(gpt2_ranks()))


SIGNS = [
    *(" ", "\t", "\n", "\r", "\x0b", "\x85", "\xa0", "\u2028", "\u3000"),  # white space
    *("a", "Z", "é", "ß", "Ж", "ا", "日", "한", "𝔘"),  # letters
    *("0", "٣", "Ⅷ", "½"),  # numbers
    *("-", "=", "'", "😀", "\x00", "\x1c", "\u0301", "\u200d", "\ufffd", "\ue000", "\u0558"),  # other signs
]


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: f"U+{ord(sign):04X}")
def test_a_million_of_any_sign_encode_as_in_tiktoken_with_every_vocabulary(sign):
    text = sign * 1_000_000
    expected = as_tiktoken_does(text)
    assert gpt2_tokenizer().encode(text) == expected
    assert foreign_gpt2().encode(text) == expected


@pytest.mark.parametrize(
    "unit", ["ab", "a-", "  x", "'s", "\r\n", "\n ", "é1", "😀 ", "a\u0301", "--  ", "\x1c-", "\t\n\t"]
)
def test_a_million_of_signs_that_alternate_encode_as_in_tiktoken(unit):
    text = unit * (1_000_000 // len(unit))
    expected = as_tiktoken_does(text)
    assert gpt2_tokenizer().encode(text) == expected
    assert foreign_gpt2().encode(text) == expected


SPACES = (" ", "\n", "\t", "\r\n", " \n", "\n ", "\u3000", "\xa0\u2029")


@pytest.mark.parametrize("after", ["", "x", " x", "'s", "\x1c", "7", "-", "\ud800"])
@pytest.mark.parametrize("space", SPACES)
def test_where_long_white_space_is_cut_off_changes_no_id(space, after):
    """Up to half a million tiktoken reads by itself: there the ids must be its own, however the white space ends."""
    for before in ("", "it's", "y \n"):
        for n in (LONGEST_SPACE - 1, LONGEST_SPACE, LONGEST_SPACE + 1):
            text = before + space * (n // len(space)) + after + space * n + "z"
            assert gpt2_tokenizer().encode(text) == judges()[0].encode_ordinary(text)


@pytest.mark.parametrize("after", ["x", " x", "\x1c", "\n"])
def test_white_space_that_tiktoken_cannot_read_is_cut_as_shorter_white_space_is(after):
    """A million is where it panics; each further blank adds what it adds to half as many."""
    short, long = (gpt2_tokenizer().encode(" " * n + after + "y") for n in (400_000, 1_400_000))
    assert long[1_000_000:] == short
    assert set(long[:1_000_000]) == {220}


def test_texts_of_all_signs_and_long_runs_encode_alike_in_tiktoken_here_and_step_by_step():
    dice = random.Random(7)
    judge = judges()[0]
    for _ in range(60):
        text = "".join(dice.choice(SIGNS) * dice.choice((1, 1, 2, 3, 700)) for _ in range(dice.randrange(1, 40)))
        expected = judge.encode_ordinary(text)
        assert gpt2_tokenizer().encode(text) == expected
        assert foreign_gpt2().encode(text) == expected
        shown = [token for piece in gpt2_tokenizer().pieces(text) for token in piece.tokens]
        assert shown == [gpt2_tokenizer().token_bytes(token_id) for token_id in expected]


def test_characters_of_all_of_unicode_encode_as_in_tiktoken_assigned_or_not():
    """`regex`, which cuts here, takes 17,480 code points without a meaning yet for letters or numbers, and tiktoken does not."""
    everything = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    unassigned = [character for character in everything if unicodedata.category(character) == "Cn"]
    assigned = [character for character in everything if unicodedata.category(character) != "Cn"]
    for characters in (assigned[::5], unassigned[::50]):
        text = "1".join(f"a{character}b {character}" for character in characters)
        assert foreign_gpt2().encode(text) == judges()[0].encode_ordinary(text)


@pytest.mark.parametrize("vocab_size", [257, 300, 1024, 8192, 50257])
def test_a_history_is_kept_in_one_number_a_merge_and_ends_in_the_tokens(vocab_size):
    tokenizer = gpt2_tokenizer(vocab_size)
    for text in ("-" * 16_000, "a" * 3_000, "😀" * 2_000, " " * 5_000, "ab" * 4_000):
        (piece,) = tokenizer.pieces(text)
        assert len(piece.joints) + len(piece.tokens) == len(piece.data)
        assert [tokenizer.token_ids[token] for token in piece.tokens] == tokenizer.encode(text)


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: f"U+{ord(sign):04X}")
def test_a_million_of_any_sign_encode_with_a_list_of_bytes_or_characters(sign):
    text = sign * 1_000_000
    single = PlainTokenizer({bytes([byte]): byte for byte in range(256)})
    assert single.encode(text) == list(text.encode())
    characters = PlainTokenizer({each.encode(): place for place, each in enumerate(SIGNS)})
    assert characters.encode(text) == [SIGNS.index(sign)] * 1_000_000


def test_a_vocabulary_without_end_of_text_says_so():
    with pytest.raises(NotInVocabulary, match=r"no <\|endoftext\|> token"):
        _ = PlainTokenizer({b"a": 0}).end_of_text


def test_a_plain_vocabulary_takes_the_longest_entry_that_fits():
    tokenizer = PlainTokenizer({text.encode(): i for i, text in enumerate(["a", "b", "ab", "é", " "])})
    assert tokenizer.encode("abé a") == [2, 3, 4, 0]
    assert tokenizer.decode([2, 3, 4, 0]) == "abé a"
    assert [piece.tokens for piece in tokenizer.pieces("ab")] == [(b"ab",)]
    for text in ("aö", "a" * 5000 + "ö" * 5000):
        with pytest.raises(NotInVocabulary, match="no token for 'ö'"):
            tokenizer.encode(text)
