"""What the page's code says of the catalogue, read from the source: which sentences, and with which values put in.

A name is a pattern, as computed ones are: f"fact_{name}" may be any sentence that fits fact_\\w+.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import get_args

from explorer.answers.training import End
from gpt2core.notation import KINDS

ROOT = Path(__file__).parent.parent.parent
EXPLORER = ROOT / "explorer"
WIDGETS = EXPLORER / "widgets"

# What attributes may hold that a sentence is chosen by.
ATTRIBUTES = {
    "edit.kind": [kind.replace("-", "_") for kind in KINDS],
    "progress.end": [
        end for end in get_args(End) if end not in ("", "not finite")
    ],  # which has its own refusal to tell
}
ANY = r"\w+"


@dataclass(frozen=True)
class Saying:
    """One place that says a sentence of `topic`. given: the names of the values put in, None where it is handed on as it stands: to
    the parameter `to` or, `as_word`, to a script."""

    where: str
    topic: str
    keys: tuple[str, ...]
    given: tuple[str, ...] | None
    to: str = ""
    as_word: bool = False


@dataclass(frozen=True)
class Words:
    """What the scripts of a widget's folder are given: {word: sentence} of `topic`, None for all of it under their own names."""

    folder: str
    topic: str
    named: tuple[tuple[str, str], ...] | None


