"""Encode then decode is the identity on any text; every merge shown is a merge made."""

from __future__ import annotations

import pytest
import tiktoken

from gpt2core import Tokenizer, gpt2_tokenizer
from gpt2core.errors import DamagedVocabulary, InvalidSetting, NotInVocabulary, TokenOutOfRange
from gpt2core.tokenizer import PlainTokenizer, gpt2_ranks

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
        before = piece.parts
        for merge in piece.merges:
            i = merge.position
            assert merge.parts == (*before[:i], before[i] + before[i + 1], *before[i + 2 :])
            assert merge.parts[i] == tokenizer.token_bytes(merge.token_id)
            before = merge.parts


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
    assert [merge.token_id for merge in tokenizer.pieces("the")[0].merges] == [500 - 256, 500 - 257]


def test_only_the_pairs_named_may_merge_where_pairs_are_named():
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"bc": 256, b"ab": 257, b"abc": 258}
    pairs = {(b"b", b"c"): 0, (b"a", b"b"): 1, (b"ab", b"c"): 2}
    assert Tokenizer(ranks).encode("abc") == [258]  # tiktoken joins a and bc, because abc is a token
    assert Tokenizer(ranks, token_ids=ranks, pairs=pairs).encode("abc") == [
        97,
        256,
    ]  # a merge of a and bc was never learned


def test_a_vocabulary_without_end_of_text_says_so():
    with pytest.raises(NotInVocabulary, match=r"no <\|endoftext\|> token"):
        _ = PlainTokenizer({b"a": 0}).end_of_text


def test_a_plain_vocabulary_takes_the_longest_entry_that_fits():
    tokenizer = PlainTokenizer({text.encode(): i for i, text in enumerate(["a", "b", "ab", "é", " "])})
    assert tokenizer.encode("abé a") == [2, 3, 4, 0]
    assert tokenizer.decode([2, 3, 4, 0]) == "abé a"
    assert [piece.tokens for piece in tokenizer.pieces("ab")] == [(b"ab",)]
    with pytest.raises(NotInVocabulary, match="no token for 'ö'"):
        tokenizer.encode("aö")
