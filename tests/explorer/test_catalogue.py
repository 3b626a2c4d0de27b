"""Every sentence that code asks for exists, and every sentence is asked for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from explorer.catalogue import LANGUAGE, catalogue

EXPLORER = Path(__file__).parent.parent.parent / "explorer"
TOPICS = sorted(path.stem for path in (EXPLORER / "catalogue" / LANGUAGE).glob("*.toml"))


def words_in_code() -> set[str]:
    """Every string constant in the page's code."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in EXPLORER.rglob("*.py"))
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


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


@pytest.mark.parametrize("topic", TOPICS)
def test_no_sentence_is_left_over(topic: str) -> None:
    assert set(catalogue(topic).sentences) <= words_in_code()
