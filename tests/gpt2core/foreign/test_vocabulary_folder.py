"""A vocabulary is a folder: whatever stands in it, ids are those of transformers and tokenizers, or the folder is refused."""

from __future__ import annotations

import json
import random
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from tokenizers.implementations import ByteLevelBPETokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from gpt2core import Tokenizer, gpt2_tokenizer
from gpt2core.errors import DamagedVocabulary, UnsupportedModel
from gpt2core.foreign.vocabulary import read_vocabulary, write_vocabulary

N_STRINGS, ROWS = 500, 1_200
WORDS = ("Hello", " world", "'s", "  ", "\n", "!!", "don't", " 1234", "\t", "é", " naïve", "cat", "…")


def _strings() -> list[str]:
    """Characters of every block of Unicode that Python's tables know, mixed with words, blanks and signs; the same every time."""
    luck = random.Random(0)
    assigned = [c for c in range(sys.maxunicode) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
    scripts: dict[int, list[int]] = {}
    for c in assigned:
        scripts.setdefault(c >> 7, []).append(c)  # 128 at a time: blocks are multiples of 16, and most of 128
    made = []
    for number in range(N_STRINGS):
        block = list(scripts.values())[number % len(scripts)]
        parts = [
            "".join(chr(luck.choice(block)) for _ in range(luck.randint(1, 6)))
            if luck.random() < 0.6
            else luck.choice(WORDS)
            for _ in range(luck.randint(1, 12))
        ]
        made.append("".join(parts))
    return made


STRINGS = _strings()


def _learned() -> tokenizers.Tokenizer:
    learner = ByteLevelBPETokenizer()
    learner.train_from_iterator(STRINGS[::2], vocab_size=1000, min_frequency=2, special_tokens=["<|endoftext|>"])
    return learner._tokenizer


Put = Callable[[Path], object]


def _json(name: str, content: object) -> Put:
    return lambda folder: (folder / name).write_text(json.dumps(content), encoding="utf-8")


def _tokenizer_json(**changed: Any) -> Put:
    def put(folder: Path) -> None:
        about = json.loads(_learned().to_str())
        model = about["model"] | changed.get("model", {})
        (folder / "tokenizer.json").write_text(json.dumps(about | changed | {"model": model}), encoding="utf-8")

    return put


def _two_files(folder: Path) -> None:
    about = json.loads(_learned().to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(about["vocab"]), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(merge) for merge in about["merges"])]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _all(*puts: Put) -> Put:
    return lambda folder: [put(folder) for put in puts]


def _edited(name: str, change: Callable[[bytes], bytes]) -> Put:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


