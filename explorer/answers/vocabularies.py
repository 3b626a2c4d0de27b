"""The same text cut by several vocabularies: how many tokens each makes of it, and where they cut it apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import regex

from explorer.answers.languages import ARTICLE_1
from explorer.answers.recipe import VOCAB_SIZE
from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.wording.glyphs import readable
from gpt2core import Tokenizer, gpt2_tokenizer, published
from gpt2core.tokenizer import N_MERGEABLE, without_surrogates

say = catalogue("vocabularies")
SHIPPED = 8192
Cut = Callable[[str], list[bytes]]  # a text -> its tokens, whose bytes are the text's
_WORDS = regex.compile(r"\s*\S+|\s+")  # a word with the white space before it


@dataclass(frozen=True)
class Vocabulary:
    """name: by which it is known here; title: as it is called; size: how many entries it has, in words. cut None: it is not here."""

    name: str
    title: str
    size: str
    cut: Cut | None

    @property
    def download(self) -> str:
        """What its download is asked for by; "" where there is nothing to download."""
        return "" if self.cut is not None else self.name


def vocabularies(services: Services, own_key: Any = "") -> list[Vocabulary]:
    """All that are compared, GPT-2's first. own_key: of a vocabulary trained in this session, "" for none.

    Raises: VocabularyNotKept.
    """
    learned = [("gpt2", N_MERGEABLE + 1), ("shipped", SHIPPED), ("training", VOCAB_SIZE)]
    listed = [_of(name, say(name), gpt2_tokenizer(size)) for name, size in learned]
    if own_key:
        listed.append(_of("own", say("own"), services.vocabularies.get(own_key).tokenizer))
    listed += [_published(name) for name in published.PUBLISHED]
    words = Vocabulary(
        "words", say("words"), say("no_end"), lambda text: [one.encode() for one in _WORDS.findall(text)]
    )
    each = Vocabulary(
        "characters", say("characters"), say("all_of_unicode"), lambda text: [one.encode() for one in text]
    )
    return [*listed, words, each, Vocabulary("bytes", say("bytes"), f"{256:,}", lambda text: _bytes(text.encode()))]


def _of(name: str, title: str, tokenizer: Tokenizer) -> Vocabulary:
    def cut(text: str) -> list[bytes]:
        return [tokenizer.token_bytes(token_id) for token_id in tokenizer.encode(text)]

    return Vocabulary(name, title, f"{tokenizer.vocab_size:,}", cut)


def _published(name: str) -> Vocabulary:
    size, encoding = f"{published.PUBLISHED[name].n_tokens:,}", published.opened(name)
    if encoding is None:
        return Vocabulary(name, name, size, None)
    return Vocabulary(name, name, size, lambda text: encoding.decode_tokens_bytes(encoding.encode_ordinary(text)))


def _bytes(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def side_by_side(text: str, listed: list[Vocabulary]) -> dict[str, Any]:
    """For widgets/vocabularies: the characters as people see them, each with its bytes and how many places it takes, and of each
    vocabulary the sizes of its tokens in bytes (None: it is not here)."""
    text = without_surrogates(text)
    n_characters = len(text)
    rows = []
    for one in listed:
        sizes = None if one.cut is None else [len(token) for token in one.cut(text)]
        rows.append({"name": one.name, "title": one.title, "size": one.size, "tokens": sizes})
    shown = [(readable(found.encode()), len(found.encode())) for found in regex.findall(r"\X", text)]
    return {
        "characters": [[seen, n_bytes, places(seen)] for seen, n_bytes in shown],
        "n": n_characters,
        "rows": rows,
    }


def places(seen: str) -> int:
    """How wide a character is in a fixed-width font: 2 for those of East Asia and for pictures, more where it is named instead."""
    widths = (
        2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in seen
        if unicodedata.category(one)[0] not in "MC"
    )
    return max(1, min(sum(widths), 2) if len(regex.findall(r"\X", seen)) == 1 else sum(widths))


def languages(listed: list[Vocabulary]) -> tuple[list[str], list[Vocabulary], list[list[float]], list[list[int]]]:
    """What a language pays: (languages, vocabularies that are here, times as many tokens as English [language][vocabulary], tokens)."""
    here = [one for one in listed if one.cut is not None and one.name not in ("words", "characters")]
    counts = [[len(one.cut(text)) for one in here if one.cut is not None] for text in ARTICLE_1.values()]
    english = counts[0]
    times = [[n / of for n, of in zip(row, english, strict=True)] for row in counts]
    return [say(f"language_{name}") for name in ARTICLE_1], here, times, counts


def dearest(names: list[str], here: list[Vocabulary], times: list[list[float]]) -> str:
    """Which language pays most with GPT-2's list, and what it pays with the one that was made with others in mind, if that is here."""
    place = max(range(len(names)), key=lambda at: times[at][0])
    told = say("pays_most", language=names[place], times=times[place][0], vocabulary=here[0].title)
    later = [at for at, one in enumerate(here) if one.name == "own" or one.name in published.PUBLISHED]
    if not later:
        return told
    best = min(later, key=lambda at: times[place][at])
    return f"{told} {say('pays_instead', times=times[place][best], vocabulary=here[best].title)}"