class Source:
    """One Python file, and what its names stand for."""

    def __init__(self, path: Path, text: str | None = None, module: ModuleType | None = None) -> None:
        self.path, self._module = path, module
        self.tree = ast.parse(path.read_text(encoding="utf-8") if text is None else text)
        self._above = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @property
    def module(self) -> ModuleType:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return self._module or importlib.import_module(".".join(part for part in parts if part != "__init__"))

    def where(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT)}:{node.lineno}"  # type: ignore[attr-defined]

    def calls(self, name: str) -> Iterator[ast.Call]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield node

    def scopes(self, node: ast.AST) -> Iterator[ast.AST]:
        """What stands around `node`, from within outwards, the module last."""
        while node in self._above:
            node = self._above[node]
            yield node

    def above(self, node: ast.AST) -> ast.AST:
        return self._above[node]

    def bound(self, name: ast.Name) -> list[ast.expr]:
        """The expressions that `name` may stand for where it stands; [] where that cannot be told."""
        for scope in self.scopes(name):
            found: list[ast.expr] = []
            if isinstance(scope, ast.If) and _asks_whether_in(scope.test, name.id):
                found = self.elements(scope.test.comparators[0])  # type: ignore[attr-defined]
            elif isinstance(scope, ast.DictComp | ast.ListComp | ast.GeneratorExp | ast.SetComp):
                loops = [(one.target, one.iter) for one in scope.generators]
                found = [value for target, over in loops for value in self._in_turn(target, over, name.id)]
            elif isinstance(scope, ast.FunctionDef | ast.Module):
                found = list(self._assigned(scope, name.id))
                if not found and isinstance(scope, ast.FunctionDef):
                    found = list(self._passed(scope, name.id))
            if found:
                return found
        value = getattr(self.module, name.id, None)
        return [_as_node(value)] if isinstance(value, str | tuple | list | dict) else []

    def _assigned(self, scope: ast.FunctionDef | ast.Module, name: str) -> Iterator[ast.expr]:
        inside = ast.walk(scope) if isinstance(scope, ast.FunctionDef) else scope.body
        for node in inside:
            if isinstance(node, ast.Assign):
                yield from _part(node.targets[0], node.value, name)
            elif isinstance(node, ast.For):
                yield from self._in_turn(node.target, node.iter, name)

    def _in_turn(self, target: ast.expr, over: ast.expr, name: str) -> Iterator[ast.expr]:
        """What `name` stands for in a loop of `target` over `over`."""
        if any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(target)):
            yield from (value for each in self.elements(over) for value in _part(target, each, name))

    def _passed(self, function: ast.FunctionDef, name: str) -> Iterator[ast.expr]:
        """What the calls in this file pass as parameter `name`."""
        places = [one.arg for one in function.args.args]
        for call in self.calls(function.name):
            if name in places and places.index(name) < len(call.args):
                yield call.args[places.index(name)]
            yield from (one.value for one in call.keywords if one.arg == name)

    def elements(self, iterable: ast.expr) -> list[ast.expr]:
        """What a loop over `iterable` goes through; [] where that cannot be told."""
        if isinstance(iterable, ast.Tuple | ast.List | ast.Set):
            return iterable.elts
        if isinstance(iterable, ast.Dict):
            return [key for key in iterable.keys if key is not None]
        if isinstance(iterable, ast.Name):
            return [element for value in self.bound(iterable) for element in self.elements(value)]
        if (
            isinstance(iterable, ast.Call)
            and isinstance(iterable.func, ast.Attribute)
            and iterable.func.attr == "items"
        ):
            owner = iterable.func.value
            tables = self.bound(owner) if isinstance(owner, ast.Name) else [owner]
            return [
                ast.Tuple([key, value])
                for table in tables
                if isinstance(table, ast.Dict)
                for key, value in zip(table.keys, table.values, strict=True)
                if key is not None
            ]
        return []

    def patterns(self, text: ast.expr | None) -> list[str]:
        """What a string may be, as patterns; [] where that cannot be told."""
        return list(self._patterns(text))

    def _patterns(self, text: ast.expr | None) -> Iterator[str]:
        match text:
            case ast.Constant(value=str(value)):
                yield re.escape(value)
            case ast.IfExp():
                yield from (*self._patterns(text.body), *self._patterns(text.orelse))
            case ast.JoinedStr():
                parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in text.values]
                yield from map("".join, itertools.product(*(self.patterns(part) or [ANY] for part in parts)))
            case ast.Subscript(value=owner):
                tables = self.bound(owner) if isinstance(owner, ast.Name) else [owner]
                for table in tables:
                    for value in table.values if isinstance(table, ast.Dict) else ():
                        yield from self._patterns(value)
            case ast.Call(func=ast.Attribute(value=inner, attr="replace")):
                yield from self._patterns(inner)
            case ast.Attribute():
                yield from map(re.escape, ATTRIBUTES.get(ast.unparse(text), ()))
            case ast.Name():
                for value in self.bound(text):
                    yield from self._patterns(value)

    def topics(self, said_by: ast.expr) -> list[str]:
        """The topics whose catalogue an expression may be: catalogue("page"), or a name for it."""
        match said_by:
            case ast.Call(func=ast.Name(id="catalogue"), args=[ast.Constant(value=str(topic))]):
                return [topic]
            case ast.Name(id="say" | "links"):
                values = self.bound(said_by) or list(self._passed_from_elsewhere(said_by))
                return [topic for value in values for topic in self.topics(value)]
        return []

    def _passed_from_elsewhere(self, name: ast.Name) -> Iterator[ast.expr]:
        """A catalogue that other files pass to the function in which `name` is a parameter, as catalogue("topic")."""
        for scope in self.scopes(name):
            if isinstance(scope, ast.FunctionDef) and name.id in [one.arg for one in scope.args.args]:
                for other in python_sources():
                    for call in other.calls(scope.name):
                        yield from (_catalogue_of(topic) for one in call.args for topic in other.topics(one))

    def names_given(self, call: ast.Call) -> tuple[str, ...]:
        """Raises: AssertionError for a mapping whose keys cannot be told."""
        names: list[str] = []
        for keyword in call.keywords:
            found = [re.escape(keyword.arg)] if keyword.arg else self._keys(keyword.value)
            assert found, f"{self.where(call)} gives values by names that cannot be told: {ast.unparse(keyword.value)}"
            names += found
        return tuple(names)

    def _keys(self, mapping: ast.expr) -> list[str]:
        match mapping:
            case ast.Dict(keys=keys):
                return [pattern for key in keys for pattern in self.patterns(key)]
            case ast.DictComp(key=key):
                return self.patterns(key)
            case ast.Call(func=ast.Name(id="dict"), args=[ast.Call(func=ast.Name(id="zip"), args=[names, *_])]):
                return [pattern for name in self.elements(names) for pattern in self.patterns(name)]
            case ast.Call(func=ast.Name(id=name)):
                made = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef) and node.name == name]
                ends = [
                    node.value for one in made for node in ast.walk(one) if isinstance(node, ast.Return) and node.value
                ]
                return [key for end in ends for key in self._keys(end)]
            case ast.Name():
                return [key for value in self.bound(mapping) for key in self._keys(value)]
        return []


