"""A refusal as a person reads it, in the page's language."""

from __future__ import annotations

from explorer.catalogue import refusals
from gpt2core import Gpt2CoreError


def refusal_in_words(error: Gpt2CoreError) -> str:
    """The sentence of the catalogue's errors.toml with the refusal's values put in; where there is none, as gpt2core says it.

    A value that is itself a refusal, as the reason for another, is said in the same language.
    """
    sentence = refusals().get(error.key)
    if sentence is None:
        return str(error)
    return sentence.format(
        **{name: refusal_in_words(one) if isinstance(one, Gpt2CoreError) else one for name, one in error.values.items()}
    )
