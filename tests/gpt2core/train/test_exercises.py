"""Copy exercises are what they say, and a text with some of them keeps its documents whole."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest
import torch

from gpt2core import GPTConfig, gpt2_tokenizer
from gpt2core.data import Corpus
from gpt2core.errors import InvalidSetting
from gpt2core.train.exercises import REPEATS, SHORTEST, CopyExercises, documents_of
from gpt2core.train.phases import Curriculum, Phase

V, END, WINDOW = 1000, 400, 48
MAKER = CopyExercises(WINDOW, V, END)


def text_of(n_documents: int = 200, end_of_text: int = END) -> torch.Tensor:
    """Documents of 5 to 60 ids below 10, each closed."""
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(5, 61, (n_documents,), generator=generator).tolist()
    ids = [[*torch.randint(10, (length,), generator=generator).tolist(), end_of_text] for length in lengths]
    return torch.tensor(list(itertools.chain.from_iterable(ids)))


TEXT = text_of()


def drawn(n: int) -> list[torch.Tensor]:
    return list(itertools.islice(MAKER.drawn(TEXT, torch.Generator().manual_seed(3)), n))


def stretch_of(exercise: torch.Tensor) -> tuple[list[int], int] | None:
    """The shortest stretch whose two to four copies and one end-of-text are the exercise, and how many they are."""
    ids = exercise.tolist()
    if ids.pop() != END or END in ids:
        return None
    for copies in range(REPEATS[1], REPEATS[0] - 1, -1):
        stretch, rest = ids[: len(ids) // copies], len(ids) % copies
        if not rest and stretch * copies == ids and SHORTEST <= len(stretch) <= WINDOW // 3:
            return stretch, copies
    return None


def test_each_exercise_is_one_stretch_two_to_four_times_over_closed_by_end_of_text() -> None:
    found = [stretch_of(exercise) for exercise in drawn(2000)]
    assert None not in found
    assert {copies for _, copies in found} == {2, 3, 4}
    assert {len(stretch) for stretch, _ in found} == set(range(SHORTEST, WINDOW // 3 + 1))


def test_two_fifths_of_the_stretches_are_of_the_texts_own_tokens_and_the_others_of_all_ids_alike() -> None:
    stretches = [stretch_of(exercise)[0] for exercise in drawn(4000)]
    of_text = [stretch for stretch in stretches if max(stretch) < 10]  # an even draw of four such ids: 1 in 10^8
    assert len(of_text) / len(stretches) == pytest.approx(0.4, abs=0.03)
    counts = Counter(token for stretch in stretches if max(stretch) >= 10 for token in stretch)
    assert counts.keys() == set(range(V)) - {END}
    mean = counts.total() / (V - 1)
    assert max(counts.values()) < mean + 6 * math.sqrt(mean)


@pytest.mark.parametrize("share", [0.05, 0.12, 0.6, 0.9])
def test_the_share_is_met_within_one_exercise(share: float) -> None:
    mixed = MAKER.mixed_into(TEXT, share, 0)
    n_exercises = len(mixed) - len(TEXT)
    longest = REPEATS[1] * (WINDOW // 3) + 1
    wanted = share / (1 - share) * len(TEXT)
    assert wanted <= n_exercises < wanted + longest


def test_every_document_stays_whole_and_what_is_between_them_are_exercises() -> None:
    mixed = Counter(tuple(part.tolist()) for part in documents_of(MAKER.mixed_into(TEXT, 0.5, 0), END))
    own = Counter(tuple(part.tolist()) for part in documents_of(TEXT, END))
    assert own <= mixed
    assert all(stretch_of(torch.tensor(part)) for part in mixed - own)
    assert (mixed - own).total() > 50


def test_the_same_seed_gives_the_same_ids_and_another_seed_others() -> None:
    mixed = [MAKER.mixed_into(TEXT, 0.3, seed) for seed in (7, 7, 8)]
    assert torch.equal(mixed[0], mixed[1])
    assert not torch.equal(mixed[0][:500], mixed[2][:500])


def test_without_exercises_the_text_is_as_it_was() -> None:
    assert MAKER.mixed_into(TEXT, 0.0, 0) is TEXT


def test_a_last_document_that_was_left_open_is_closed_and_empty_ones_are_kept() -> None:
    parts = documents_of(torch.tensor([1, 2, END, END, 3]), END)
    assert [part.tolist() for part in parts] == [[1, 2, END], [END], [3, END]]
    assert documents_of(torch.tensor([], dtype=torch.int64), END) == []


@pytest.mark.parametrize("end_of_text", [0, 5, 49])
def test_end_of_text_may_be_any_id_and_is_in_no_stretch(end_of_text: int) -> None:
    maker, text = CopyExercises(12, 50, end_of_text), torch.arange(50)
    exercises = list(itertools.islice(maker.drawn(text, torch.Generator().manual_seed(1)), 300))
    assert all((part == end_of_text).nonzero().flatten().tolist() == [len(part) - 1] for part in exercises)
    assert set(torch.cat(exercises).tolist()) == set(range(50))


def test_what_is_held_back_holds_no_exercise_and_no_exercise_is_drawn_from_it() -> None:
    tokenizer = gpt2_tokenizer(8192)
    held_back = torch.arange(10, 20).repeat(50)
    corpus = Corpus(text_of(end_of_text=tokenizer.end_of_text), held_back.clone(), 4.0)
    config = GPTConfig(8192, 48, 16, 2, 1)
    curriculum = Curriculum((Phase(9, exercises=0.6), Phase(9)), corpus, config, tokenizer, batch_size=2)
    parts = documents_of(curriculum.windows(0).token_ids, tokenizer.end_of_text)
    own = [ids for ids in (set(part.tolist()) - {tokenizer.end_of_text} for part in parts) if max(ids) < 20]
    assert len(own) > 220  # the 200 documents, and stretches of their tokens; an even draw has larger ids
    assert max(map(max, own)) < 10
    assert torch.equal(corpus.val_ids, held_back)


@pytest.mark.parametrize("share", [-0.1, 1.0, 1.5, math.nan, math.inf, "0.1", None, True])
def test_a_share_outside_its_range_is_refused_in_a_sentence(share: object) -> None:
    with pytest.raises(InvalidSetting, match=r"^The share of copy exercises is .*; choose .*\.$"):
        MAKER.mixed_into(TEXT, share, 0)


def test_windows_too_short_for_an_exercise_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="windows of 12 tokens at least, and these are of 11; choose"):
        CopyExercises(11, V, END)
