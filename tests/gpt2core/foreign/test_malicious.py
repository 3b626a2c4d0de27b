"""Files meant to do harm are refused in a sentence before they take memory: 300 MB above what importing takes must do for all of them."""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gpt2core import save_pretrained
from tests.conftest import TINY
from tests.gpt2core.foreign.saved import nanogpt, openai_names
from tests.reference import hugging_face_twin, random_model

LIMIT = 300 << 20
OPEN_ALL = f"""
import resource, sys
import torch
from gpt2core import Gpt2CoreError, load_pretrained
torch.set_num_threads(1)
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + {LIMIT}, taken + {LIMIT}))
for source in sys.argv[1:]:
    try:
        load_pretrained(source, n_heads=1 if "heads1" in source else 3 if "heads3" in source else None, gelu="erf" if "erf" in source else None)
        print("opened")
    except Gpt2CoreError as error:
        print(f"{{type(error).__name__}}: {{error}}")
    except BaseException as error:
        print(f"CRASH {{type(error).__name__}}: {{error}}"[:300].replace(chr(10), " "))
"""


class _Runs:
    def __reduce__(self) -> tuple[Callable, tuple[str]]:
        return os.mkdir, ("ran",)


class _Quantized:
    """A tensor that torch makes at the size it claims before it looks for the numbers."""

    def __reduce__(self) -> tuple[Callable, tuple[object, ...]]:
        small = torch.quantize_per_tensor(torch.zeros(1), 0.1, 0, torch.qint8)
        rebuild, (storage, offset, _, _, *rest) = small.__reduce_ex__(2)
        return rebuild, (storage, offset, (10**6, 10**5), (10**5, 1), *rest)


class _Allocates:
    def __reduce__(self) -> tuple[Callable, tuple[int]]:
        return bytearray, (10**10,)


def _theirs(path: Path, **changed: object) -> None:
    hugging_face_twin(random_model(TINY)).save_pretrained(path)
    about = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(about | changed))


def _ours(path: Path, **changed: object) -> None:
    save_pretrained(random_model(TINY), path)
    about = json.loads((path / "config.json").read_text())
    about["config"] |= changed
    (path / "config.json").write_text(json.dumps(about))


def _nanogpt(path: Path, **changed: object) -> None:
    checkpoint = nanogpt(random_model(TINY))
    checkpoint["model_args"] |= changed
    torch.save(checkpoint, path)


def _course(path: Path, **changed: Tensor) -> None:
    torch.save(dict(random_model(TINY).state_dict()) | {n.replace("__", "."): t for n, t in changed.items()}, path)


def _repacked(path: Path, change: Callable[[str, bytes], tuple[bytes, int]]) -> None:
    """A file of torch.save, each entry replaced by what `change` makes of it: its bytes and how they are packed."""
    torch.save(random_model(TINY).state_dict(), path)
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(path, "w", compresslevel=1) as archive:
        for name, content in entries.items():
            changed, packing = change(name, content)
            archive.writestr(name, changed, packing)


def _one_layer_as_many(path: Path) -> None:
    tensors = dict(openai_names(random_model(TINY)))
    layer = {name: tensor for name, tensor in tensors.items() if ".h.0." in name}
    torch.save(tensors | {n.replace(".h.0.", f".h.{i}."): t for i in range(2000) for n, t in layer.items()}, path)


