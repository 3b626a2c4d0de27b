"""From a text to batches. B windows a batch, T tokens a window."""

import itertools
import math

import pytest
import torch

from gpt2core import gpt2_tokenizer
from gpt2core.data import SlidingWindows, character_tokenizer, decode_text, split_corpus
from gpt2core.errors import CorpusNotText, CorpusTooShort, InvalidSetting, NotInVocabulary

TEXT = "".join(f"Sentence number {i} says hello to number {i * i}. " for i in range(400))
SEPARATED = "\n<|endoftext|>\n".join(f"Story {i}. Once there were {i} cats." for i in range(300))


@pytest.fixture(scope="module")
def tokenizer():
    return gpt2_tokenizer(1024)


def test_a_byte_order_mark_is_no_text():
    assert decode_text(b"\xef\xbb\xbfna\xc3\xafve") == "naïve"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00a", b"caf\xe9", b"PK\x03\x04\x00\x00", b"\x89PNG\r\n"])
def test_what_is_not_text_is_refused_with_the_way_out(data):
    with pytest.raises(CorpusNotText, match="UTF-8"):
        decode_text(data)


def test_the_two_parts_are_the_whole_text_and_share_nothing(tokenizer):
    corpus = split_corpus(TEXT, tokenizer, 16)
    train_text, val_text = (tokenizer.decode(ids.tolist()) for ids in (corpus.train_ids, corpus.val_ids))
    assert train_text + val_text == TEXT
    assert len(val_text) == pytest.approx(0.05 * len(TEXT), abs=2)
    assert corpus.bytes_per_token == pytest.approx(len(val_text) / len(corpus.val_ids))


def test_a_text_of_documents_is_cut_between_two_of_them(tokenizer):
    corpus = split_corpus(SEPARATED, tokenizer, 16)
    assert corpus.train_ids[-1] == tokenizer.end_of_text
    train_text, val_text = (tokenizer.decode(ids.tolist()) for ids in (corpus.train_ids, corpus.val_ids))
    stories = (train_text + val_text).split("<|endoftext|>")
    assert stories == SEPARATED.split("\n<|endoftext|>\n")
    assert 0 < val_text.count("Story") < 0.06 * 300


def story(n: int) -> str:
    return f"Story {n}. Once there were {n} cats, and {n * n} mice, and a dog who was not told.\n"


MARK = "<|endoftext|>"
# What a corpus of documents may look like; each holds far more tokens than two windows of 17.
LAYOUTS = {
    "one document that closes with a mark": "".join(map(story, range(200))) + MARK,
    "one document that opens with a mark": MARK + "\n" + "".join(map(story, range(200))),
    "marks at both ends": MARK + "".join(map(story, range(200))) + MARK + "\n",
    "a mark and line ends at the end": "".join(map(story, range(200))) + "\n\n" + MARK + "\n\n\n",
    "a last document of most of the text": story(1) + MARK + "".join(map(story, range(200))),
    "a first document of most of the text": "".join(map(story, range(200))) + MARK + story(1),
    "a last document of a word": "".join(map(story, range(200))) + MARK + "End",
    "two halves": "".join(map(story, range(100))) + MARK + "".join(map(story, range(100))) + MARK,
    "short documents, the last one closed": "".join(story(n) + MARK + "\n" for n in range(200)),
    "a tail of marks": "".join(map(story, range(200))) + MARK * 300,
    "a tail of line ends": "".join(map(story, range(200))) + "\n" * 900,
    "a dense beginning": "1 2 3 4 5 6 7 8 9 " * 60 + "x" * 4000,
    "a dense end": "the cat and the dog were there " * 200 + "\x01\x02\x03" * 40,
    "no line end": "the cat sat on the mat and was glad " * 100,
}


