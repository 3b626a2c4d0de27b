"""docs/files.md and docs/texts.md name, in each of their lines, tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def defined() -> set[str]:
    """The names of all tests of the project."""
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }


def test_every_line_of_the_table_of_files_is_held_by_tests_that_exist(defined):
    table = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if re.match(r"\| (?:named|more) \|", line)]
    assert len(rows) == table.count("\n|") - 2 * table.count("\n## ")  # two lines of each table are its head
    for row in rows:
        named = set(re.findall(r"`(test_\w+)`", row.split(" | ")[-1]))
        assert named, row
        assert named <= defined, row


def test_every_line_of_the_table_of_texts_is_held_by_tests_that_exist(defined):
    lines = (ROOT / "docs" / "texts.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith(("| kind", "| ---"))]
    assert rows
    for row in rows:
        named = set(re.findall(r"`(test_\w+)", row.split(" | ")[-1]))
        assert named, row
        assert named <= defined, row
