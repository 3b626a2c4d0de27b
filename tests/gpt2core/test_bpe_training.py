"""Training a byte-pair vocabulary: the merges of the library `tokenizers`, and laws that need no library."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest
import tokenizers
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

from gpt2core import gpt2_tokenizer, train_bpe
from gpt2core.bpe_training import bpe_merges, tokenizer_of
from gpt2core.errors import InvalidSetting
from gpt2core.tokenizer import without_surrogates

SAMPLES = sorted((Path(__file__).parent.parent.parent / "assets").glob("*.txt"))
_chance = random.Random(5)
TEXTS = {
    "words": "low lower lowest newer newest widest low low newer " * 20,
    "runs": "aaaa aaa aa a aaaaaaa bbbb bababab " * 7,
    "letters": "".join(_chance.choice("abc def") for _ in range(3000)),
    "signs": "Zoë 漢字 👩‍👩‍👧 مرحبا it's we'll 1234 12 --- !!\n\n\n  x\t\ty " * 5,
    **{path.stem: path.read_text(encoding="utf-8")[:60_000] for path in SAMPLES[:3]},
}


def of_the_library(text: str, n_tokens: int) -> tokenizers.Tokenizer:
    library = tokenizers.Tokenizer(BPE())
    library.pre_tokenizer = ByteLevel(add_prefix_space=False)
    trainer = BpeTrainer(vocab_size=n_tokens, initial_alphabet=ByteLevel.alphabet(), show_progress=False)
    library.train_from_iterator([text], trainer)
    return library


def merges_of(library: tokenizers.Tokenizer) -> list[tuple[bytes, ...]]:
    byte_of = {letter: bytes([byte]) for byte, letter in enumerate(_letters())}
    merges = json.loads(library.to_str())["model"]["merges"]
    return [tuple(b"".join(byte_of[letter] for letter in part) for part in pair) for pair in merges]


def _letters() -> list[str]:
    """What stands for the bytes 0 to 255 in such files (openai/gpt-2, src/encoder.py)."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    shifted = iter(range(256, 512))
    return [chr(byte) if byte in seen else chr(next(shifted)) for byte in range(256)]


@pytest.mark.parametrize("name", TEXTS)
def test_merges_and_their_order_are_those_of_tokenizers_ties_included(name: str) -> None:
    ours = [(merge.left, merge.right) for merge in bpe_merges(TEXTS[name], 257 + 300)]
    theirs = merges_of(of_the_library(TEXTS[name], 256 + 300))
    assert len(theirs) > 10
    assert ours == theirs


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_cut_as_tokenizers_cuts_it_and_comes_back_whole(name: str) -> None:
    text = TEXTS[name]
    ours = train_bpe(text, 557)
    library = of_the_library(text, 556)
    assert ours.encode(text) == library.encode(text).ids
    assert ours.decode(ours.encode(text)) == text


def test_every_count_is_what_counting_anew_gives() -> None:
    text = TEXTS["words"] + TEXTS["letters"]
    merges = list(bpe_merges(text, 320))
    assert [merge.number for merge in merges] == list(range(len(merges)))
    for n in (0, 1, 7, 40):
        before = tokenizer_of(merges[:n])
        parts = [piece.tokens for piece in before.pieces(text)]
        pairs: dict[tuple[bytes, bytes], int] = {}
        for tokens in parts:
            for pair in itertools.pairwise(tokens):
                pairs[pair] = pairs.get(pair, 0) + 1
        assert merges[n].count == max(pairs.values()) == pairs[merges[n].left, merges[n].right]


def test_more_merges_never_need_more_tokens() -> None:
    merges = list(bpe_merges(TEXTS["words"], 300))
    lengths = [len(tokenizer_of(merges[:n]).encode(TEXTS["words"])) for n in range(len(merges) + 1)]
    assert lengths[0] == len(TEXTS["words"].encode())
    assert lengths == sorted(lengths, reverse=True)


def test_any_text_can_be_learned_from_and_comes_back() -> None:
    chance = random.Random(1)
    planes = [(0, 128), (0x80, 0x500), (0x3000, 0x9000), (0xD800, 0xE000), (0x1F000, 0x1FAFF)]
    for _ in range(60):
        text = "".join(chr(chance.randrange(*chance.choice(planes))) for _ in range(chance.randrange(60)))
        learned = train_bpe(text, 300)
        assert learned.decode_bytes(learned.encode(text)) == without_surrogates(text).encode()


def test_one_letter_merges_until_its_longest_piece_is_one_token() -> None:
    merges = list(bpe_merges("aaaaaaaa", 1000))
    assert [merge.token for merge in merges] == [b"aa", b"aaaa", b"aaaaaaaa"]
    assert list(bpe_merges("a", 1000)) == list(bpe_merges("", 1000)) == []
    assert train_bpe("", 1000).vocab_size == 257


def test_documents_are_apart_and_end_of_text_is_a_token_of_its_own() -> None:
    text = "ab\n<|endoftext|>\nab"
    learned = train_bpe(text, 400)
    assert b"<|" not in learned.ranks
    assert learned.end_of_text == learned.vocab_size - 1
    assert learned.encode_documents(text).count(learned.end_of_text) == 1


def test_the_bytes_have_gpt2s_ids() -> None:
    learned = train_bpe("abc", 300)
    assert [learned.token_bytes(number) for number in range(256)] == [
        gpt2_tokenizer().token_bytes(number) for number in range(256)
    ]


@pytest.mark.parametrize("size", [0, 256, 50_258, -1])
def test_a_size_that_there_is_not_is_refused_at_once(size: int) -> None:
    with pytest.raises(InvalidSetting):
        bpe_merges("abc", size)


@pytest.mark.parametrize("name", TEXTS)
def test_each_merge_tells_how_many_tokens_the_text_has_after_it(name: str) -> None:
    text = TEXTS[name][:4_000]
    merges = list(bpe_merges(text, 257 + 60))
    for n in (1, 2, 9, len(merges)):
        assert merges[n - 1].n_tokens == len(tokenizer_of(merges[:n]).encode(text))


def test_a_tie_names_the_pair_that_comes_later_and_was_met_as_often() -> None:
    first, *_ = bpe_merges("ab cd ab cd", 300)
    assert (first.left, first.right, first.count, first.tied) == (b"a", b"b", 2, (b"c", b"d"))
    merges = list(bpe_merges(TEXTS["words"] + TEXTS["letters"], 500))
    assert any(merge.tied for merge in merges)
    assert any(merge.tied is None for merge in merges)
    for n in range(0, len(merges), 17):
        before = tokenizer_of(merges[:n])
        pairs: dict[tuple[bytes, bytes], int] = {}
        for piece in before.pieces(TEXTS["words"] + TEXTS["letters"]):
            for pair in itertools.pairwise(piece.tokens):
                pairs[pair] = pairs.get(pair, 0) + 1
        equals = {pair for pair, count in pairs.items() if count == merges[n].count}
        assert (merges[n].left, merges[n].right) in equals
        assert (merges[n].tied is not None) == (len(equals) > 1)
        assert merges[n].tied in equals - {(merges[n].left, merges[n].right)} or merges[n].tied is None
