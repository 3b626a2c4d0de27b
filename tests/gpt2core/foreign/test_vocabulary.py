"""Vocabularies of other people's models encode here as they do in the tokenizers library."""

from __future__ import annotations

import json
import random

import pytest
import tokenizers
from tokenizers.implementations import ByteLevelBPETokenizer

from gpt2core import Tokenizer, gpt2_tokenizer
from gpt2core.errors import DamagedVocabulary, NotInVocabulary, UnsupportedModel
from gpt2core.foreign.bytelevel import BYTE_OF_CHARACTER, CHARACTER_OF_BYTE
from gpt2core.foreign.vocabulary import read_own_vocabulary, read_vocabulary, write_vocabulary
from gpt2core.tokenizer import PlainTokenizer
from tests.gpt2core.test_tokenizer import TEXTS

STORY = "Once upon a time there was a naïve little cat. The cat's hat was 12 years old; the other cats laughed! " * 5


def _learned(shuffled: bool = False) -> tokenizers.Tokenizer:
    """A byte-level BPE of 400 tokens, learned by the library itself; its ids shuffled if asked."""
    learner = ByteLevelBPETokenizer()
    learner.train_from_iterator([STORY], vocab_size=400, min_frequency=2, special_tokens=["<|endoftext|>"])
    about = json.loads(learner.to_str())
    about["post_processor"] = None
    if shuffled:
        words = list(about["model"]["vocab"])
        about["added_tokens"] = []
        random.Random(0).shuffle(words)
        about["model"]["vocab"] = {word: i for i, word in enumerate(words)}
    return tokenizers.Tokenizer.from_str(json.dumps(about))


