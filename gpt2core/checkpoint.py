"""Models on disk: safetensors for numbers, JSON for words, never an unpickled object.

A model folder of ours holds config.json and model.safetensors, both written whole or not at all, and the vocabulary unless it
is GPT-2's. load_pretrained also opens what other people save: foreign/ translates their names.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from numbers import Integral
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.errors import (
    InvalidConfig,
    InvalidSetting,
    MissingTensor,
    ShapeMismatch,
    UnknownModel,
    UnreadableCheckpoint,
    UnsupportedModel,
)
from gpt2core.files import read_json, read_tensors, saving, within_memory, write_atomically
from gpt2core.foreign import hub, huggingface, statedict
from gpt2core.foreign.vocabulary import read_own_vocabulary, read_vocabulary, vocabulary_files
from gpt2core.model import GPTModel, future_mask
from gpt2core.tokenizer import N_MERGEABLE, Tokenizer, gpt2_ranks, gpt2_tokenizer
from gpt2core.weights import as_float32, as_saved, check_held, check_kind

FORMAT = "gpt2core"
CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
# nanoGPT rounds GPT-2's 50,257 up to a multiple of 64; the last 47 rows are never used.
GPT2_SIZES = (N_MERGEABLE + 1, 50_304)
# The mask takes the square of this in bytes, whatever the file holds: 64 MB.
LONGEST_CONTEXT = 8_192


@dataclass(frozen=True)
class TrainedOn:
    """Which text a model learned from: the file's name, the sha256 of the text in UTF-8, and the share at its end kept for checks."""

    name: str
    sha256: str
    val_fraction: float


@dataclass(frozen=True)
class Pretrained:
    """A model ready to read, the tokenizer that belongs to it, and what it was trained on (None where nothing says which)."""

    model: GPTModel
    tokenizer: Tokenizer | None
    trained_on: TrainedOn | None = None


def load_pretrained(
    source: str | Path, n_heads: int | None = None, *, gelu: Literal["tanh", "erf"] | None = None
) -> Pretrained:
    """Open a model, in float32 and evaluation mode.

    source: a folder of ours or in Hugging Face's form; a file, .pt, .pth, .bin or .safetensors, of nanoGPT, minGPT or the
    course's code; or a name on Hugging Face ("gpt2", "openai-community/gpt2-xl", "distilgpt2"), downloaded once and kept in
    its cache. A file of weights is read with the config.json beside it, if that describes it.
    n_heads: needed for a file that does not state it. gelu: needed for nanoGPT's files, which do not tell whether they were trained
    with GPT-2's tanh form or, since June 2023, the exact one, and for Hugging Face's without their config.json. A file has GPT-2's
    tokenizer if it has GPT-2's size.
    Raises: UnknownModel if nothing is there; DownloadFailed; HeadsUnknown, GeluUnknown; UnsafePickle; InvalidSetting; and
    UnreadableCheckpoint, MissingTensor, ShapeMismatch, NotWeights, UnsupportedModel, InvalidConfig, DamagedVocabulary, NotFinite for
    what is no model.
    """
    n_heads = _whole_heads(n_heads)
    if gelu is not None and not (isinstance(gelu, str) and gelu in ("tanh", "erf")):
        raise InvalidSetting(
            "gelu is {gelu!r}; choose 'tanh' (GPT-2's own), 'erf', or leave it out where the file states it.", gelu=gelu
        )
    with within_memory(Path(str(source))):
        opened = _opened(source, n_heads, gelu)
    for name, asked, stated in (
        ("n_heads", n_heads, opened.model.config.n_heads),
        ("gelu", gelu, opened.model.config.gelu),
    ):
        if asked is not None and asked != stated:
            raise InvalidSetting(
                "{name} is {asked}, but {source!r} says {stated}. Leave {name} out.",
                name=name,
                asked=asked,
                source=str(source),
                stated=stated,
            )
    return opened


