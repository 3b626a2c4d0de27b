"""gpt2core's refusals are said in the page's language where its catalogue has them, and in English where not."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import explorer.catalogue
import gpt2core
from explorer.catalogue import ERRORS, FOLDER, refusals, sentences
from explorer.page.guard import in_words
from explorer.page.links import Linked, read_link
from explorer.wording.refusals import refusal_in_words
from gpt2core.errors import EmptyPrompt, InvalidSetting, PromptTooLong
from gpt2core.notation import NamedEdit

EXPLORER = FOLDER.parent
LANGUAGES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__")
# A language made up here, which has words for some of the refusals only.
OTHER = {
    "There is no text to read. Type at least one character.": "Nihil legendum est.",
    "The text is {n_tokens:,} tokens long; this model reads at most {limit:,}. Remove about {excess:,} tokens.": (
        "Ad summum {limit:,}, sed sunt {n_tokens:,}."
    ),
    "{what} failed: {why}": "{what} non potest: {why}",
}


@pytest.fixture
def other_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "made-up"
    folder.mkdir()
    lines = [f"{json.dumps(key)} = {json.dumps(sentence)}" for key, sentence in OTHER.items()]
    (folder / f"{ERRORS}.toml").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(explorer.catalogue, "FOLDER", tmp_path)
    monkeypatch.setattr(explorer.catalogue, "LANGUAGE", "made-up")
    refusals.cache_clear()
    yield
    refusals.cache_clear()


def test_a_refusal_is_said_in_the_pages_language_with_its_values(other_language):
    assert in_words(EmptyPrompt()) == "Nihil legendum est."
    assert in_words(PromptTooLong(3024, 1024)) == "Ad summum 1,024, sed sunt 3,024."


def test_a_refusal_that_the_language_lacks_is_said_as_the_package_says_it(other_language):
    for error in (
        PromptTooLong(17, 16),
        InvalidSetting("The seed is {value}.", value=3),
        InvalidSetting("Choose {a}."),
    ):
        assert in_words(error) == str(error)


def test_a_refusal_inside_another_is_said_in_the_same_language(other_language):
    error = InvalidSetting("{what} failed: {why}", what="A", why=EmptyPrompt())
    assert refusal_in_words(error) == "A non potest: Nihil legendum est."


def test_what_a_link_could_not_open_is_said_in_the_pages_language(other_language):
    def check(_: str) -> None:
        raise EmptyPrompt

    assert "Nihil legendum est." in read_link({"a": "1"}, [], [Linked("a", None, 0, check)]).troubles[0]


def test_in_english_the_package_speaks_for_itself():
    assert refusals() == {}
    assert in_words(EmptyPrompt()) == str(EmptyPrompt())


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def misfits(translated: Mapping[str, str]) -> list[str]:
    """What is no sentence of gpt2core's, or wants a value that its sentence does not have."""
    package = Path(gpt2core.__file__).parent
    known = {
        node.value
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return [key for key, one in translated.items() if key not in known or not placeholders(one) <= placeholders(key)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_is_of_a_refusal_that_there_is(language, monkeypatch):
    monkeypatch.setattr(explorer.catalogue, "LANGUAGE", language)
    if (FOLDER / language / f"{ERRORS}.toml").is_file():
        assert misfits(sentences(ERRORS)) == []


def test_a_translation_that_does_not_fit_is_caught():
    (gone,) = misfits(OTHER)
    assert gone == "{what} failed: {why}"
    assert misfits({"There is no text to read. Type at least one character.": "{n}?"})


def shown_as_they_are(source: str) -> list[str]:
    """Caught errors that a handler writes out by itself: str(error), f"{error}", or one handed to a sentence."""
    found = []
    for handler in ast.walk(ast.parse(source)):
        if not isinstance(handler, ast.ExceptHandler) or handler.name is None:
            continue
        for node in ast.walk(handler):
            inside = [*node.args, *(one.value for one in node.keywords)] if isinstance(node, ast.Call) else []
            inside += [node.value] if isinstance(node, ast.FormattedValue) else []
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            named = [one for one in inside if isinstance(one, ast.Name) and one.id == handler.name]
            if named and called not in ("in_words", "refusal_in_words", "isinstance"):
                found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize("path", sorted(EXPLORER.rglob("*.py")), ids=lambda path: path.relative_to(EXPLORER).as_posix())
def test_no_handler_writes_out_a_refusal_by_itself(path):
    assert shown_as_they_are(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("told", "caught"),
    [
        ("str(error)", True),
        ("say('a', why=error)", True),
        ("f'{error}'", True),
        ("in_words(error)", False),
        ("error.n", False),
    ],
)
def test_the_rule_catches_what_it_is_for(told, caught):
    assert bool(shown_as_they_are(f"try: f()\nexcept E as error: {told}")) == caught


def test_values_of_a_refusal_never_open_a_placeholder(other_language):
    with pytest.raises(InvalidSetting) as refusal:
        NamedEdit("{what}")
    assert in_words(refusal.value) == str(refusal.value)
