"""Every sentence that code asks for exists, and every sentence is asked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.catalogue import LANGUAGE, catalogue
from gpt2core.notation import KINDS

EXPLORER = Path(__file__).parent.parent.parent / "explorer"
TOPICS = sorted(path.stem for path in (EXPLORER / "catalogue" / LANGUAGE).glob("*.toml"))


def words_in_code() -> Iterator[str]:
    """A pattern for every string in the page's Python code, f-strings included, and for every sentence that a widget's script asks for."""
    for path in EXPLORER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.escape(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [re.escape(part.value) if isinstance(part, ast.Constant) else r"\w+" for part in node.values]
                if re.search("[a-z]", "".join(parts).replace(r"\w+", "")):
                    yield "".join(parts)
    yield from (kind.replace("-", "_") for kind in KINDS)  # of edits, which widgets/edits_line says by their kind
    for path in EXPLORER.rglob("*.js"):
        script = path.read_text(encoding="utf-8")
        yield from re.findall(r"\bwords\.(\w+)", script)
        yield from (re.sub(r"\$\{\w+\}", r"\\w+", name) for name in re.findall(r"\bwords\[`(.+?)`\]", script))


def asked_for(path: Path) -> list[str]:
    """The keys of all calls say("...") and catalogue(...)("...") in one file."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    said = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "say" and call.args]
    return [call.args[0].value for call in said if isinstance(call.args[0], ast.Constant)]


@pytest.mark.parametrize("path", sorted(EXPLORER.glob("tabs/*.py")), ids=lambda path: path.stem)
def test_every_sentence_that_a_tab_asks_for_exists(path: Path) -> None:
    keys = asked_for(path)
    if path.stem != "__init__":
        assert keys
        assert set(keys) <= set(catalogue(path.stem).sentences)


def test_no_sentence_is_left_over() -> None:
    asked = re.compile("|".join(sorted(set(words_in_code()))))
    left_over = {topic: [key for key in catalogue(topic).sentences if not asked.fullmatch(key)] for topic in TOPICS}
    assert not any(left_over.values()), left_over