def _long_context(path: Path) -> None:
    T = 100_000
    shapes = {"norm1.scale": (1,), "norm1.shift": (1,), "norm2.scale": (1,), "norm2.shift": (1,)}
    shapes |= {f"att.W_{part}.weight": (1, 1) for part in ("query", "key", "value")}
    shapes |= {"att.out_proj.weight": (1, 1), "att.out_proj.bias": (1,)}
    shapes |= {
        "ff.layers.0.weight": (4, 1),
        "ff.layers.0.bias": (4,),
        "ff.layers.2.weight": (1, 4),
        "ff.layers.2.bias": (1,),
    }
    tensors = {f"trf_blocks.0.{name}": torch.ones(shape) for name, shape in shapes.items()}
    tensors |= {"tok_emb.weight": torch.ones(5, 1), "pos_emb.weight": torch.ones(T, 1)}
    torch.save(tensors | {"final_norm.scale": torch.ones(1), "final_norm.shift": torch.ones(1)}, path)


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "layers": (lambda p: _theirs(p, n_layer=10**9), "no tensor 'h.2.ln_1.weight'"),
    "layers-ours": (lambda p: _ours(p, n_layers=10**9), "no tensor 'trf_blocks.2.att.W_query.weight'"),
    "layers-erf.pt": (lambda p: _nanogpt(p, n_layer=10**9), "no tensor 'h.2.ln_1.weight'"),
    "words": (lambda p: _theirs(p, vocab_size=10**15), "wte.weight has shape"),
    "words-ours": (lambda p: _ours(p, vocab_size=10**15), "tok_emb.weight has shape"),
    "words-erf.pt": (lambda p: _nanogpt(p, vocab_size=10**15), "wte.weight has shape"),
    "positions": (lambda p: _theirs(p, n_positions=10**9), "wpe.weight has shape"),
    "positions-ours": (lambda p: _ours(p, context_length=10**9), "pos_emb.weight has shape"),
    "width": (lambda p: _theirs(p, n_embd=3 * 10**9), "wte.weight has shape"),
    "width-ours": (lambda p: _ours(p, emb_dim=3 * 10**9), "tok_emb.weight has shape"),
    "layers-both-names": (lambda p: _theirs(p, num_hidden_layers=10**9, n_layer=10**9), "no tensor 'h.2.ln_1.weight'"),
    "layers-other-name": (lambda p: _theirs(p, num_hidden_layers=10**9), "two names of one size"),
    "inner": (lambda p: _theirs(p, n_inner=10**12), "n_inner is 1000000000000"),
    "heads": (lambda p: _theirs(p, n_head=10**9), "cannot be split into 1000000000 heads"),
    "heads-ours": (lambda p: _ours(p, n_heads=10**9), "cannot be split into 1000000000 heads"),
    "width-erf.pt": (lambda p: _nanogpt(p, n_embd=3 * 10**9), "wte.weight has shape"),
    "positions-erf.pt": (lambda p: _nanogpt(p, block_size=10**9), "wpe.weight has shape"),
    "words-tokenizer-ours": (lambda p: _named_vocabulary(p, 10**12), "names no vocabulary that fits its 50 rows"),
    "meta-heads3.pt": (
        lambda p: _course(p, pos_emb__weight=torch.empty(10**6, 10**6, device="meta")),
        "pos_emb.weight has a shape in the file but no values",
    ),
    "sparse-heads3.pt": (
        lambda p: _course(
            p, pos_emb__weight=torch.sparse_coo_tensor(torch.zeros(2, 1).long(), torch.ones(1), (10**6, 10**6))
        ),
        "pos_emb.weight is sparse",
    ),
    "quantized-heads3.pt": (lambda p: torch.save({"wte.weight": _Quantized()}, p), "quantized-heads3.pt"),
    "numeral-heads3.pt": (lambda p: _course(p, trf_blocks__999999999__x=torch.ones(1)), "'trf_blocks.999999999.x'"),
    "expanded-heads3.pt": (
        lambda p: _course(p, tok_emb__weight=torch.ones(1, 1).expand(10**6, 10**4)),
        "does not hold enough numbers",
    ),
    "mask-heads3.pt": (
        lambda p: _course(p, trf_blocks__0__att__mask=torch.ones(1, 1).expand(10**5, 10**5)),
        "does not hold enough numbers",
    ),
    "shared-heads3.pt": (_one_layer_as_many, "does not hold enough numbers"),
    "context-heads1.pt": (_long_context, "reads 100,000 tokens at once"),
    "packed.pt": (
        lambda p: _repacked(p, lambda n, c: (bytes(400 << 20) if n.endswith("/0") else c, zipfile.ZIP_DEFLATED)),
        "was not written by torch.save",
    ),
    "cut.pt": (
        lambda p: _repacked(p, lambda n, c: (c[:4] if n.endswith("/0") else c, zipfile.ZIP_STORED)),
        "was not written by torch.save",
    ),
    "runs.pt": (lambda p: torch.save({"model": _Runs()}, p), "nothing in it was run"),
    "runs-bare.pt": (lambda p: p.write_bytes(pickle.dumps(_Runs(), protocol=2)), "nothing in it was run"),
    "allocates.pt": (lambda p: torch.save({"model": _Allocates()}, p), "was not written by torch.save"),
    "allocates-bare.pt": (
        lambda p: p.write_bytes(pickle.dumps(_Allocates(), protocol=2)),
        "was not written by torch.save",
    ),
    "header.safetensors": (
        lambda p: p.write_bytes(struct.pack("<Q", 10**15) + b"{}"),
        "damaged or not a safetensors file",
    ),
    "offsets.safetensors": (
        lambda p: p.write_bytes(_safetensors([0, 10**12], [10**6, 250_000])),
        "damaged or not a safetensors file",
    ),
    "long-config": (
        lambda p: _configured(p, b'{"n_embd": [' + b"[]," * (12 << 20) + b"0]}"),
        "is longer than 33,554,432 bytes",
    ),
    "deep-vocabulary": (
        lambda p: _vocabulary(p, "tokenizer.json", b"[" * 10**6),
        "tokenizer.json in 'deep-vocabulary' is damaged",
    ),
    "long-vocabulary": (
        lambda p: _vocabulary(p, "vocab.json", b'{"a": [' + b"[]," * (10 << 20) + b"0]}"),
        "asks for more memory than there is",
    ),
    "ids": (lambda p: _vocabulary(p, "vocab.json", b'{"a": 1000000000000}'), "has an id 1,000,000,000,000"),
    "merges": (lambda p: _merges(p, b"a b\n" * (8 << 20)), "asks for more memory than there is"),
    "endless-merges": (lambda p: _endless(p, "merges.txt"), "merges.txt in 'endless-merges' is longer than"),
    "endless-list": (lambda p: _endless(p, "vocab.txt"), "vocab.txt in 'endless-list' is longer than"),
    "endless-vocabulary": (lambda p: _endless(p, "vocab.json"), "vocab.json in 'endless-vocabulary' is longer than"),
    "endless-index": (lambda p: _endless(p, "model.safetensors.index.json"), "index.json in 'endless-index' is longer"),
    "pieces-elsewhere": (
        lambda p: _index(p, {"weight_map": {"wte.weight": "../../../../../dev/zero"}}),
        "zero is missing from 'pieces-elsewhere'",
    ),
    **{
        f"{kind}-{name}": (
            lambda p, name=name, put=put: _in_place_of(p, name, put),
            f"{name} in '{kind}-{name}' is no ordinary file",
        )
        for kind, put in (("pipe", os.mkfifo), ("zeros", lambda p: p.symlink_to("/dev/zero")))
        for name in ("config.json", "model.safetensors", "pytorch_model.bin", "merges.txt", "tokenizer.json")
    },
    "deep-config": (lambda p: _configured(p, b"[" * 10**6), "config.json in 'deep-config' is damaged"),
    "digits-config": (
        lambda p: _configured(p, b'{"n_layer": ' + b"9" * 10**6 + b"}"),
        "config.json in 'digits-config' is damaged",
    ),
}