ALONE = _tokenizer_json(post_processor=None)
TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [],
    "special_tokens": {},
}
TEMPLATE["pair"] = [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}]
AS_IT_STANDS = {"normalized": False, "lstrip": False, "rstrip": False, "single_word": False}
EVERY_DAY = {
    "add_bos_token": False,
    "added_tokens_decoder": {"0": {"content": "<|endoftext|>", "special": True}},
    "bos_token": "<|endoftext|>",
    "chat_template": "{{ messages }}",
    "clean_up_tokenization_spaces": True,
    "eos_token": "<|endoftext|>",
    "errors": "replace",
    "model_max_length": 1024,
    "name_or_path": "gpt2",
    "pad_token": None,
    "padding_side": "left",
    "special_tokens_map_file": None,
    "tokenizer_class": "GPT2Tokenizer",
    "unk_token": {"__type": "AddedToken", "content": "<|endoftext|>", "lstrip": False},
}
OPEN: dict[str, Put] = {
    "gpt2": lambda folder: write_vocabulary(gpt2_tokenizer(), folder),
    "beginning of gpt2": lambda folder: write_vocabulary(gpt2_tokenizer(1000), folder),
    "vocab.json, merges.txt": _two_files,
    "crlf": _all(_two_files, _edited("merges.txt", lambda text: text.replace(b"\n", b"\r\n"))),
    "no version line": _all(_two_files, _edited("merges.txt", lambda text: text.split(b"\n", 1)[1])),
    "tokenizer.json": ALONE,
    "tokenizer.json, byte-level post-processor": _tokenizer_json(),
    "tokenizer.json, template of the text alone": _tokenizer_json(post_processor=TEMPLATE),
    "tokenizer.json, empty prefixes": _tokenizer_json(
        model={"continuing_subword_prefix": "", "end_of_word_suffix": "", "dropout": None}
    ),
    "tokenizer.json beside vocab.json and merges.txt": _all(_two_files, ALONE),
    "tokenizer_config.json": _all(
        _two_files, _json("tokenizer_config.json", {"add_prefix_space": False, "tokenizer_class": "GPT2Tokenizer"})
    ),
    "added_tokens.json": _all(_two_files, _json("added_tokens.json", {"<|pad|>": 1000, "<|user|>": 1001})),
    "special_tokens_map.json": _all(
        _two_files, _json("special_tokens_map.json", {"pad_token": "<pad>", "bos_token": {"content": "<s>"}})
    ),
    "added_tokens_decoder": _all(
        ALONE,
        _json(
            "tokenizer_config.json",
            {"added_tokens_decoder": {"1000": {"content": "[PAD]", "special": True}}, "pad_token": "[PAD]"},
        ),
    ),
    "names with a part that GPT-2 does not know": _all(
        _two_files,
        _json("tokenizer_config.json", {"image_token": "<image>"}),
        _json("special_tokens_map.json", {"boi_token": {"content": "<boi>", "lstrip": False}}),
    ),
    "extra names by part": _all(
        _two_files, _json("tokenizer_config.json", {"extra_special_tokens": {"user_token": "<user>"}})
    ),
    "a mark that is declared one": _all(
        _tokenizer_json(added_tokens=[{"id": 1000, "content": "<fim-hole>", "special": True} | AS_IT_STANDS])
    ),
    "settings of every day": _all(_two_files, _json("tokenizer_config.json", EVERY_DAY)),
    "cut off and filled up when asked for": _tokenizer_json(
        truncation=None,
        padding=None,
        decoder={"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        model={"fuse_unk": True, "unk_token": None, "byte_fallback": False, "ignore_merges": False, "dropout": 0.0},
    ),
    "tokenizer.json, general class": _all(
        ALONE, _json("tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"})
    ),
}


def _written(tmp_path: Path, put: Put) -> Path:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    put(tmp_path)
    return tmp_path


@pytest.mark.parametrize("form", OPEN)
def test_a_vocabulary_that_opens_gives_the_ids_of_transformers_on_500_strings_of_all_scripts(form, tmp_path):
    folder = _written(tmp_path, OPEN[form])
    ours, theirs = read_vocabulary(folder, 50257 if form == "gpt2" else ROWS), AutoTokenizer.from_pretrained(folder)
    assert len(STRINGS) == N_STRINGS
    differing = [text for text in STRINGS if ours.encode(text) != theirs(text)["input_ids"]]
    assert differing == []
    if (folder / "tokenizer.json").exists():
        library = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        assert [text for text in STRINGS if ours.encode(text) != library.encode(text).ids] == []
    named = {name: i for name, i in theirs.get_added_vocab().items() if i < ours.vocab_size}
    assert named.items() <= ours.special.items()


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("merges.txt", lambda text: text),
        ("merges.txt", lambda text: text.replace(b"\n", b"\r\n")),
        ("merges.txt", lambda text: text.split(b"\n", 1)[1]),
        ("vocab.json", lambda text: text),
    ],
    ids=["merges.txt", "merges.txt with CRLF", "merges.txt without version line", "vocab.json"],
)
def test_a_mark_at_the_beginning_of_merges_is_taken_off(name, before, tmp_path):
    folder = _written(tmp_path, _all(_two_files))
    plain = read_vocabulary(folder, ROWS)
    _edited(name, lambda text: b"\xef\xbb\xbf" + before(text))(folder)
    marked = read_vocabulary(folder, ROWS)
    assert marked.pairs == plain.pairs
    assert [text for text in STRINGS if marked.encode(text) != plain.encode(text)] == []


BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
BERT = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nhello\nworld\n##s\n"
REFUSED: dict[str, tuple[Put, str]] = {
    "prefix space": (
        _all(_two_files, _json("tokenizer_config.json", {"add_prefix_space": True})),
        "add_prefix_space is True",
    ),
    "begin of text": (
        _all(_two_files, _json("tokenizer_config.json", {"add_bos_token": True})),
        "add_bos_token is True",
    ),
    "end of text": (_all(_two_files, _json("tokenizer_config.json", {"add_eos_token": True})), "add_eos_token is True"),
    "small letters": (
        _all(_two_files, _json("tokenizer_config.json", {"do_lower_case": True})),
        "do_lower_case is True",
    ),
    "code of its own": (
        _all(_two_files, _json("tokenizer_config.json", {"auto_map": {"AutoTokenizer": "a.B"}})),
        "auto_map is",
    ),
    "dropout in the settings": (
        _all(_two_files, _json("tokenizer_config.json", {"dropout": 0.1})),
        "dropout is 0.1",
    ),
    "a setting unheard of": (
        _all(_two_files, _json("tokenizer_config.json", {"add_dummy_prefix": True})),
        "add_dummy_prefix in tokenizer_config.json is a setting that is not known",
    ),
    "a vocabulary in the settings": (
        _all(_two_files, _json("tokenizer_config.json", {"vocab": {chr(i): i for i in range(500)}})),
        "vocab is {'\\x00': 0",
    ),
    "merges in the settings": (
        _all(_two_files, _json("tokenizer_config.json", {"merges": [["a", "b"]]})),
        "merges is [['a', 'b']]",
    ),
    "another class": (
        _all(_two_files, _json("tokenizer_config.json", {"tokenizer_class": "BertTokenizer"})),
        "read by 'BertTokenizer'",
    ),
    "a general class without its file": (
        _all(_two_files, _json("tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"})),
        "read by 'PreTrainedTokenizerFast'",
    ),
    "a class in config.json": (
        _all(_two_files, _json("config.json", {"model_type": "gpt2", "tokenizer_class": "T5Tokenizer"})),
        "'T5Tokenizer'",
    ),
    "splitting": (_all(_two_files, _tokenizer_json(pre_tokenizer={"type": "Whitespace"})), "pre_tokenizer"),
    "splitting without the rule": (
        _all(_two_files, _tokenizer_json(pre_tokenizer=BYTE_LEVEL | {"use_regex": False})),
        "pre_tokenizer",
    ),
    "splitting of digits": (
        _all(
            _two_files,
            _tokenizer_json(
                pre_tokenizer={
                    "type": "Sequence",
                    "pretokenizers": [{"type": "Digits", "individual_digits": True}, BYTE_LEVEL],
                }
            ),
        ),
        "pre_tokenizer",
    ),
    "a splitter unheard of": (_tokenizer_json(pre_tokenizer=BYTE_LEVEL | {"new": 1}), "pre_tokenizer"),
    "no splitter": (_tokenizer_json(pre_tokenizer=None), "pre_tokenizer"),
    "normalizer": (_all(_two_files, _tokenizer_json(normalizer={"type": "NFC"})), "normalizer"),
    "normalizer, small letters": (_tokenizer_json(normalizer={"type": "Lowercase"}), "normalizer"),
    "post-processor": (
        _all(_two_files, _tokenizer_json(post_processor=TEMPLATE | {"single": [{"SpecialToken": {"id": "<s>"}}]})),
        "post_processor",
    ),
    "post-processor of BERT": (
        _tokenizer_json(post_processor={"type": "BertProcessing", "sep": ["a", 1], "cls": ["b", 2]}),
        "post_processor",
    ),
    "decoder": (_tokenizer_json(decoder={"type": "WordPiece"}), "decoder"),
    "byte fallback": (_all(_two_files, _tokenizer_json(model={"byte_fallback": True})), "byte_fallback is True"),
    "merges ignored": (_tokenizer_json(model={"ignore_merges": True}), "ignore_merges is True"),
    "dropout": (_tokenizer_json(model={"dropout": 0.1}), "dropout is 0.1"),
    "dropout beside": (_all(_two_files, _tokenizer_json(model={"dropout": 0.5})), "dropout is 0.5"),
    "suffix": (_tokenizer_json(model={"end_of_word_suffix": "</w>"}), "end_of_word_suffix is '</w>'"),
    "unheard of": (_tokenizer_json(model={"new_setting": 1}), "new_setting is 1"),
    "unheard of, outside": (_tokenizer_json(new_part=1), "new_part is 1"),
    "WordPiece": (lambda folder: (folder / "vocab.txt").write_text(BERT), "without merges"),
    "WordPiece beside": (
        _all(_two_files, lambda folder: (folder / "vocab.txt").write_text(BERT)),
        "holds vocab.txt, a vocabulary of another kind",
    ),
    "WordPiece in tokenizer.json": (_tokenizer_json(model={"type": "WordPiece"}), "of type 'WordPiece'"),
    "SentencePiece": (lambda folder: (folder / "spiece.model").write_bytes(b"x"), "holds spiece.model"),
    "SentencePiece beside": (
        _all(_two_files, lambda folder: (folder / "tokenizer.model").write_bytes(b"x")),
        "holds tokenizer.model",
    ),
    "a word added": (_all(_two_files, _json("added_tokens.json", {"covid": 1000})), "reads 'covid' as one token"),
    "a word added in tokenizer.json": (
        _tokenizer_json(added_tokens=[{"id": 1000, "content": "New York", "special": False}]),
        "reads 'New York' as one token",
    ),
    "a word with a part to play": (
        _all(_two_files, _json("special_tokens_map.json", {"pad_token": "!"})),
        "reads '!' as one token",
    ),
    "a word with a part to play in the settings": (
        _all(_two_files, _json("tokenizer_config.json", {"additional_special_tokens": ["world"]})),
        "reads 'world' as one token",
    ),
    "a word with a part unheard of": (
        _all(_two_files, _json("special_tokens_map.json", {"boi_token": "world"})),
        "reads 'world' as one token",
    ),
    "a word with a part unheard of in the settings": (
        _all(_two_files, _json("tokenizer_config.json", {"image_token": "cat"})),
        "reads 'cat' as one token",
    ),
    "a word among extra names": (
        _all(
            _two_files, _json("tokenizer_config.json", {"extra_special_tokens": {"a_token": "<a>", "b_token": "cat"}})
        ),
        "reads 'cat' as one token",
    ),
    "a number in brackets": (_all(_two_files, _json("added_tokens.json", {"[1]": 1000})), "reads '[1]' as one token"),
    "a heart, declared special": (
        _tokenizer_json(added_tokens=[{"id": 1000, "content": "<3>", "special": True} | AS_IT_STANDS]),
        "reads '<3>' as one token",
    ),
    "HTML, not declared special": (
        _all(_two_files, _json("added_tokens.json", {"<b>": 1000, "</b>": 1001})),
        "reads '<b>' as one token",
    ),
    "words without merges": (_all(_two_files, lambda folder: (folder / "merges.txt").unlink()), "without merges"),
    "characters or bytes": (_json("vocab.json", {"a": 0, "Ġ": 1}), "may stand for themselves or for bytes"),
}


