"""What the example is there to show, held against the model that ships: a new model forces a new choice."""

from __future__ import annotations

import pytest
import torch

from explorer.catalogue import catalogue
from explorer.page.example import HEAD, LAYER
from explorer.store.models import CHECKPOINTS, DEFAULT_MODEL
from gpt2core import Pretrained, Trace, load_pretrained, trace

EXAMPLE = catalogue("page")("example")
NAME = (" L", "ily")  # one word, two tokens


@pytest.fixture(scope="module")
def shipped() -> Pretrained:
    return load_pretrained(CHECKPOINTS / DEFAULT_MODEL)


@pytest.fixture(scope="module")
def seen(shipped: Pretrained) -> Trace:
    return trace(shipped.model, tuple(shipped.tokenizer.encode(EXAMPLE)), {"pattern", "logits"})


@pytest.fixture(scope="module")
def pieces(shipped: Pretrained) -> list[str]:
    return [shipped.tokenizer.decode([token_id]) for token_id in shipped.tokenizer.encode(EXAMPLE)]


def places_of_the_name(pieces: list[str]) -> list[int]:
    return [place for place in range(len(pieces) - 1) if tuple(pieces[place : place + 2]) == NAME]


def test_it_is_short_enough_to_be_seen_whole(pieces: list[str]) -> None:
    assert 15 <= len(pieces) <= 25
    assert len(EXAMPLE) <= 80


def test_the_next_token_is_undecided_among_whole_words(shipped: Pretrained, seen: Trace) -> None:
    probabilities = seen["logits"][-1].softmax(-1)
    likely = (probabilities > 0.03).nonzero().flatten().tolist()
    assert probabilities.max() < 0.5
    assert len(likely) >= 5
    for token_id in likely:
        word = shipped.tokenizer.decode([token_id])
        assert word.startswith(" ")
        assert len(word) > 3, f"{word!r} is a piece that says little by itself"


def test_a_name_that_is_cut_into_pieces_comes_twice(shipped: Pretrained, seen: Trace, pieces: list[str]) -> None:
    places = places_of_the_name(pieces)
    assert len(places) == 2
    (second_half,) = shipped.tokenizer.encode(NAME[1])
    first, second = (float(seen["logits"][place].softmax(-1)[second_half]) for place in places)
    assert second > max(0.99, first), "once the name has been read, its second half is copied"


def test_some_head_finds_what_followed_the_name_before(seen: Trace, pieces: list[str]) -> None:
    """An induction head's habit: from the second ` L` back to the `ily` that followed the first."""
    first, second = places_of_the_name(pieces)
    assert seen.stacked("pattern")[:, :, second, first + 1].max() > 0.8


def test_the_head_that_attention_opens_with_has_a_habit_that_is_seen(seen: Trace) -> None:
    pattern = seen["pattern", LAYER][HEAD]
    before = torch.diagonal(pattern, offset=-1)
    looks_most_at = pattern[1:].argmax(-1)
    assert before.mean() > 0.5, "most of what it looks at is the token before"
    assert (looks_most_at == torch.arange(len(before))).float().mean() > 0.8, "for nearly every token"
    habits = seen.stacked("pattern").diagonal(offset=-1, dim1=-2, dim2=-1).mean(-1)  # [L, H]
    assert (habits > before.mean() - 0.1).sum() == 1, "no other head comes near"