def _whole_heads(n_heads: object) -> int | None:
    if n_heads is None:
        return None
    if isinstance(n_heads, bool) or not isinstance(n_heads, Integral) or n_heads < 1:
        raise InvalidConfig(
            "n_heads is {n_heads!r}; it must be a whole number of at least 1. Leave it out where the file states it.",
            n_heads=n_heads,
        )
    return int(n_heads)


def _opened(source: object, n_heads: int | None, gelu: Literal["tanh", "erf"] | None) -> Pretrained:
    if not isinstance(source, str | os.PathLike) or not isinstance(os.fspath(source), str) or not os.fspath(source):
        raise UnknownModel(
            "{source!r} is no model. Give the path of a folder or file, or a name on Hugging Face such as {names}.",
            source=source,
            names=", ".join(hub.ALIASES),
        )
    path = Path(source)
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
    except OSError as error:
        raise UnknownModel(
            "{source!r} cannot be looked at ({reason}). Check the path and its permissions.",
            source=str(source),
            reason=error.strerror,
        ) from error
    if is_file and not _is_part_of_folder(path):
        return _open_file(path, n_heads, gelu)
    if is_file or is_folder:
        return _open_folder(path if is_folder else path.parent)
    if isinstance(source, str) and hub.is_model_id(source):
        return _open_folder(hub.downloaded(source))
    raise UnknownModel(
        "There is no model {source!r}. Give a folder that holds {config} and {weights}, a file of weights, "
        "or a name on Hugging Face such as {names}.",
        source=str(source),
        config=CONFIG_FILE,
        weights=WEIGHTS_FILE,
        names=", ".join(hub.ALIASES),
    )


def _is_part_of_folder(path: Path) -> bool:
    """An index, one of several pieces, or what our own folders hold: the folder is what was meant."""
    if path.name.endswith(".index.json") or re.search(r"-\d{5}-of-\d{5}\.", path.name):
        return True
    return path.name in (WEIGHTS_FILE, CONFIG_FILE) and (path.parent / CONFIG_FILE).exists()


def _open_file(path: Path, n_heads: int | None, gelu: Literal["tanh", "erf"] | None) -> Pretrained:
    contents = statedict.read_contents(path)
    beside, is_named_so = path.parent / CONFIG_FILE, huggingface.WEIGHTS_NAME.match(path.name)
    if (is_named_so or contents.is_hugging_face or contents.is_course) and beside.exists():
        about = read_json(beside)
        if about.get("format") == FORMAT and contents.is_course:
            return _open_ours(about, path.parent, contents.tensors)
        if huggingface.describes_gpt2(about) and not contents.is_course:
            config = huggingface.config_from(about, path.parent.name)
            model = build_model(config, huggingface.translated(config, contents.tensors))
            return Pretrained(model, read_vocabulary(path.parent, config.vocab_size))
    config, tensors = statedict.understood(contents, path.name, n_heads, gelu)
    return Pretrained(build_model(config, tensors), _tokenizer_by_size(config.vocab_size))


def _open_folder(folder: Path) -> Pretrained:
    about = read_json(folder / CONFIG_FILE)
    if about.get("format") == FORMAT:
        return _open_ours(about, folder)
    config, tensors = huggingface.read_folder(folder, about)
    return Pretrained(build_model(config, tensors), read_vocabulary(folder, config.vocab_size))


def _open_ours(about: Mapping[str, Any], folder: Path, tensors: Mapping[str, Tensor] | None = None) -> Pretrained:
    """about: the folder's config.json; tensors: of another file in it than WEIGHTS_FILE."""
    sizes = about.get("config")
    if not isinstance(sizes, dict):
        raise UnreadableCheckpoint(
            "{file} in {folder!r} lacks the model's sizes. Copy or save it again.", file=CONFIG_FILE, folder=folder.name
        )
    config = GPTConfig.from_dict(sizes)
    absent = next((name for name in config.to_dict() if name not in sizes), None)
    if absent is not None:
        raise UnreadableCheckpoint(
            "{file} in {folder!r} lacks {name}. Copy or save it again.",
            file=CONFIG_FILE,
            folder=folder.name,
            name=absent,
        )
    model = build_model(config, read_tensors(folder / WEIGHTS_FILE) if tensors is None else tensors)
    return Pretrained(
        model, named_vocabulary(about.get("tokenizer"), folder, config), _trained_on(about.get("trained_on"))
    )


