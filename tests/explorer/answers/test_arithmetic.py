"""a - b + c: what is nearest, what is left out, and how often known answers come first."""

import pytest
import torch

from explorer.answers.arithmetic import (
    Score,
    analogies_of,
    one_token,
    score_in_words,
    score_of,
    sum_in_words,
    sum_of,
)
from explorer.store.services import CHECKPOINTS, DEFAULT_MODEL, Services
from gpt2core.errors import InvalidSetting


@pytest.fixture(scope="module")
def shipped() -> Services:
    return Services(CHECKPOINTS)


def test_a_word_is_its_token_with_a_space_before_it_else_as_it_stands(shipped):
    tokenizer = shipped.models.tokenizer(DEFAULT_MODEL)
    size = 8192
    assert one_token("cat", tokenizer, size) == tokenizer.encode(" cat")[0]
    assert one_token(" cat ", tokenizer, size) == tokenizer.encode(" cat")[0]
    assert one_token("·cat", tokenizer, size) == tokenizer.encode(" cat")[0]
    assert one_token("#7", tokenizer, size) == 7
    assert one_token("!", tokenizer, size) == tokenizer.encode(" !")[0]


@pytest.mark.parametrize(
    "word", ["elephants", "", "  ", None, 5, "x" * 41, "#8192", "a\u0300\u0301\u0302", "\u202ecat"]
)
def test_what_is_no_single_token_is_refused(shipped, word):
    with pytest.raises(InvalidSetting):
        one_token(word, shipped.models.tokenizer(DEFAULT_MODEL), 8192)


def test_the_sum_leaves_its_inputs_out_and_says_which_would_have_won(shipped):
    found = sum_of(shipped, DEFAULT_MODEL, ("ran", "run", "see"), "cosine", False)
    assert found.tokens[0].text == "·saw"
    assert not {one.token_id for one in found.inputs} & {one.token_id for one in found.tokens}
    assert found.values == sorted(found.values, reverse=True)
    assert "left out" in sum_in_words(found)
    assert f"“{found.unhindered.text}” would win" in sum_in_words(found)


def test_values_are_those_of_a_search_through_all(shipped):
    table = shipped.models.get(DEFAULT_MODEL).model.tok_emb.weight.detach().double()
    found = sum_of(shipped, DEFAULT_MODEL, ("bigger", "big", "small"), "cosine", True)
    a, b, c = (one.token_id for one in found.inputs)
    away = table - table.mean(0)
    wanted = torch.nn.functional.cosine_similarity(away, (table[a] - table[b] + table[c] - table.mean(0))[None])
    wanted[[a, b, c]] = -2
    assert [one.token_id for one in found.tokens] == wanted.argsort(descending=True)[:10].tolist()
    assert found.values == pytest.approx(wanted.sort(descending=True).values[:10].tolist(), abs=1e-5)


def test_the_score_counts_ranks_and_never_hides_failures(shipped):
    score = score_of(shipped, DEFAULT_MODEL, "cosine", False)
    assert score.asked == len(analogies_of(shipped, DEFAULT_MODEL)) == len(score.ranks)
    assert score.first == score.ranks.count(1)
    assert score.first < score.asked  # it fails at some, and they are in the list
    assert score.unhindered < score.first
    assert str(score.asked) in score_in_words(score)


def test_a_vocabulary_without_those_words_has_no_score(services):
    assert "None of the sums" in score_in_words(Score(0, 0, 0, 0, []))
    assert score_of(services, DEFAULT_MODEL, "cosine", False).asked == len(analogies_of(services, DEFAULT_MODEL))


def test_half_a_surrogate_pair_is_read_as_the_tokenizer_reads_it(shipped):
    """As elsewhere on the page: never a fault."""
    assert 0 <= one_token("\ud800", shipped.models.tokenizer(DEFAULT_MODEL), 8192) < 8192
