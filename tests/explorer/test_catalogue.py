"""Every sentence that code asks for exists and gets its values, every sentence is asked for, and what topics share stands once."""

from __future__ import annotations

import functools
import re
import string
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from explorer.catalogue import ERRORS, FOLDER, LANGUAGE, SHARED, catalogue, sentences
from tests.explorer.sayings import EXPLORER, WIDGETS, Saying, Source, Words, python_sources, sayings, words_given
from tests.explorer.script_sayings import Script

TOPICS = sorted(path.stem for path in (FOLDER / LANGUAGE).glob("*.toml") if path.stem != ERRORS)
# Sentences that a widget's Python is given and its script fills: the parameter, the script, and how that calls the sentence.
HANDED_ON = {
    "cell_label": (WIDGETS / "heads" / "heads.js", "cellLabel"),
    "reading": (WIDGETS / "matrix" / "reading.js", "table.reading"),
    "nothing": (WIDGETS / "matrix" / "reading.js", "table.nothing"),
    "stopped": (WIDGETS / "notice" / "notice.js", "said"),
}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def keys_of(topic: str, patterns: Iterable[str]) -> list[str]:
    """The keys that are meant; a pattern that none fits stands as it is, which is no key."""
    known = catalogue(topic).sentences
    return [key for pattern in patterns for key in ([one for one in known if re.fullmatch(pattern, one)] or [pattern])]


def unmatched(sentence: set[str], given: Iterable[str]) -> set[str]:
    return {name for name in sentence if not any(re.fullmatch(pattern, name) for pattern in given)}


@functools.cache
def said_in_python() -> tuple[Saying, ...]:
    return tuple(saying for source in python_sources() for saying in sayings(source))


@functools.cache
def words_of_widgets() -> Mapping[str, Words]:
    """By the name of the widget's folder."""
    return {words.folder: words for source in python_sources() for words in words_given(source)}


def widget_scripts() -> Iterator[tuple[str, Path, Script]]:
    limits = {one for source in python_sources() for call in source.calls("story") for one in source.names_given(call)}
    for path in sorted(WIDGETS.rglob("*.js")):
        yield path.relative_to(WIDGETS).parts[0], path, Script(path.read_text(encoding="utf-8"), {"limits": limits})


@dataclass(frozen=True)
class Named:
    """What a script's words are: {word: sentence} of `topic`."""

    topic: str
    sentences: Mapping[str, str]

    @classmethod
    def of(cls, words: Words) -> Named:
        whole = catalogue(words.topic).sentences
        return cls(words.topic, whole if words.named is None else {name: whole[key] for name, key in words.named})

    def meant(self, patterns: Iterable[str], named: Iterable[str] = ()) -> list[str]:
        """The words that are meant; a computed one is none of those that are `named` as they are, and one that there is not stands
        as it is."""
        found: list[str] = []
        for pattern in patterns:
            plain = re.fullmatch(r"\w+", pattern)
            fit = [word for word in self.sentences if re.fullmatch(pattern, word) and (plain or word not in set(named))]
            found += fit or [pattern]
        return found


def python_troubles(said: Iterable[Saying]) -> list[str]:
    """What Python asks for that is not there, does not put in, or puts in in vain."""
    troubles = []
    for saying in said:
        keys = keys_of(saying.topic, saying.keys)
        known = catalogue(saying.topic).sentences
        troubles += [f"{saying.where}: {saying.topic} has no {key}" for key in keys if key not in known]
        wanted = {key: placeholders(known[key]) for key in keys if key in known}
        if saying.given is None and saying.as_word:
            continue  # filled by a script, which is looked through below
        given = filled_later(saying.to) if saying.given is None and saying.to in HANDED_ON else saying.given or ()
        for key, names in wanted.items():
            troubles += [f"{saying.where}: {key} wants {{{name}}}" for name in sorted(unmatched(names, given))]
        for name in saying.given or ():
            if not any(re.fullmatch(name, one) for names in wanted.values() for one in names):
                troubles.append(f"{saying.where}: {name} is given in vain")
    return troubles


@functools.cache
def filled_later(parameter: str) -> tuple[str, ...]:
    path, sentence = HANDED_ON[parameter]
    fills = Script(path.read_text(encoding="utf-8")).fills()
    (given,) = [fill.given for fill in fills if fill.sentence == sentence]
    return tuple(name for name, _ in given)