def named_vocabulary(vocabulary: object, folder: Path, config: GPTConfig) -> Tokenizer | None:
    """The tokenizer that stored_vocabulary described, with its files in `folder`; None for None. Raises: UnreadableCheckpoint, DamagedVocabulary."""
    if vocabulary is None:
        return None
    size = vocabulary.get("vocab_size") if isinstance(vocabulary, dict) else None
    if isinstance(vocabulary, dict) and vocabulary.get("kind") == "files":
        return read_own_vocabulary(folder, config.vocab_size)
    if isinstance(size, bool) or not isinstance(size, int) or not 257 <= size <= config.vocab_size:
        raise UnreadableCheckpoint(
            "{file} in {folder!r} names no vocabulary that fits its {vocab_size:,} rows. Copy or save it again.",
            file=CONFIG_FILE,
            folder=folder.name,
            vocab_size=config.vocab_size,
        )
    return gpt2_tokenizer(size)


def _trained_on(about: Any) -> TrainedOn | None:
    if not about:
        return None
    try:
        known = TrainedOn(str(about["name"]), str(about["sha256"]), float(about["val_fraction"]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _no_origin() from error
    if not 0 <= known.val_fraction < 1:  # not so for NaN either
        raise _no_origin()
    return known


def _no_origin() -> UnreadableCheckpoint:
    return UnreadableCheckpoint(
        "{file} says in a way that cannot be read what the model was trained on. Take out its trained_on.",
        file=CONFIG_FILE,
    )


def _tokenizer_by_size(vocab_size: int) -> Tokenizer | None:
    if vocab_size not in GPT2_SIZES:
        return None
    return gpt2_tokenizer() if vocab_size == GPT2_SIZES[0] else Tokenizer(gpt2_ranks(), "gpt2", vocab_size=vocab_size)


def save_pretrained(
    model: GPTModel,
    folder: Path,
    *,
    tokenizer: Tokenizer | None = None,
    dtype: torch.dtype = torch.float32,
    trained_on: TrainedOn | None = None,
) -> None:
    """Write a model folder. dtype: float16 halves the file, and loading widens it again.

    What could not be opened again is refused before anything of an older model in that folder is touched.
    Raises: CannotSave; InvalidSetting, NotFinite, NotWeights, UnsupportedModel, DamagedVocabulary.
    """
    check_context(model.config)
    tensors = {name: as_saved(name, tensor, dtype) for name, tensor in learned_tensors(model).items()}
    files: dict[str, bytes | None] = {}
    vocabulary: dict[str, Any] | None = None
    if tokenizer is not None and tokenizer.vocab_size > model.config.vocab_size:
        raise InvalidSetting(
            "The tokenizer has {n:,} ids, but the model only {rows:,} rows for them. Save the model with the tokenizer that belongs to it.",
            n=tokenizer.vocab_size,
            rows=model.config.vocab_size,
        )
    if tokenizer is not None:
        vocabulary, files = stored_vocabulary(tokenizer)
    about = {"format": FORMAT, "version": 1, "config": model.config.to_dict(), "tokenizer": vocabulary}
    known = None if trained_on is None else _trained_on(asdict(trained_on))
    if known is not None:
        about["trained_on"] = asdict(known)
    files[CONFIG_FILE] = (json.dumps(about, indent=2) + "\n").encode()
    # weights last: a folder that has them can be opened, however the writing ended
    files[WEIGHTS_FILE] = save(tensors)
    with saving(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if content is None:
            with saving(folder / name):
                (folder / name).unlink(missing_ok=True)
        else:
            write_atomically(folder / name, content)


def stored_vocabulary(tokenizer: Tokenizer) -> tuple[dict[str, Any], dict[str, bytes | None]]:
    """How a vocabulary is written down, and the files that this takes besides (None: one that must not be there).

    Raises: DamagedVocabulary, NotInVocabulary.
    """
    if _is_beginning_of_gpt2(tokenizer):
        return {"kind": "gpt2", "vocab_size": tokenizer.vocab_size}, {}
    return {"kind": "files"}, vocabulary_files(tokenizer)


def _is_beginning_of_gpt2(tokenizer: Tokenizer) -> bool:
    if tokenizer.pairs is not None or len(tokenizer.ranks) != tokenizer.vocab_size - 1:
        return False
    return all(gpt2_ranks().get(token) == rank for token, rank in tokenizer.ranks.items())


def learned_tensors(model: GPTModel) -> dict[str, Tensor]:
    """The state dict without the second name of a tied head."""
    tensors = dict(model.state_dict())
    if model.config.tied_head:
        del tensors["out_head.weight"]
    return tensors


def build_model(config: GPTConfig, tensors: Mapping[str, Tensor]) -> GPTModel:
    """A model with copies of these weights, in float32 and evaluation mode.

    Nothing is built before the tensors have been held against the sizes, which may be wrong or meant to do harm.
    Raises: MissingTensor, ShapeMismatch, UnreadableCheckpoint, NotWeights, NotFinite, UnsupportedModel.
    """
    check_held(tensors)
    copies: dict[str, Tensor] = {}
    for name, shape in expected_shapes(config):
        if name not in tensors:
            raise MissingTensor(name, shape)
        if tensors[name].shape != shape:
            raise ShapeMismatch(name, tensors[name].shape, shape)
        check_kind(name, tensors[name])
        copies[name] = tensors[name]
    foreign = next((name for name in sorted(tensors) if name not in copies), None)
    if foreign is not None:
        raise UnreadableCheckpoint(
            "The checkpoint holds a tensor {name!r} that this configuration has no place for. Check tied_head and qkv_bias.",
            name=foreign,
        )
    check_context(config)
    copies = {name: as_float32(name, tensor) for name, tensor in copies.items()}
    with torch.device("meta"):  # shapes only: no time spent on random weights
        model = GPTModel(config)
    model.load_state_dict(copies, strict=False, assign=True)
    if config.tied_head:
        model.out_head.weight = model.tok_emb.weight
    mask = future_mask(config.context_length)
    for block in model.trf_blocks:
        block.get_submodule("att").register_buffer("mask", mask, persistent=False)
    return model.eval()


def check_context(config: GPTConfig) -> None:
    """Raises: UnsupportedModel for a context whose mask would fill the memory."""
    if config.context_length > LONGEST_CONTEXT:
        raise UnsupportedModel(
            "The model reads {n:,} tokens at once; this package reads at most {limit:,}. Choose a model with a shorter context.",
            n=config.context_length,
            limit=LONGEST_CONTEXT,
        )


def expected_shapes(config: GPTConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every tensor that learned_tensors of a model of these sizes holds, one after the other: the first that a file lacks ends it."""
    V, T, C = config.vocab_size, config.context_length, config.emb_dim
    yield "tok_emb.weight", (V, C)
    yield "pos_emb.weight", (T, C)
    for layer in range(config.n_layers):
        block = f"trf_blocks.{layer}"
        for part in ("query", "key", "value"):
            yield f"{block}.att.W_{part}.weight", (C, C)
            if config.qkv_bias:
                yield f"{block}.att.W_{part}.bias", (C,)
        yield f"{block}.att.out_proj.weight", (C, C)
        yield f"{block}.att.out_proj.bias", (C,)
        yield f"{block}.ff.layers.0.weight", (4 * C, C)
        yield f"{block}.ff.layers.0.bias", (4 * C,)
        yield f"{block}.ff.layers.2.weight", (C, 4 * C)
        yield f"{block}.ff.layers.2.bias", (C,)
        for norm in ("norm1", "norm2"):
            yield f"{block}.{norm}.scale", (C,)
            yield f"{block}.{norm}.shift", (C,)
    yield "final_norm.scale", (C,)
    yield "final_norm.shift", (C,)
    if not config.tied_head:
        yield "out_head.weight", (V, C)