@pytest.mark.parametrize("form", REFUSED)
def test_a_vocabulary_that_would_give_other_ids_is_refused_by_what_differs(form, tmp_path):
    put, sentence = REFUSED[form]
    with pytest.raises(UnsupportedModel) as refusal:
        read_vocabulary(_written(tmp_path, put), ROWS)
    assert sentence in str(refusal.value)


DISAGREE: dict[str, tuple[Put, str]] = {
    "ids": (
        _all(_two_files, ALONE, _edited("vocab.json", lambda t: t.replace(b'"!": 1,', b'"!": 1500,'))),
        "give '!' different ids",
    ),
    "merges": (
        _all(_two_files, ALONE, _edited("merges.txt", lambda t: b"\n".join(t.split(b"\n")[:-2]) + b"\n")),
        "different merges",
    ),
    "added": (_all(_two_files, _json("added_tokens.json", {"<|endoftext|>": 77})), "gives '<|endoftext|>' the id 77"),
    "added, no id": (
        _all(_two_files, _json("added_tokens.json", {"<|pad|>": "1000"})),
        "gives '<|pad|>' the id '1000'",
    ),
    "one id twice": (_all(_two_files, _json("added_tokens.json", {"<|pad|>": 5})), "two tokens the same id"),
    "merges alone": (
        _all(_two_files, lambda folder: (folder / "vocab.json").unlink()),
        "merges.txt without vocab.json",
    ),
    "decoder of added tokens": (
        _all(_two_files, _json("tokenizer_config.json", {"added_tokens_decoder": {"x": {}}})),
        "cannot be read",
    ),
    "no name": (_all(_two_files, _json("special_tokens_map.json", {"pad_token": 5})), "which is no name"),
    "no model": (_json("tokenizer.json", {"version": "1.0"}), "has no model"),
}