@pytest.mark.parametrize("val_fraction", [0.02, 0.05, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_text_with_enough_tokens_is_taken_wherever_its_documents_end(tokenizer, layout, val_fraction):
    text = LAYOUTS[layout]
    n_tokens, enough = len(tokenizer.encode_documents(text)), math.ceil(17 / min(val_fraction, 1 - val_fraction))
    assert n_tokens >= enough
    corpus = split_corpus(text, tokenizer, 16, val_fraction)
    assert min(len(corpus.train_ids), len(corpus.val_ids)) >= 17
    read = tokenizer.decode([*corpus.train_ids.tolist(), *corpus.val_ids.tolist()])
    assert read.replace("\n", "") == text.replace("\n", "")  # the whole text, once, in its order
    assert 0.2 < corpus.bytes_per_token < 40


@pytest.mark.parametrize("val_fraction", [0.02, 0.05, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("unit", [" word", "a.", "1 ", f"\n{MARK}\nok", "é", "\n\n"])
def test_a_refusal_names_more_tokens_than_there_are_and_that_many_are_taken(tokenizer, unit, val_fraction):
    enough = math.ceil(17 / min(val_fraction, 1 - val_fraction))
    for n in range(0, 3 * enough, max(1, enough // 7)):
        text = unit * n
        n_tokens = len(tokenizer.encode_documents(text))
        if n_tokens >= enough:
            corpus = split_corpus(text, tokenizer, 16, val_fraction)
            assert min(len(corpus.train_ids), len(corpus.val_ids)) >= 17
        elif n_tokens < 30:
            with pytest.raises(CorpusTooShort, match="Add more text") as refused:
                split_corpus(text, tokenizer, 16, val_fraction)
            assert (refused.value.values["n"], refused.value.values["enough"]) == (n_tokens, enough)


def test_a_share_of_tokens_is_kept_where_a_share_of_characters_would_be_too_few(tokenizer):
    text = "\x01" * 1000 + " the" * 30  # the last 2 % of the characters are five tokens
    corpus = split_corpus(text, tokenizer, 16, 0.02)
    assert [*corpus.train_ids, *corpus.val_ids] == tokenizer.encode(text)
    assert len(corpus.val_ids) == int(0.02 * 1030)
    assert corpus.bytes_per_token == 4


def test_a_mark_that_the_cut_would_go_through_ends_its_document(tokenizer):
    text = "the cat sat on the mat. " * 60
    for shift in range(-16, 3):
        cut = int((len(text) + len(MARK)) * 0.9)
        marked = text[: cut + shift] + MARK + text[cut + shift :]
        corpus = split_corpus(marked, tokenizer, 16, 0.1)
        n_marks = sum(int((ids == tokenizer.end_of_text).sum()) for ids in (corpus.train_ids, corpus.val_ids))
        assert n_marks == 1


CORPORA = {"documents": SEPARATED, "text": TEXT, "lines": "One.\n\nTwo.\n" * 300, "closed": LAYOUTS["two halves"]}


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
@pytest.mark.parametrize("name", CORPORA)
def test_line_ends_of_other_systems_read_like_line_feeds(tokenizer, name, line_end):
    plain, other = CORPORA[name], CORPORA[name].replace("\n", line_end)
    assert decode_text(other.encode()) == plain
    ours, theirs = split_corpus(plain, tokenizer, 16), split_corpus(other, tokenizer, 16)
    assert torch.equal(ours.train_ids, theirs.train_ids)
    assert torch.equal(ours.val_ids, theirs.val_ids)
    assert ours.bytes_per_token == theirs.bytes_per_token


def test_line_ends_that_are_mixed_or_stand_around_marks_read_like_line_feeds(tokenizer):
    mixed = "a\r\n<|endoftext|>\r\n\r\nb\rc\n\r\nd\r\r\ne"
    assert decode_text(mixed.encode()) == "a\n<|endoftext|>\n\nb\nc\n\nd\n\ne"
    assert tokenizer.encode_documents("a\r\n<|endoftext|>\r\nb") == tokenizer.encode_documents("a\n<|endoftext|>\nb")


def test_training_windows_never_reach_into_the_validation_text(tokenizer):
    corpus = split_corpus(TEXT, tokenizer, 16)
    for stride in (1, 5, 16, 40):
        windows = SlidingWindows(corpus.train_ids, 16, 4, stride=stride, seed=1)
        for epoch in range(5):
            starts = windows.starts(epoch)
            assert int(starts.min()) >= 0
            assert int(starts.max()) + 17 <= len(corpus.train_ids)


@pytest.mark.parametrize("text", ["", "One line.", "word " * 300])
def test_too_short_a_text_is_refused_with_the_length_it_needs(tokenizer, text):
    with pytest.raises(CorpusTooShort, match="Add more text"):
        split_corpus(text, tokenizer, 64)


def test_targets_are_the_inputs_one_token_on():
    windows = SlidingWindows(torch.arange(1000), 8, 4)
    inputs, targets = windows.batch(3)
    assert inputs.shape == targets.shape == (4, 8)
    assert torch.equal(targets, inputs + 1)
    assert torch.equal(inputs, inputs[:, :1] + torch.arange(8))


@pytest.mark.parametrize("stride", [3, 8, 11])
@pytest.mark.parametrize("n_tokens", [100, 101, 107, 1000])
def test_within_an_epoch_no_window_is_read_twice_and_starts_lie_a_stride_apart(stride, n_tokens):
    windows = SlidingWindows(torch.arange(n_tokens), 8, 1, stride=stride)
    for epoch in range(4):
        first = epoch * windows.n_windows
        starts = sorted(int(windows.batch(first + i)[0][0, 0]) for i in range(windows.n_windows))
        assert {later - earlier for earlier, later in itertools.pairwise(starts)} == {stride}


def test_at_the_default_stride_no_token_is_a_target_twice_in_an_epoch():
    windows = SlidingWindows(torch.arange(1000), 8, 1)
    targets = torch.cat([windows.batch(i)[1].flatten() for i in range(windows.n_windows)])
    assert len(targets.unique()) == len(targets) > 1000 - 3 * 8


def test_the_order_is_fixed_by_the_seed_and_changes_with_the_epoch():
    ids = torch.arange(1000)
    assert torch.equal(SlidingWindows(ids, 8, 4, seed=2).starts(5), SlidingWindows(ids, 8, 4, seed=2).starts(5))
    assert not torch.equal(SlidingWindows(ids, 8, 4, seed=2).starts(5), SlidingWindows(ids, 8, 4, seed=3).starts(5))
    assert not torch.equal(SlidingWindows(ids, 8, 4, seed=2).starts(5), SlidingWindows(ids, 8, 4, seed=2).starts(6))


def test_a_batch_may_straddle_two_epochs():
    windows = SlidingWindows(torch.arange(100), 8, 5)
    read = torch.cat([windows.batch(i)[0][:, 0] for i in range(4)])
    n = windows.n_windows
    assert n % 5
    assert read[:n].tolist() == windows.starts(0).tolist()
    assert read[n:].tolist() == windows.starts(1)[: 20 - n].tolist()


def test_one_window_is_enough_and_less_is_refused():
    assert SlidingWindows(torch.arange(9), 8, 2).batch(0)[0].tolist() == [list(range(8))] * 2
    with pytest.raises(CorpusTooShort, match="a window takes 9"):
        SlidingWindows(torch.arange(8), 8, 2)


def test_a_vocabulary_of_characters_holds_those_of_the_text_and_no_other():
    text = "Zoë sees 漢字 🙂.\r\n<|endoftext|>\nAnd\ud800 more"
    tokenizer = character_tokenizer(text)
    kinds = sorted(set("Zoë sees 漢字 🙂.\nAnd\ufffd more"))
    assert tokenizer.vocab_size == len(kinds) + 1
    assert [tokenizer.decode([i]) for i in range(len(kinds))] == kinds
    assert tokenizer.decode(tokenizer.encode("some 漢 e")) == "some 漢 e"
    with pytest.raises(NotInVocabulary, match="no token for 'x'"):
        tokenizer.encode("see x")
    corpus = split_corpus(text * 20, tokenizer, 8)
    assert int(corpus.train_ids.max()) == tokenizer.end_of_text


def test_too_many_kinds_of_characters_are_refused():
    with pytest.raises(InvalidSetting, match=r"9,000 different characters, .* at most 8,192"):
        character_tokenizer("".join(map(chr, range(0x4E00, 0x4E00 + 9000))))
