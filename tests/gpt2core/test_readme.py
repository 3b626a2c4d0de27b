"""What the package's README shows can be typed as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gpt2core
from gpt2core import load_pretrained, trace

ROOT = Path(gpt2core.__file__).parents[1]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "gpt2core" / "README.md").read_text(encoding="utf-8"), re.DOTALL)
SHIPPED = ROOT / "checkpoints" / "tinystories"


@pytest.fixture
def at_the_root(monkeypatch):
    if not (SHIPPED / "config.json").exists():
        pytest.skip(f"the model that ships is not in checkpoints/{SHIPPED.name}")
    monkeypatch.chdir(ROOT)


@pytest.mark.usefixtures("at_the_root")
def test_six_lines_print_one_attention_number(capsys):
    assert len(BLOCKS[0].splitlines()) == 6
    exec(BLOCKS[0], {})
    gpt = load_pretrained(SHIPPED)
    pattern = trace(gpt.model, gpt.tokenizer.encode("Once upon a time there was a little cat"))["pattern", 2]
    assert capsys.readouterr().out == f"{pattern[0, -1, 0]:.3f}\n"


@pytest.mark.usefixtures("at_the_root")
def test_every_example_runs_after_the_one_before_it():
    names: dict[str, object] = {}
    for block in BLOCKS:
        exec(block, names)
    assert len(BLOCKS) == 12