def script_troubles(scripts: Iterable[tuple[str, Path, Script]], words: Mapping[str, Words]) -> list[str]:
    """The same of the scripts of widgets."""
    every = list(scripts)
    by_folder = defaultdict(set)
    for folder, _, script in every:
        by_folder[folder] |= {word for word in script.words() if re.fullmatch(r"\w+", word)}
    troubles = []
    for folder, path, script in every:
        if folder not in words:
            troubles += [f"{path.name} is given no words, and asks for {word}" for word in script.words()]
            continue
        given = Named.of(words[folder])
        asked = given.meant(script.words(), by_folder[folder])
        troubles += [f"{path.name}: {given.topic} has no {word}" for word in asked if word not in given.sentences]
        filled, used, origins = set(), set(), set()
        for fill in script.fills():
            names = [name for name, _ in fill.given]
            origins |= set(fill.given)
            for word in given.meant(fill.words, by_folder[folder]):
                wanted = placeholders(given.sentences.get(word, ""))
                troubles += [f"{path.name}: {word} wants {{{name}}}" for name in sorted(unmatched(wanted, names))]
                used |= {(name, origin) for name, origin in fill.given if name in wanted}
                filled.add(word)
            if not fill.words:
                used |= set(fill.given)  # a sentence of Python's: HANDED_ON
        troubles += [f"{path.name}: {name} is given in vain" for name, origin in sorted(origins - used) if origin >= 0]
        raw = [word for word in asked if word not in filled and placeholders(given.sentences.get(word, ""))]
        troubles += [f"{path.name}: the values of {word} are not put in" for word in raw]
    return troubles


def left_over(
    said: Iterable[Saying], scripts: Iterable[tuple[str, Path, Script]], words: Mapping[str, Words]
) -> list[str]:
    """topic.key of every sentence that nobody says; a key that is said of another topic does not count."""
    used: set[tuple[str, str]] = set()
    named = {folder: Named.of(one) for folder, one in words.items()}
    asked = {folder: set() for folder in named}
    for saying in said:
        if not saying.as_word:
            used |= {(saying.topic, key) for key in keys_of(saying.topic, saying.keys)}
    for folder, _, script in scripts:
        if folder in named:
            asked[folder] |= set(named[folder].meant(script.words()))
    for folder, found in asked.items():
        keys = dict(words[folder].named or {word: word for word in found}.items())
        used |= {(words[folder].topic, keys[word]) for word in found if word in keys}
    used |= {(SHARED, key.removeprefix(f"{SHARED}_")) for _, key in used if key.startswith(f"{SHARED}_")}
    return [f"{topic}.{key}" for topic in TOPICS for key in sentences(topic) if (topic, key) not in used]


def said_twice(topics: Mapping[str, Mapping[str, str]]) -> list[list[str]]:
    """The sentences that stand in two topics. Titles of tabs are names, which may be words elsewhere."""
    places = defaultdict(list)
    for topic, known in topics.items():
        for key, sentence in known.items():
            if key != "title":
                places[sentence.strip()].append(f"{topic}.{key}")
    return [found for found in places.values() if len({place.partition(".")[0] for place in found}) > 1]


def test_every_sentence_that_python_says_exists_and_gets_just_its_values() -> None:
    assert not python_troubles(said_in_python())


def test_every_word_that_a_script_says_is_given_to_it_and_gets_just_its_values() -> None:
    assert not script_troubles(widget_scripts(), words_of_widgets())


def test_no_sentence_is_left_over() -> None:
    assert not left_over(said_in_python(), widget_scripts(), words_of_widgets())


def test_what_several_topics_say_stands_once() -> None:
    assert said_twice({topic: sentences(topic) for topic in TOPICS}) == []


def test_what_is_shared_is_said_of_several_topics_and_hidden_by_none() -> None:
    own = {key for topic in TOPICS for key in sentences(topic)}
    assert [key for key in own if key.startswith(f"{SHARED}_")] == []
    topics = defaultdict(set)
    for saying in said_in_python():
        for key in keys_of(saying.topic, saying.keys):
            topics[key.removeprefix(f"{SHARED}_") if saying.topic != SHARED else key].add(saying.where.split(":")[0])
    for folder, path, script in widget_scripts():
        if folder in words_of_widgets():
            for word in script.words():
                topics[word.removeprefix(f"{SHARED}_")].add(path.parent.name)
    assert [key for key in sentences(SHARED) if len(topics[key]) < 2] == []


def test_words_are_given_to_the_widgets_that_ask_for_them() -> None:
    assert {"story", "distribution", "matrix", "frame", "loss", "settings"} <= words_of_widgets().keys()
    assert said_in_python()


