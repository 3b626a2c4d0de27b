"""Models on disk: safetensors for numbers, JSON for words, never an unpickled object.

A model folder of ours holds config.json and model.safetensors, both written whole or not at all, and the vocabulary unless it
is GPT-2's. load_pretrained also opens what other people save: foreign/ translates their names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.errors import (
    InvalidSetting,
    MissingTensor,
    NotFinite,
    ShapeMismatch,
    UnknownModel,
    UnreadableCheckpoint,
)
from gpt2core.files import read_json, read_tensors, saving, write_atomically
from gpt2core.foreign import hub, huggingface, statedict
from gpt2core.foreign.vocabulary import read_vocabulary, write_vocabulary
from gpt2core.model import GPTModel, future_mask
from gpt2core.tokenizer import N_MERGEABLE, Tokenizer, gpt2_ranks, gpt2_tokenizer

FORMAT = "gpt2core"
CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
# nanoGPT rounds GPT-2's 50,257 up to a multiple of 64; the last 47 rows are never used.
GPT2_SIZES = (N_MERGEABLE + 1, 50_304)


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


def load_pretrained(source: str | Path, n_heads: int | None = None) -> Pretrained:
    """Open a model, in float32 and evaluation mode.

    source: a folder of ours or in Hugging Face's form; a file, .pt, .pth or .safetensors, of nanoGPT, minGPT or the
    course's code; or a name on Hugging Face ("gpt2", "openai-community/gpt2-xl", "distilgpt2"), downloaded once and kept in
    its cache. n_heads: needed for a file that does not state it. A file has GPT-2's tokenizer if it has GPT-2's size.
    Raises: UnknownModel if nothing is there; DownloadFailed; HeadsUnknown; UnsafePickle; and UnreadableCheckpoint,
    MissingTensor, ShapeMismatch, UnsupportedModel, InvalidConfig, DamagedVocabulary, NotFinite for what is no model.
    """
    path = Path(source)
    if path.is_file() and path.name == WEIGHTS_FILE and (path.parent / CONFIG_FILE).exists():
        path = path.parent
    if path.is_file():
        config, tensors = statedict.read_file(path, n_heads)
        opened = Pretrained(build_model(config, tensors), _tokenizer_by_size(config.vocab_size))
    elif path.is_dir():
        opened = _open_folder(path)
    elif isinstance(source, str) and hub.is_model_id(source):
        opened = _open_folder(hub.downloaded(source))
    else:
        raise UnknownModel(
            f"There is no model {str(source)!r}. Give a folder that holds {CONFIG_FILE} and {WEIGHTS_FILE}, a file of weights, "
            f"or a name on Hugging Face such as {', '.join(hub.ALIASES)}."
        )
    if n_heads is not None and n_heads != opened.model.config.n_heads:
        raise InvalidSetting(
            f"n_heads is {n_heads}, but {str(source)!r} says {opened.model.config.n_heads}. Leave n_heads out."
        )
    return opened


def _open_folder(folder: Path) -> Pretrained:
    about = read_json(folder / CONFIG_FILE)
    if about.get("format") != FORMAT:
        config, tensors = huggingface.read_folder(folder, about)
        return Pretrained(build_model(config, tensors), read_vocabulary(folder, config.vocab_size))
    if not isinstance(about.get("config"), dict):
        raise UnreadableCheckpoint(f"{CONFIG_FILE} in {folder.name!r} lacks the model's sizes. Copy or save it again.")
    config = GPTConfig.from_dict(about["config"])
    model = build_model(config, read_tensors(folder / WEIGHTS_FILE))
    return Pretrained(
        model, _tokenizer_named(about.get("tokenizer"), folder, config), _trained_on(about.get("trained_on"))
    )


def _tokenizer_named(vocabulary: dict[str, Any] | None, folder: Path, config: GPTConfig) -> Tokenizer | None:
    if not vocabulary:
        return None
    if vocabulary.get("kind") == "gpt2":
        return gpt2_tokenizer(vocabulary["vocab_size"])
    return read_vocabulary(folder, config.vocab_size)


def _trained_on(about: dict[str, Any] | None) -> TrainedOn | None:
    if not about:
        return None
    try:
        return TrainedOn(str(about["name"]), str(about["sha256"]), float(about["val_fraction"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableCheckpoint(
            f"{CONFIG_FILE} says in a way that cannot be read what the model was trained on. Take out its trained_on."
        ) from error


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
    """Write a model folder. dtype: float16 halves the file, and loading widens it again. Raises: CannotSave."""
    with saving(folder):
        folder.mkdir(parents=True, exist_ok=True)
    vocabulary: dict[str, Any] | None = None
    if tokenizer is not None and _is_beginning_of_gpt2(tokenizer):
        vocabulary = {"kind": "gpt2", "vocab_size": tokenizer.vocab_size}
    elif tokenizer is not None:
        write_vocabulary(tokenizer, folder)
        vocabulary = {"kind": "files"}
    about = {"format": FORMAT, "version": 1, "config": model.config.to_dict(), "tokenizer": vocabulary}
    if trained_on is not None:
        about["trained_on"] = asdict(trained_on)
    tensors = {name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in learned_tensors(model).items()}
    # weights last: a folder that has them can be opened, however the writing ended
    write_atomically(folder / CONFIG_FILE, (json.dumps(about, indent=2) + "\n").encode())
    write_atomically(folder / WEIGHTS_FILE, save(tensors))


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

    Raises: MissingTensor, ShapeMismatch, UnreadableCheckpoint, NotFinite.
    """
    with torch.device("meta"):  # shapes only: no time spent on random weights
        model = GPTModel(config)
    expected = learned_tensors(model)
    for name, slot in expected.items():
        if name not in tensors:
            raise MissingTensor(name, slot.shape)
        if tensors[name].shape != slot.shape:
            raise ShapeMismatch(name, tensors[name].shape, slot.shape)
        if not bool(tensors[name].isfinite().all()):
            raise NotFinite(
                f"{name} holds NaN or infinite weights, so no number computed from it would mean anything. Use an earlier checkpoint."
            )
    foreign = sorted(set(tensors) - set(expected))
    if foreign:
        raise UnreadableCheckpoint(
            f"The checkpoint holds a tensor {foreign[0]!r} that this configuration has no place for. Check tied_head and qkv_bias."
        )
    copies = {name: tensors[name].to(torch.float32, copy=True).contiguous() for name in expected}
    model.load_state_dict(copies, strict=False, assign=True)
    if config.tied_head:
        model.out_head.weight = model.tok_emb.weight
    mask = future_mask(config.context_length)
    for block in model.trf_blocks:
        block.get_submodule("att").register_buffer("mask", mask, persistent=False)
    return model.eval()
