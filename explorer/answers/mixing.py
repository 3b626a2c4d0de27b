"""Why a token row and a position row may be added, measured on the model on screen and said as rows of widgets/measures."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.wording.numbers import fixed, percent
from explorer.wording.text import TokenLabel, token_labels
from gpt2core.mixing import Mixing, mixing

say = catalogue("lookup")

AROUND = 3  # ids before and after the picked one


def mixing_of(services: Services, model: str) -> Mixing:
    """Kept. Asked are the tokens that were read in training where that is known, else all."""

    def compute() -> Mixing:
        opened, counts = services.models.get(model).model, services.models.token_counts(model)
        known = None if counts is None else (counts > 0).nonzero()[:, 0].tolist()
        return mixing(opened.tok_emb.weight, opened.pos_emb.weight, known)

    found: Mixing = services.layouts.of((model, "mixing"), compute)
    return found


def mixing_rows(found: Mixing, width: int) -> list[dict[str, Any]]:
    lengths = [
        {"text": say("lengths"), "shown": ""},
        {"text": say("token_length", length=found.token_length), "shown": ""},
        {"text": say("position_length", length=found.position_length), "shown": ""},
    ]
    parts: tuple[tuple[str, float, str, str, list[dict[str, str]]], ...] = (
        (
            say("overlap"),
            found.overlap,
            fixed(found.overlap, 3),
            say("overlap_about", width=width, chance=found.chance),
            lengths,
        ),
        (
            say("position_read"),
            found.position_read,
            percent(found.position_read),
            say("position_about", n=found.n_positions, off=found.position_off),
            [],
        ),
        (say("token_read"), found.token_read, percent(found.token_read), say("token_about", n=found.n_tokens), []),
    )
    return [
        {"name": name, "about": about, "value": value, "shown": shown, "scale": "share", "details": details}
        for name, value, shown, about, details in parts
    ]


def rows_around(services: Services, model: str, token_id: int) -> tuple[list[TokenLabel], Tensor, int, int]:
    """Labels and rows of the ids around one, its place among them, and how many there are in all."""
    table = services.models.get(model).model.tok_emb.weight.detach()
    n = len(table)
    first = max(0, min(token_id - AROUND, n - 2 * AROUND - 1))
    ids = range(first, min(n, first + 2 * AROUND + 1))
    return token_labels(ids, services.models.tokenizer(model)), table[first : first + len(ids)], token_id - first, n