MADE_UP = 'from explorer.catalogue import catalogue\nsay = catalogue("page")\n'


def from_python(code: str) -> tuple[Saying, ...]:
    return tuple(sayings(Source(EXPLORER / "made_up.py", MADE_UP + code, ModuleType("made_up"))))


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ('say("reads", n=1, limit=2)', ""),
        ('say("reeds", n=1, limit=2)', "page has no reeds"),
        ('say("reads", n=1)', "reads wants {limit}"),
        ('say("reads")', "reads wants {limit}"),
        ('say("reads", n=1, limit=2, layers=3)', "layers is given in vain"),
        ('say("reads" if x else "title", n=1, limit=2)', ""),
        ('say("reads" if x else "copied_without", n=1, limit=2)', "copied_without wants {left}"),
        ('more = {"n": 1}\nsay("reads", limit=2, **more)', ""),
        ('more = {"n": 1, "m": 1}\nsay("reads", limit=2, **more)', "m is given in vain"),
        ('def more():\n return {"limit": 1}\nsay("reads", n=1, **more())', ""),
        ('for key in ("title", "tittle"):\n say(key)', "page has no tittle"),
        ('say(f"copied_{x}", left=1)', ""),
        ('say(f"copid_{x}", left=1)', r"page has no copid_\w+"),
        ('say("shared_position")', ""),
        ('say("stop")', "page has no stop"),
        ('catalogue("links")("title")', "links has no title"),
    ],
)
def test_the_check_of_python_catches_what_it_is_for(code: str, trouble: str) -> None:
    troubles = "; ".join(python_troubles(from_python(code)))
    assert trouble in troubles if trouble else not troubles


def test_what_cannot_be_told_from_the_source_is_refused() -> None:
    with pytest.raises(AssertionError, match="cannot be told"):
        from_python("say(found())")
    with pytest.raises(AssertionError, match="cannot be told"):
        from_python('say("reads", **found())')


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        ("filled(words.copied_without, { left: 1 })", ""),
        ("filled(words.copied_with, { left: 1 })", "page has no copied_with"),
        ("filled(words.copied_without, { right: 1 })", "copied_without wants {left}"),
        ("filled(words.copied_without, { left: 1, right: 1 })", "right is given in vain"),
        ("put(line, words.copied_without)", "the values of copied_without are not put in"),
        ("const values = { left, right };\nfilled(words.copied_without, values)", "right is given in vain"),
        ("const values = { left };\nfilled(words.copied_without, { ...values })", ""),
        (
            "const one = x ? words.copied_without : words.reads;\nfilled(one, { left: f(1, 2), n })",
            "reads wants {limit}",
        ),
        ("const told = (one, left) => filled(one, { left });\ntold(words.copied_without, 1)", ""),
        ("const told = (one, n) => filled(one, { n });\ntold(words.copied_without, 1)", "copied_without wants {left}"),
        ("put(line, words[`copid_${name}`])", r"page has no copid_\w+"),
        ("put(line, words.shared_position)", ""),
    ],
)
def test_the_check_of_scripts_catches_what_it_is_for(script: str, trouble: str) -> None:
    given = {"made_up": Words("made_up", "page", None)}
    troubles = "; ".join(script_troubles([("made_up", Path("made_up.js"), Script(script))], given))
    assert trouble in troubles if trouble else not troubles


def test_a_script_that_names_a_word_left_out_of_its_choice_is_caught() -> None:
    given = {"made_up": Words("made_up", "page", (("copied", "copied"),))}
    assert script_troubles([("made_up", Path("made_up.js"), Script("put(line, words.not_copied)"))], given)


def test_a_key_said_of_another_topic_does_not_keep_a_sentence() -> None:
    everything = left_over((), (), {})
    assert {"links.head", "edits.head", "shared.position"} <= set(everything)
    said = from_python('catalogue("links")("head"), say("shared_position")')
    assert set(everything) - set(left_over(said, (), {})) == {"links.head", "shared.position"}
    words = {"made_up": Words("made_up", "frame", None)}
    script = ("made_up", Path("made_up.js"), Script("words.enlarge, words.shared_more"))
    assert set(everything) - set(left_over((), [script], words)) == {"frame.enlarge", "shared.more"}


def test_the_check_of_what_stands_twice_catches_it() -> None:
    assert said_twice({"a": {"stop": "Stop"}, "b": {"halt": "Stop "}}) == [["a.stop", "b.halt"]]
    assert said_twice({"a": {"title": "Tokens"}, "b": {"tokens": "Tokens"}}) == []
