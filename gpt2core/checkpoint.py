"""Models on disk: safetensors for numbers, JSON for words, never an unpickled object.

A model folder holds config.json and model.safetensors, both written whole or not at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from gpt2core.config import GPTConfig
from gpt2core.errors import MissingTensor, NotFinite, ShapeMismatch, UnknownModel, UnreadableCheckpoint
from gpt2core.model import GPTModel
from gpt2core.tokenizer import Tokenizer, gpt2_tokenizer

FORMAT = "gpt2core"
CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"


@dataclass(frozen=True)
class Pretrained:
    """A model ready to read, and the tokenizer that belongs to it (None where its folder has no vocabulary)."""

    model: GPTModel
    tokenizer: Tokenizer | None


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step: a reader, or a machine that dies, sees the old file or the new one."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def learned_tensors(model: GPTModel) -> dict[str, Tensor]:
    """The state dict without the second name of a tied head."""
    tensors = dict(model.state_dict())
    if model.config.tied_head:
        del tensors["out_head.weight"]
    return tensors


def save_pretrained(
    model: GPTModel, folder: Path, *, tokenizer: Tokenizer | None = None, dtype: torch.dtype = torch.float32
) -> None:
    """Write a model folder. `tokenizer` must be a prefix of GPT-2's; dtype float16 halves the file, and loading widens it again."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = None if tokenizer is None else {"kind": "gpt2", "vocab_size": tokenizer.vocab_size}
    about = {"format": FORMAT, "version": 1, "config": model.config.to_dict(), "tokenizer": vocabulary}
    tensors = {name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in learned_tensors(model).items()}
    write_atomically(folder / WEIGHTS_FILE, save(tensors))
    write_atomically(folder / CONFIG_FILE, (json.dumps(about, indent=2) + "\n").encode())


def load_pretrained(source: str | Path) -> Pretrained:
    """Open the model in folder `source`, in float32 and evaluation mode.

    Raises: UnknownModel if nothing is there; UnreadableCheckpoint, MissingTensor, ShapeMismatch, NotFinite for what is no model.
    """
    folder = Path(source)
    if not folder.is_dir():
        raise UnknownModel(
            f"There is no model folder {str(source)!r}. Give a folder that holds {CONFIG_FILE} and {WEIGHTS_FILE}."
        )
    about = _read_json(folder / CONFIG_FILE)
    if about.get("format") != FORMAT:
        raise UnreadableCheckpoint(
            f"{CONFIG_FILE} in {folder.name!r} does not describe a gpt2core model. Save it with gpt2core.save_pretrained."
        )
    model = build_model(GPTConfig.from_dict(about["config"]), read_tensors(folder / WEIGHTS_FILE))
    vocabulary = about.get("tokenizer")
    return Pretrained(model, gpt2_tokenizer(vocabulary["vocab_size"]) if vocabulary else None)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Raises: UnreadableCheckpoint for a missing, truncated or foreign file."""
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise UnreadableCheckpoint(
            f"{path.name} is missing from {path.parent.name!r}. Copy the whole model folder."
        ) from error
    except (SafetensorError, OSError, ValueError) as error:
        raise UnreadableCheckpoint(
            f"{path.name} in {path.parent.name!r} is damaged or not a safetensors file. Copy or download it again."
        ) from error


def build_model(config: GPTConfig, tensors: Mapping[str, Tensor]) -> GPTModel:
    """A model with these weights, in float32 and evaluation mode. Raises: MissingTensor, ShapeMismatch, UnreadableCheckpoint, NotFinite."""
    with torch.device("meta"):
        model = GPTModel(config)
    expected = learned_tensors(model)
    for name, slot in expected.items():
        if name not in tensors:
            raise MissingTensor(
                f"The checkpoint has no tensor {name!r}, which must have shape {list(slot.shape)}. It is incomplete; save or download it again."
            )
        if tensors[name].shape != slot.shape:
            raise ShapeMismatch(
                f"{name} has shape {list(tensors[name].shape)} in the file but {list(slot.shape)} in the configuration. Open it with the configuration it was saved with."
            )
        if not bool(tensors[name].isfinite().all()):
            raise NotFinite(
                f"{name} holds NaN or infinite weights, so no number computed from it would mean anything. Use an earlier checkpoint."
            )
    foreign = sorted(set(tensors) - set(expected))
    if foreign:
        raise UnreadableCheckpoint(
            f"The checkpoint holds a tensor {foreign[0]!r} that this configuration has no place for. Check tied_head and qkv_bias."
        )
    model = GPTModel(config)
    model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=False)
    return model.eval()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise UnreadableCheckpoint(
            f"{path.name} is missing from {path.parent.name!r}. Copy the whole model folder."
        ) from error
    except (ValueError, OSError) as error:
        raise UnreadableCheckpoint(
            f"{path.name} in {path.parent.name!r} is damaged. Copy or download it again."
        ) from error
    if not isinstance(value, dict):
        raise UnreadableCheckpoint(
            f"{path.name} in {path.parent.name!r} does not describe a model. Copy or download it again."
        )
    return value