def _safetensors(offsets: list[int], shape: list[int]) -> bytes:
    header = json.dumps({"tok_emb.weight": {"dtype": "F32", "shape": shape, "data_offsets": offsets}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4)


def _named_vocabulary(path: Path, vocab_size: int) -> None:
    _ours(path)
    about = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(about | {"tokenizer": {"kind": "gpt2", "vocab_size": vocab_size}}))


def _vocabulary(path: Path, name: str, content: bytes) -> None:
    _theirs(path)
    (path / name).write_bytes(content)


def _merges(path: Path, content: bytes) -> None:
    _vocabulary(path, "vocab.json", b'{"a": 0, "b": 1, "ab": 2}')
    (path / "merges.txt").write_bytes(content)


def _endless(path: Path, name: str) -> None:
    """10 GB that take no room on the disk."""
    _merges(path, b"")
    (path / "model.safetensors").rename(
        path / "model.safetensors.index.json" if "index" in name else path / "model.safetensors"
    )
    if name == "vocab.txt":
        (path / "vocab.json").unlink()
        (path / "merges.txt").unlink()
    with (path / name).open("wb") as file:
        file.truncate(10 << 30)


def _index(path: Path, index: dict[str, object]) -> None:
    _theirs(path)
    (path / "model.safetensors").unlink()
    (path / "model.safetensors.index.json").write_text(json.dumps(index))


def _in_place_of(path: Path, name: str, put: Callable[[Path], object]) -> None:
    _merges(path, b"")
    if name == "pytorch_model.bin":
        (path / "model.safetensors").unlink()
    (path / name).unlink(missing_ok=True)
    put(path / name)


def _configured(path: Path, config: bytes) -> None:
    _theirs(path)
    (path / "config.json").write_bytes(config)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and limits the address space")
def test_every_malicious_file_is_refused_in_a_sentence_within_300_mb(tmp_path):
    for name, (make, _) in FILES.items():
        make(tmp_path / name)
    quiet = os.environ | {
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
    }  # threads reserve addresses that they do not use
    sources = [str(tmp_path / name) for name in FILES]
    ran = subprocess.run(
        [sys.executable, "-c", OPEN_ALL, *sources],
        check=False,
        timeout=300,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=quiet | {"PYTHONPATH": os.getcwd()},
    )
    said = dict(zip(FILES, ran.stdout.splitlines(), strict=False))
    assert len(said) == len(FILES), f"ended after {len(said)}: {ran.stderr[-500:]}"
    wrong = {
        name: said[name] for name, (_, sentence) in FILES.items() if sentence not in said[name] or "CRASH" in said[name]
    }
    assert wrong == {}
    assert not (tmp_path / "ran").exists()
