"""What the scripts of widgets say of the words that they are given, read from the source (explorer/widgets/shared/dom.js: filled)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.explorer.sayings import ANY

_WORD = re.compile(r"\bwords(?:\.(\w+)|\[`([^`]+)`\])")
_FILL = re.compile(r"\b(filled|partsOf)\(")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass
class Fill:
    """One call that puts values into a sentence. sentence: as the script writes it; words: the patterns of those it may be."""

    sentence: str
    words: list[str]
    given: list[tuple[str, int]]  # names, each with where it is given: an object may serve several sentences


@dataclass
class Script:
    """One script. constants: the names of the values in objects that it is handed, as in `limits`."""

    text: str
    constants: dict[str, set[str]] = field(default_factory=dict)

    def words(self) -> Iterator[str]:
        """A pattern for each word that it names."""
        yield from words_in(self.text)

    def fills(self) -> Iterator[Fill]:
        """Raises: AssertionError where it cannot be told which values a sentence is given."""
        wrappers = {}  # const told = (sentence, ...) => filled(sentence, {...})
        for call in _FILL.finditer(self.text):
            if self.text[: call.start()].endswith("function "):
                continue
            sentence, values = arguments(self.text, call.end() - 1)
            given = list(self._names(values, call.end() + 1 + len(sentence)))
            wrapper = re.search(r"const (\w+) = \((\w+)\b[^;\n]*\) => $", self.text[: call.start()])
            if wrapper and wrapper[2] == sentence:
                wrappers[wrapper[1]] = given
            else:
                yield Fill(sentence, self._words_of(sentence, call.start()), given)
        for name, given in wrappers.items():
            for call in re.finditer(rf"\b{name}\(", self.text):
                sentence = arguments(self.text, call.end() - 1)[0]
                yield Fill(sentence, self._words_of(sentence, call.start()), given)

    def _words_of(self, sentence: str, before: int) -> list[str]:
        """The words in an expression, or in the constants that it names."""
        found = list(words_in(sentence))
        for name in () if found else re.findall(r"^\w+|(?<=[?:&|] )\w+", sentence):
            found += words_in(self._constant(name, before))
        return found

    def _constant(self, name: str, before: int) -> str:
        """What `const name = ...;` says, the last before a place."""
        ends = [found.end() for found in re.finditer(rf"\bconst {name} =\s", self.text[:before])]
        return self.text[ends[-1] : self.text.index(";", ends[-1])] if ends else ""

    def _names(self, values: str, at: int) -> Iterator[tuple[str, int]]:
        """The names in an object: a literal, a constant that is one, or what the script is handed."""
        if not values.startswith("{"):
            yield from self._named(values, at)
            return
        for part in split(values[1:-1]):
            if part.startswith("..."):
                yield from self._named(part[3:], at)
            else:
                yield re.split(r"\W", part, maxsplit=1)[0], at

    def _named(self, name: str, before: int) -> Iterator[tuple[str, int]]:
        starts = [found.end() - 1 for found in re.finditer(rf"\bconst {name} = \{{", self.text[:before])]
        assert starts or name in self.constants, (
            f"the names in {name!r} cannot be told: {self.text[before - 90 : before + 60]!r}"
        )
        if starts:
            literal = "{" + ", ".join(arguments(self.text, starts[-1])) + "}"
            yield from self._names(literal, starts[-1])
        else:
            yield from ((one, -1) for one in self.constants[name])


def words_in(text: str) -> Iterator[str]:
    for plain, computed in _WORD.findall(text):
        yield re.escape(plain) if plain else re.sub(r"\\\$\\\{[\w.\\]+\\\}", lambda _: ANY, re.escape(computed))


def arguments(text: str, opening: int) -> list[str]:
    """What stands between the bracket at `opening` and its partner, split at the commas between."""
    return split(text[opening + 1 : _end(text, opening) - 1])


def split(text: str) -> list[str]:
    """`text` split at its commas that stand in no bracket and no string."""
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] in "([{'\"`":
            at = _end(text, at)
            continue
        if text[at] == ",":
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def _end(text: str, at: int) -> int:
    """The place after the string or the bracket that begins at `at`."""
    opened = text[at]
    closing = _CLOSING.get(opened, opened)
    at += 1
    while text[at] != closing:
        if closing in "'\"`":
            at = (
                _end(text, at + 1)
                if closing == "`" and text.startswith("${", at)
                else at + (2 if text[at] == "\\" else 1)
            )
        else:
            at = _end(text, at) if text[at] in "([{'\"`" else at + 1
    return at + 1
