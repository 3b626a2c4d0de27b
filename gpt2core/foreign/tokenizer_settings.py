"""What the files beside a vocabulary say about it: which tokenizer reads it, how text is prepared, which tokens have names.

The rule is a list of what is known to leave GPT-2's ids as they are. Everything else, also what nobody has thought of yet, is refused:
one setting that is passed over gives other ids than the model was trained on, and nothing would tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpt2core.errors import DamagedVocabulary, UnsupportedModel
from gpt2core.files import read_json

SETTINGS_FILE, SPECIAL_FILE, ADDED_FILE = "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"
LONGEST_SHOWN = 80
# Classes of transformers that read vocab.json and merges.txt as GPT-2 does, and those that read tokenizer.json as it stands.
GPT2_CLASSES = frozenset({"GPT2Tokenizer", "GPT2TokenizerFast"})
GENERAL_CLASSES = frozenset({"PreTrainedTokenizerFast", "TokenizersBackend"})
_SPECIAL_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
_MORE_NAMES = ("additional_special_tokens", "extra_special_tokens", "model_specific_special_tokens")
# Nobody types these by chance. Any other name would be cut out of ordinary text by the model's own tokenizer, and is not here.
_MARK = re.compile(r"<\|[^<>\s]+\|>|\[[A-Z][A-Z0-9_]+\]|</?s>|<(?:pad|unk|mask|bos|eos|cls|sep)>")
# Where the vocabulary itself says that a name is a mark and no part of a text, brackets around letters do; not [1], <3> or <->.
_DECLARED_MARK = re.compile(r"<[^<>\s]*[^\W\d_][^<>\s]*>|\[[^\[\]\s]*[^\W\d_][^\[\]\s]*\]")
# In tokenizer_config.json, what prepares text or adds to it, and the only values of each that do not.
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "add_prefix_space": (False, None),
    "add_bos_token": (False, None),
    "add_eos_token": (False, None),
    "do_lower_case": (False, None),
    "dropout": (None, 0),
    "normalizer": (None,),
    "pre_tokenizer": (None,),
    "post_processor": (None,),
    "auto_map": (None,),
    "vocab": (None,),
    "merges": (None,),
}
# What else tokenizer_config.json may hold: names of tokens, how a text is cut off, filled up or decoded when that is asked for, and notes
# about where the files came from. Source: transformers, tokenization_utils_base.py and tokenization_utils_tokenizers.py.
_WITHOUT_EFFECT = frozenset(
    {
        *(
            "added_tokens_decoder",
            "backend",
            "cache_dir",
            "chat_template",
            "clean_up_tokenization_spaces",
            "device_map",
        ),
        *("errors", "from_slow", "init_inputs", "is_local", "legacy", "local_files_only", "max_len", "max_length"),
        *(
            "model_input_names",
            "model_max_length",
            "name_or_path",
            "pad_to_multiple_of",
            "pad_token_type_id",
            "padding",
        ),
        *(
            "padding_side",
            "processor_class",
            "response_schema",
            "return_tensors",
            "revision",
            "special_tokens_map_file",
        ),
        *(
            "split_special_tokens",
            "stride",
            "subfolder",
            "tokenizer_class",
            "tokenizer_file",
            "torch_dtype",
            "trim_offsets",
        ),
        *("truncation", "truncation_side", "truncation_strategy", "trust_remote_code", "use_auth_token", "use_fast"),
        *("verbose", "vocab_size"),
    }
)
# tokenizer.json, each part with the keys that are known, and the only values that are GPT-2's; None: any value.
_PARTS = {
    "version",
    "truncation",
    "padding",
    "added_tokens",
    "normalizer",
    "pre_tokenizer",
    "post_processor",
    "decoder",
    "model",
}
_SPLITTER = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True, "trim_offsets": None}
_MODEL: dict[str, tuple[object, ...] | None] = {
    "type": ("BPE", None),
    "dropout": (None, 0),
    "unk_token": None,  # only for bytes that the vocabulary lacks, and those are refused when they are met
    "continuing_subword_prefix": (None, ""),
    "end_of_word_suffix": (None, ""),
    "fuse_unk": None,
    "byte_fallback": (False, None),
    "ignore_merges": (False, None),
    "vocab": None,
    "merges": None,
}


def check_settings(folder: Path, *, has_tokenizer_json: bool) -> dict[str, Any]:
    """tokenizer_config.json, or {} without one. Raises: UnsupportedModel for what would give other ids."""
    settings = _optional(folder / SETTINGS_FILE)
    for name, neutral in _NEUTRAL.items():
        if not _is_one_of(settings.get(name, neutral[0]), neutral):
            raise UnsupportedModel(
                "{name} is {value} in {file}, which gives other ids than GPT-2's way of reading text. "
                "Only {neutral!r} is supported; without its vocabulary files the folder opens by token ids.",
                name=name,
                value=_shown(settings[name]),
                file=SETTINGS_FILE,
                neutral=neutral[0],
            )
    unknown = next((name for name in settings if not _is_known(name)), None)
    if unknown is not None:
        raise UnsupportedModel(
            "{name} in {file} is a setting that is not known to leave GPT-2's ids as they are. "
            "Take it out if it changes nothing about how text is read; without its vocabulary files the folder opens by token ids.",
            name=unknown,
            file=SETTINGS_FILE,
        )
    reader = settings.get("tokenizer_class") or _optional(folder / "config.json").get("tokenizer_class")
    known = GPT2_CLASSES | (GENERAL_CLASSES if has_tokenizer_json else set())
    if reader is not None and not (isinstance(reader, str) and reader in known):
        raise UnsupportedModel(
            "The vocabulary in {folder!r} is read by {reader!r}, which does not work as GPT-2's tokenizer does; supported are {known}. "
            "Without its vocabulary files the folder opens by token ids.",
            folder=folder.name,
            reader=reader,
            known=", ".join(sorted(known)),
        )
    return settings


def check_tokenizer_json(about: Mapping[str, Any]) -> dict[str, Any]:
    """Its model: the part that holds vocab and merges. Raises: UnsupportedModel, DamagedVocabulary."""
    model = about.get("model")
    if not isinstance(model, dict):
        raise DamagedVocabulary("tokenizer.json has no model. Copy it again.")
    if not _is_one_of(model.get("type"), _MODEL["type"] or ()):
        raise UnsupportedModel(
            "tokenizer.json is of type {kind!r}; only GPT-2's byte-level BPE is supported. "
            "Without its vocabulary files the folder opens by token ids.",
            kind=model.get("type"),
        )
    for name, value in model.items():
        allowed = _MODEL.get(name, ())
        if allowed is not None and not _is_one_of(value, allowed):
            raise _unlike_gpt2(name, value)
    for name, value in about.items():
        if name not in _PARTS:
            raise _unlike_gpt2(name, value)
    splitter = about.get("pre_tokenizer")
    known = {"use_regex": True, "trim_offsets": None} | (splitter if isinstance(splitter, dict) else {})
    if known | {"trim_offsets": None} != _SPLITTER or known["add_prefix_space"] is not False:
        raise _prepares_otherwise("pre_tokenizer")
    if not _changes_nothing(about.get("normalizer"), "normalizers"):
        raise _prepares_otherwise("normalizer")
    if not _changes_nothing(about.get("post_processor"), "processors"):
        raise _prepares_otherwise("post_processor")
    decoder = about.get("decoder")
    if decoder is not None and not (isinstance(decoder, dict) and decoder.get("type") == "ByteLevel"):
        raise _prepares_otherwise("decoder")
    return model


def _changes_nothing(part: Any, members: str) -> bool:
    """Absent, a sequence of nothing, byte-level (which only moves offsets), or a template that is the text alone."""
    if part is None:
        return True
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "Sequence":
        inside = part.get(members)
        return isinstance(inside, list) and all(_changes_nothing(one, members) for one in inside)
    if members == "processors" and kind == "TemplateProcessing":
        single = part.get("single")
        return (
            isinstance(single, list)
            and len(single) == 1
            and isinstance(single[0], dict)
            and set(single[0]) == {"Sequence"}
        )
    return members == "processors" and kind == "ByteLevel"


def named_tokens(folder: Path, settings: Mapping[str, Any], added: Any, ids: Mapping[str, int]) -> dict[str, int]:
    """The tokens that a folder adds to its vocabulary or gives a part to play, with their ids.

    added: the list of that name in tokenizer.json; ids: the vocabulary. A name without an id gets the next one, as transformers
    gives it. Text never encodes to any of these here, so only names that no text holds by chance are taken.
    Raises: DamagedVocabulary where files disagree; UnsupportedModel for a name that is a word.
    """
    found: dict[str, int] = {}
    for name, token_id in _ids_given(folder, settings, added):
        known = found.get(name, ids.get(name, token_id))
        if isinstance(token_id, bool) or not isinstance(token_id, int) or token_id < 0 or token_id != known:
            raise DamagedVocabulary(
                "A file of the vocabulary gives {name!r} the id {token_id!r}, which is no id or not the one that another gives it ({known!r}). "
                "Copy the folder again.",
                name=name,
                token_id=token_id,
                known=known,
            )
        found[name] = token_id
    roles, n_tokens = _optional(folder / SPECIAL_FILE), len(found.keys() | ids.keys())
    declared = _declared_special(settings, added)
    # a role that nobody has heard of, such as image_token, makes a mark of its token too
    for role in dict.fromkeys((*_SPECIAL_NAMES, *_MORE_NAMES, *roles, *filter(_is_role, settings))):
        for name in (*_names_in(roles.get(role)), *_names_in(settings.get(role))):
            declared.add(name)
            if name in ids:
                found[name] = ids[name]
            elif name not in found:
                found[name], n_tokens = n_tokens, n_tokens + 1
    word = next((n for n in found if not (_DECLARED_MARK if n in declared else _MARK).fullmatch(n)), None)
    if word is not None:
        raise UnsupportedModel(
            "The model's own tokenizer reads {word!r} as one token wherever a text holds it, which this package does not do; "
            "only names that no text holds by chance, such as <|pad|>, are supported. Without its vocabulary files the folder opens by token ids.",
            word=word,
        )
    return found


def _declared_special(settings: Mapping[str, Any], added: Any) -> set[str]:
    """The added tokens that a file calls special: marks, which are no part of a text. What cannot be read is told by _ids_given."""
    later = settings.get("added_tokens_decoder")
    entries = [*(added or ()), *(later.values() if isinstance(later, dict) else ())]
    return {str(e.get("content")) for e in entries if isinstance(e, dict) and e.get("special") is True}


def _is_role(setting: str) -> bool:
    return setting.endswith("_token") and setting not in _NEUTRAL


def _is_known(setting: str) -> bool:
    return setting in _NEUTRAL or setting in _WITHOUT_EFFECT or setting in _MORE_NAMES or _is_role(setting)


def _ids_given(folder: Path, settings: Mapping[str, Any], added: Any) -> list[tuple[str, Any]]:
    """(name, id) from each of the three places where ids of added tokens are written."""
    given: list[tuple[str, Any]] = []
    try:
        given += [(str(entry["content"]), entry["id"]) for entry in added or ()]
        for token_id, entry in (settings.get("added_tokens_decoder") or {}).items():
            given.append((str(entry["content"] if isinstance(entry, dict) else entry), int(token_id)))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise DamagedVocabulary(
            "The added tokens of the vocabulary cannot be read. Copy tokenizer.json and {file} again.",
            file=SETTINGS_FILE,
        ) from error
    return given + list(_optional(folder / ADDED_FILE).items())


def _names_in(value: Any) -> list[str]:
    """A name, a token with settings of its own, or several of either. Raises: DamagedVocabulary."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [name for one in value for name in _names_in(one)]
    if isinstance(value, dict) and isinstance(value.get("content"), str):
        return [value["content"]]
    if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return list(value.values())
    raise DamagedVocabulary(
        "A special token is given as {value!r}, which is no name. Copy the folder again.", value=value
    )


def _optional(path: Path) -> dict[str, Any]:
    return read_json(path) if path.exists() else {}


def _is_one_of(value: object, allowed: tuple[object, ...]) -> bool:
    """True and 1, False and 0 are told apart, but 0 and 0.0 are one."""
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in allowed)


def _unlike_gpt2(name: str, value: object) -> UnsupportedModel:
    return UnsupportedModel(
        "{name} is {value} in tokenizer.json; GPT-2's BPE has none, and only that is supported. "
        "Without its vocabulary files the folder opens by token ids.",
        name=name,
        value=_shown(value),
    )


def _shown(value: object) -> str:
    """As JSON's reader has it, cut where a whole vocabulary would fill the screen."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _prepares_otherwise(part: str) -> UnsupportedModel:
    return UnsupportedModel(
        "tokenizer.json prepares text otherwise than GPT-2 does ({part}); only ByteLevel without prefix space is supported. "
        "Without its vocabulary files the folder opens by token ids.",
        part=part,
    )