def _asks_whether_in(test: ast.expr, name: str) -> bool:
    match test:
        case ast.Compare(left=ast.Name(id=asked), ops=[ast.In()]):
            return asked == name
    return False


def _part(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    """The part of `value` that an assignment to `target` gives to `name`."""
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, part in zip(target.elts, value.elts, strict=False):
            yield from _part(one, part, name)


def _as_node(value: object) -> ast.expr:
    if isinstance(value, dict):
        return ast.Dict([_as_node(key) for key in value], [_as_node(one) for one in value.values()])
    if isinstance(value, tuple | list):
        return ast.Tuple([_as_node(one) for one in value])
    return ast.Constant(value if isinstance(value, str) else None)


def _catalogue_of(topic: str) -> ast.expr:
    return ast.Call(ast.Name("catalogue"), [ast.Constant(topic)], [])


_SOURCES: list[Source] = []


def python_sources() -> Sequence[Source]:
    """Every Python file of the page, read once."""
    if not _SOURCES:
        _SOURCES.extend(Source(path) for path in sorted(EXPLORER.rglob("*.py")) if path.parent.name != "catalogue")
    return _SOURCES


def sayings(source: Source) -> Iterator[Saying]:
    """Every place in a Python file that says a sentence. Raises: AssertionError where it cannot be told which."""
    for node in ast.walk(source.tree):
        said_by, key = None, None
        if isinstance(node, ast.Call) and node.args:
            said_by, key = node.func, node.args[0]
        elif (
            isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "sentences"
        ):
            said_by, key = node.value.value, node.slice
        for topic in source.topics(said_by) if said_by is not None else ():
            keys = tuple(source.patterns(key))
            assert keys, f"{source.where(node)} says a sentence that cannot be told: {ast.unparse(node)}"
            given = source.names_given(node) if isinstance(node, ast.Call) and node.keywords else None
            above = source.above(node)
            to = above.arg or "" if isinstance(above, ast.keyword) else ""
            as_word = isinstance(above, ast.DictComp) and _is_words(source, above)
            yield Saying(source.where(node), topic, keys, given, to, as_word)


def words_given(source: Source) -> Iterator[Words]:
    """The words that a Python file gives to scripts: its own widget's, or those of a widget that it calls."""
    widgets = {
        alias.asname or alias.name: node.module.split(".")[2]
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("explorer.widgets.")
        for alias in node.names
    }
    own = source.path.parent.name if source.path.is_relative_to(WIDGETS) else ""
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "sentences"
            and not isinstance(source.above(node), ast.Subscript)
        ):
            above = source.above(node)
            called = above.func.id if isinstance(above, ast.Call) and isinstance(above.func, ast.Name) else ""
            for topic in source.topics(node.value):
                yield Words(widgets.get(called, own), topic, None)
        elif own and isinstance(node, ast.DictComp) and isinstance(node.value, ast.Call) and _is_words(source, node):
            names = source.elements(node.generators[0].iter)
            for topic in source.topics(node.value.func):
                (sentence,) = node.value.args
                before = sentence.values[0].value if isinstance(sentence, ast.JoinedStr) else ""  # type: ignore[attr-defined]
                named = tuple((one.value, f"{before}{one.value}") for one in names)  # type: ignore[attr-defined]
                yield Words(own, topic, named)


def _is_words(source: Source, node: ast.DictComp) -> bool:
    above = source.above(node)
    if isinstance(above, ast.Assign):
        return ast.unparse(above.targets[0]) == "words"
    return isinstance(above, ast.Dict) and any(
        isinstance(key, ast.Constant) and key.value == "words" and value is node
        for key, value in zip(above.keys, above.values, strict=True)
    )
