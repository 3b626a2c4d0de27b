"""The same word in other casings and spacings: to a model they are other tokens."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.merges import label
from explorer.catalogue import catalogue
from gpt2core import Tokenizer
from gpt2core.errors import NotInVocabulary

LONGEST_WORD = 40  # characters


@dataclass(frozen=True)
class Form:
    """One way to write the word. token_ids: how the model reads it; () where its vocabulary lacks a character of it."""

    text: str
    token_ids: tuple[int, ...]


@dataclass(frozen=True)
class Family:
    """word: without a space before it. forms: [without, with a space] x casings. written: which of them stands in the text."""

    word: str
    forms: tuple[tuple[Form, ...], tuple[Form, ...]]
    written: str

    @property
    def all_forms(self) -> tuple[Form, ...]:
        return (*self.forms[0], *self.forms[1])


def family_of(piece: bytes, tokenizer: Tokenizer) -> Family | None:
    """Of the piece of text that a token is in; None where there is no letter in it, for bytes that are no text, and for what is too long."""
    try:
        written = piece.decode()
    except UnicodeDecodeError:
        return None
    word = written.removeprefix(" ")
    if len(word) > LONGEST_WORD or not any(character.isalpha() for character in word):
        return None
    casings = dict.fromkeys((word.lower(), word[0].upper() + word[1:].lower(), word.upper(), word))
    without, spaced = (tuple(_form(space + one, tokenizer) for one in casings) for space in ("", " "))
    return Family(word, (without, spaced), written)


def _form(text: str, tokenizer: Tokenizer) -> Form:
    try:
        return Form(text, tuple(tokenizer.encode(text)))
    except NotInVocabulary:
        return Form(text, ())


def in_words(family: Family) -> str:
    """How many of the forms are one token, and that no two have one in common where they have none."""
    say = catalogue("tokens")
    forms, word = family.all_forms, label(family.word.encode())
    single = sum(len(form.token_ids) == 1 for form in forms)
    shared = len({token for form in forms for token in form.token_ids}) < sum(
        len(set(form.token_ids)) for form in forms
    )
    told = say("family_counted", word=word, n=len(forms), single=single)
    return f"{told} {say('family_shared') if shared else say('family_apart')}"