def _write(learned: tokenizers.Tokenizer, folder, form: str) -> None:
    about = json.loads(learned.to_str())
    if form == "tokenizer.json":
        (folder / form).write_text(learned.to_str(), encoding="utf-8")
        return
    (folder / "vocab.json").write_text(json.dumps(about["model"]["vocab"]), encoding="utf-8")
    lines = [" ".join(merge) for merge in about["model"]["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(lines) + "\n", encoding="utf-8")


def test_the_alphabet_gives_every_byte_a_character_of_its_own():
    assert sorted(BYTE_OF_CHARACTER.values()) == list(range(256))
    assert CHARACTER_OF_BYTE[ord(" ")] == "Ġ"
    assert CHARACTER_OF_BYTE[ord("\n")] == "Ċ"
    assert CHARACTER_OF_BYTE[0] == "Ā"
    assert CHARACTER_OF_BYTE[0xAD] == "Ń"
    assert set(BYTE_OF_CHARACTER) == set(tokenizers.pre_tokenizers.ByteLevel.alphabet())


@pytest.mark.parametrize("form", ["vocab.json", "tokenizer.json"])
@pytest.mark.parametrize("shuffled", [False, True])
def test_a_learned_vocabulary_encodes_as_in_the_library(form, shuffled, tmp_path):
    learned = _learned(shuffled)
    _write(learned, tmp_path, form)
    ours = read_vocabulary(tmp_path, 450)
    assert ours.vocab_size == 450
    for text in [STORY[:100], *TEXTS]:
        if "<|endoftext|>" not in text:  # which the library reads as a command, and we as text
            assert ours.encode(text) == learned.encode(text).ids
        assert ours.decode(ours.encode(text)) == text
        shown = [token for piece in ours.pieces(text) for token in piece.tokens]
        assert shown == [ours.token_bytes(token_id) for token_id in ours.encode(text)]
    assert ours.end_of_text == learned.token_to_id("<|endoftext|>")
    assert ours.end_of_text not in ours.encode("<|endoftext|>")


@pytest.mark.parametrize("vocab_size", [300, 50257])
def test_gpt2_s_own_files_give_gpt2_s_own_tokenizer(vocab_size, tmp_path):
    write_vocabulary(gpt2_tokenizer(vocab_size), tmp_path)
    assert read_vocabulary(tmp_path, vocab_size) is gpt2_tokenizer(vocab_size)
    wider = read_vocabulary(tmp_path, vocab_size + 7)
    assert wider.vocab_size == vocab_size + 7
    assert wider.encode("Hello there") == gpt2_tokenizer(vocab_size).encode("Hello there")
    assert wider.end_of_text == vocab_size - 1


def test_what_is_written_reads_back_the_same(tmp_path):
    _write(_learned(shuffled=True), tmp_path, "tokenizer.json")
    first = read_vocabulary(tmp_path, 400)
    (tmp_path / "again").mkdir()
    write_vocabulary(first, tmp_path / "again")
    second = read_vocabulary(tmp_path / "again", 400)
    assert second.pairs == first.pairs
    assert second.token_ids == first.token_ids
    assert second.special == first.special


def test_a_list_of_single_characters_is_plain_text(tmp_path):
    (tmp_path / "vocab.txt").write_text("a\nb\n \n", encoding="utf-8")
    tokenizer = read_vocabulary(tmp_path, 3)
    assert isinstance(tokenizer, PlainTokenizer)
    assert tokenizer.encode("ab a") == [0, 1, 2, 0]
    (tmp_path / "vocab.txt").unlink()
    (tmp_path / "vocab.json").write_text('{"é": 2, " ": 0, "<|endoftext|>": 1}', encoding="utf-8")
    tokenizer = read_vocabulary(tmp_path, 3)
    assert tokenizer.encode("é ") == [2, 0]
    assert tokenizer.end_of_text == 1
    with pytest.raises(NotInVocabulary, match="no token for 'Ġ'"):
        tokenizer.encode("éĠé")


def test_a_plain_vocabulary_of_ours_replaces_older_files_and_reads_back(tmp_path):
    write_vocabulary(gpt2_tokenizer(300), tmp_path)
    words = PlainTokenizer({b"the": 0, b"th": 1, b"e": 2}, special={"<|endoftext|>": 3})
    write_vocabulary(words, tmp_path)
    again = read_own_vocabulary(tmp_path, 4)
    assert again.token_ids == words.token_ids
    assert again.encode("theth") == [0, 1]
    with pytest.raises(UnsupportedModel, match="is a list with 'the' in it and without merges"):
        read_vocabulary(tmp_path, 4)


def test_a_byte_level_list_without_merges_merges_by_its_ids(tmp_path):
    write_vocabulary(gpt2_tokenizer(1000), tmp_path)
    (tmp_path / "merges.txt").unlink()
    assert read_vocabulary(tmp_path, 1000).encode(STORY) == gpt2_tokenizer(1000).encode(STORY)


def test_a_folder_without_a_vocabulary_has_no_tokenizer(tmp_path):
    assert read_vocabulary(tmp_path, 10) is None


def test_a_vocabulary_of_another_model_is_refused(tmp_path):
    write_vocabulary(gpt2_tokenizer(300), tmp_path)
    with pytest.raises(DamagedVocabulary, match="has an id 299, but the model's ids end at 256"):
        read_vocabulary(tmp_path, 257)


@pytest.mark.parametrize(
    ("vocab", "merges", "sentence"),
    [
        ('{"a": 0, "b": 1}', "a b", "makes 'ab', which vocab.json has no id for"),
        ('{"a": 0, "b": 0}', "", "two tokens the same id"),
        ('{"a": "0"}', "", "gives 'a' the id '0'"),
        ('{"a": -1}', "", "gives 'a' the id -1"),
        ('{"a": 0}', "a", "Merge number 0 is 'a', which is no pair"),
        ('{"a": 0}', "a 日", "'日', which stands for no byte"),
    ],
)
def test_a_damaged_vocabulary_is_refused(vocab, merges, sentence, tmp_path):
    (tmp_path / "vocab.json").write_text(vocab, encoding="utf-8")
    (tmp_path / "merges.txt").write_text(merges, encoding="utf-8")
    with pytest.raises(DamagedVocabulary, match=sentence):
        read_vocabulary(tmp_path, 10)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": {"type": "WordPiece", "vocab": {}}}, "of type 'WordPiece'"),
        ({"pre_tokenizer": {"type": "Whitespace"}}, "prepares text otherwise"),
        ({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True}}, "prepares text otherwise"),
        ({"normalizer": {"type": "NFC"}}, "prepares text otherwise"),
        (
            {"model": {"type": "BPE", "vocab": {}, "merges": [], "end_of_word_suffix": "</w>"}},
            "end_of_word_suffix is '</w>'",
        ),
    ],
)
def test_a_tokenizer_that_is_not_gpt2_s_kind_is_refused_by_name(change, sentence, tmp_path):
    about = json.loads(_learned().to_str()) | change
    (tmp_path / "tokenizer.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(UnsupportedModel, match=sentence):
        read_vocabulary(tmp_path, 500)


def test_a_tokenizer_learned_here_can_be_written(tmp_path):
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"ab": 256, b"abc": 257}
    write_vocabulary(Tokenizer(ranks), tmp_path)
    assert read_vocabulary(tmp_path, 259).pairs == {(b"a", b"b"): 0, (b"ab", b"c"): 1}
