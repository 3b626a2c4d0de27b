"""The numbers a token enters the model with, in words, and which tokens and positions are alike. C model width, P positions."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from explorer.catalogue import catalogue
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.wording.numbers import fixed
from gpt2core.embeddings import cosines

say = catalogue("embeddings")
SITES = {"tok_emb": "token_row", "pos_emb": "position_row", "embed": "sum_row"}


def vectors_of(services: Services, run: RunKey, token: int) -> dict[str, Tensor]:
    """Token row, position row and their sum, [C] each, by name; those of the pass on screen, edits included."""
    trace = services.traces.get(run, SITES)
    return {say(name): trace[site][token] for site, name in SITES.items()}


def position_likeness(services: Services, run: RunKey, token: int) -> Tensor:
    """Cosine of every position's row with that of `token`, by the model's own table: [P]."""
    return cosines(services.models.get(run.model).model.pos_emb.weight, token)


def sum_in_words(vectors: Mapping[str, Tensor]) -> str:
    """Token row + position row = sum, with the real numbers of the dimension where the sum is farthest from 0."""
    token_row, position_row, total = vectors.values()
    dimension = int(total.abs().argmax())
    added = float(position_row[dimension])
    return say(
        "in_words",
        dimension=dimension,
        token_value=fixed(float(token_row[dimension]), 4),
        sign="−" if added < 0 else "+",
        position_value=fixed(abs(added), 4),
        sum_value=fixed(float(total[dimension]), 4),
    )


def lengths_in_words(vectors: Mapping[str, Tensor]) -> str:
    token_row, position_row, total = vectors.values()
    lengths = {"token_length": token_row, "position_length": position_row, "sum_length": total}
    return say("lengths", n=f"{len(total):,}", **{name: float(vector.norm()) for name, vector in lengths.items()})
