"""An edit of the model as a person reads it."""

from __future__ import annotations

from explorer.catalogue import catalogue
from gpt2core.notation import NamedEdit


def edit_in_words(edit: NamedEdit) -> str:
    """ "head 5 of layer 2 off"."""
    say = catalogue("edits")
    sentence = edit.kind.replace("-", "_")
    if edit.kind == "see":
        sentence = "see" if edit.head is None else "see_in_head"
    return say(sentence, layer=edit.layer, head=edit.head, query=edit.query, key=edit.key, neuron=edit.neuron)
