"""Which tokens repeat an earlier n-gram."""

import random

import pytest

from gpt2core.errors import InvalidSetting
from gpt2core.repetition import repeated_from


def slowly(text, n):
    """The definition, word for word: every n-gram against every earlier one."""
    source = [None] * len(text)
    for start in range(len(text) - n + 1):
        earlier = [before for before in range(start) if text[before : before + n] == text[start : start + n]]
        for offset in range(n):
            if earlier and source[start + offset] is None:
                source[start + offset] = earlier[0] + offset
    return source


@pytest.mark.parametrize("seed", range(60))
def test_it_is_the_definition_on_random_texts(seed):
    luck = random.Random(seed)
    text = [luck.randrange(luck.choice([1, 2, 3, 6])) for _ in range(luck.randrange(40))]
    for n in (1, 2, 3, 5):
        assert repeated_from(text, n) == slowly(text, n)


def test_what_it_points_at_is_an_earlier_token_of_the_same_id():
    luck = random.Random(1)
    text = [luck.randrange(3) for _ in range(300)]
    pairs = [(place, earlier) for place, earlier in enumerate(repeated_from(text)) if earlier is not None]
    assert len(pairs) > 250  # 27 trigrams in all
    assert all(earlier < place and text[earlier] == text[place] for place, earlier in pairs)


def test_a_loop_is_marked_from_its_second_turn_on():
    assert repeated_from([4, 5, 6, 7, 4, 5, 6, 7, 4, 5], 3) == [None] * 4 + [0, 1, 2, 3, 4, 5]
    assert repeated_from([8, 8, 8, 8, 8], 3) == [None, 0, 1, 2, 2]


def test_a_text_shorter_than_n_or_without_repeats_has_none():
    assert repeated_from([1, 1], 3) == [None, None]
    assert repeated_from([], 3) == []
    assert repeated_from(list(range(50)), 2) == [None] * 50


def test_an_n_below_one_is_refused():
    with pytest.raises(InvalidSetting, match="choose 1 token or more"):
        repeated_from([1, 2], 0)
