"""docs/files.md names, in each of its lines, tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_every_line_of_the_table_is_held_by_tests_that_exist():
    table = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if re.match(r"\| (?:named|more) \|", line)]
    defined = {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert len(rows) == table.count("\n|") - 2 * table.count("\n## ")  # two lines of each table are its head
    for row in rows:
        named = set(re.findall(r"`(test_\w+)`", row.split(" | ")[-1]))
        assert named, row
        assert named <= defined, row
