"""The rules of the house, read from the source: who may import whom, and that nothing runs at import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for top in ("gpt2core", "explorer") for path in (ROOT / top).rglob("*.py"))
named = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))


def imported_modules(source: str, package: str = "") -> Iterator[str]:
    """Every module that `source` may import, wherever the statement stands; names taken from a package count too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(filter(None, (above, node.module)))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def forbidden(path: Path, prefixes: tuple[str, ...]) -> list[str]:
    package = ".".join(path.relative_to(ROOT).parent.parts)
    return [
        name
        for name in imported_modules(path.read_text(encoding="utf-8"), package)
        if any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)
    ]


def statements_that_run(source: str) -> list[str]:
    """Top-level statements other than imports, definitions, assignments and docstrings."""
    allowed = (
        ast.Import,
        ast.ImportFrom,
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Assign,
        ast.AnnAssign,
    )
    running = []
    for node in ast.parse(source).body:
        guard = ast.unparse(node.test) if isinstance(node, ast.If) else ""
        harmless = (
            isinstance(node, allowed)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            or guard in ("TYPE_CHECKING", "__name__ == '__main__'")
        )
        if not harmless:
            running.append(ast.unparse(node).splitlines()[0])
    return running


def test_the_rules_are_read_from_files_that_exist():
    assert ROOT / "gpt2core" / "model.py" in SOURCES


@named
def test_the_model_package_knows_nothing_of_the_interface(path):
    if path.is_relative_to(ROOT / "gpt2core"):
        assert forbidden(path, ("explorer", "app", "gradio", "plotly", "pandas")) == []


@named
def test_figures_know_neither_gradio_nor_models(path):
    if path.is_relative_to(ROOT / "explorer" / "figures"):
        assert (
            forbidden(
                path, ("gradio", "gpt2core.model", "gpt2core.checkpoint", "explorer.store.services", "explorer.tabs")
            )
            == []
        )
        assert forbidden(path, ("gpt2core.GPTModel", "gpt2core.load_pretrained")) == []


def test_answers_need_no_gradio_and_know_no_tab():
    """Imported where there is no gradio, with all that they import themselves."""
    answers = [path for path in SOURCES if path.is_relative_to(ROOT / "explorer" / "answers")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in answers]
    code = f"import sys; sys.modules['gradio'] = None; [__import__(name) for name in {names!r}]; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr[-500:]
    assert [name for name in told.stdout.split() if name.startswith(("explorer.tabs", "explorer.widgets"))] == []


@named
def test_tabs_never_import_one_another(path):
    tabs = ROOT / "explorer" / "tabs"
    if path.is_relative_to(tabs) and path.name != "__init__.py":
        own = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        others = [name for name in forbidden(path, ("explorer.tabs",)) if not f"{name}.".startswith(f"{own}.")]
        assert others == []


@named
def test_nothing_runs_at_import(path):
    assert statements_that_run(path.read_text(encoding="utf-8")) == []


def test_the_rules_catch_what_they_are_for():
    assert "gradio" in imported_modules("def f():\n    import gradio as gr")
    assert "explorer.tabs.tokens" in imported_modules("from explorer.tabs import tokens")
    assert "explorer.tabs.tokens" in imported_modules("from . import tokens", "explorer.tabs")
    assert "explorer.figures" in imported_modules("from ..figures import bars", "explorer.tabs")
    assert statements_that_run("'''words'''\nimport os\nX: int = 1\ndef f(): ...") == []
    assert statements_that_run("print('hello')\nfor i in range(3): pass") == ["print('hello')", "for i in range(3):"]
