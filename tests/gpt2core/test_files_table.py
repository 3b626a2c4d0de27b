"""docs/files.md and docs/texts.md name, in each of their lines, tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", ["files.md", "texts.md"])
def test_every_line_of_the_table_is_held_by_tests_that_exist(name):
    lines = (ROOT / "docs" / name).read_text(encoding="utf-8").splitlines()
    rows = [line for line, after in zip(lines, [*lines[1:], ""], strict=True) if _is_row(line) and not _is_rule(after)]
    defined = {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert len(rows) > 30
    for row in rows:
        named = set(re.findall(r"`(test_\w+)`", row.split(" | ")[-1]))
        assert named, row
        assert named <= defined, row


def _is_row(line):
    return line.startswith("|") and not _is_rule(line)


def _is_rule(line):
    """The line below a table's head."""
    return re.fullmatch(r"\|( -+ \|)+", line) is not None