@pytest.mark.parametrize("form", DISAGREE)
def test_files_of_a_vocabulary_that_contradict_one_another_are_refused(form, tmp_path):
    put, sentence = DISAGREE[form]
    with pytest.raises(DamagedVocabulary) as refusal:
        read_vocabulary(_written(tmp_path, put), ROWS)
    assert sentence in str(refusal.value)


def test_what_is_refused_would_have_given_other_ids(tmp_path):
    """So that the list of refusals is about something: a sample of it, read by the libraries, differs on the strings."""
    ours = read_vocabulary(_written(tmp_path, _two_files), ROWS)
    for form in (
        *("prefix space", "begin of text", "splitting", "normalizer", "dropout"),
        *("a word with a part to play", "a word with a part unheard of", "a word among extra names"),
        *("a number in brackets", "HTML, not declared special"),
    ):
        folder = tmp_path / form
        folder.mkdir()
        put, _ = REFUSED[form]
        _written(folder, put)
        file = folder / "tokenizer.json"
        theirs = (
            PreTrainedTokenizerFast(tokenizer_file=str(file))
            if file.exists()
            else AutoTokenizer.from_pretrained(folder)
        )
        assert any(ours.encode(text) != theirs(text)["input_ids"] for text in [*STRINGS, "!!", "[1] <b>"]), form


@pytest.mark.parametrize("seed", range(40))
def test_a_mixture_of_such_files_is_refused_or_gives_the_ids_of_transformers(seed, tmp_path):
    luck = random.Random(seed)
    everything = {form: put for form, put in OPEN.items() if "gpt2" not in form} | {
        f: put for f, (put, _) in REFUSED.items()
    }
    # one that is refused in three, or hardly any would open
    mixed = luck.sample(list(OPEN)[2:], 2) + (luck.sample(list(REFUSED), 1) if seed % 3 == 0 else [])
    folder = _written(tmp_path, _all(*(everything[form] for form in mixed)))
    try:
        ours = read_vocabulary(folder, ROWS)
    except (UnsupportedModel, DamagedVocabulary):
        return
    theirs = AutoTokenizer.from_pretrained(folder)
    assert [text for text in STRINGS[::5] if ours.encode(text) != theirs(text)["input_ids"]] == [], mixed


def test_the_names_that_a_folder_adds_are_spelled_and_no_text_encodes_to_them(tmp_path):
    folder = _written(tmp_path, OPEN["added_tokens.json"])
    ours: Tokenizer = read_vocabulary(folder, ROWS)
    assert ours.decode([1000, 1001]) == "<|pad|><|user|>"
    assert not {1000, 1001} & set(ours.encode("<|pad|> and <|user|>"))
    assert read_vocabulary(folder, 1000).vocab_size == 1000
