"""What is left of two rows in their sum."""

import math

import pytest
import torch

from gpt2core.errors import InvalidSetting
from gpt2core.mixing import mixing

DICE = torch.Generator().manual_seed(1)
TOKENS = torch.randn(120, 64, generator=DICE)


def test_tables_at_right_angles_are_read_back_whole():
    tokens, positions = TOKENS.clone(), torch.zeros(12, 64)
    tokens[:, 40:], positions[:, 40:] = 0, torch.randn(12, 24, generator=DICE)
    found = mixing(tokens, positions)
    assert (found.position_read, found.token_read, found.position_off) == (1, 1, 0)
    assert found.overlap == pytest.approx(0, abs=1e-6)
    assert (found.n_positions, found.n_tokens) == (12, 120)


def test_what_is_not_there_is_not_read_back():
    """Position rows of zeros leave the tokens as they are and tell nothing about where they stand."""
    found = mixing(TOKENS, torch.zeros(12, 64))
    assert found.token_read == 1
    assert found.position_read < 0.3
    assert found.position_length == 0


def test_position_rows_far_louder_than_tokens_drown_them():
    loud = mixing(TOKENS, 1e6 * torch.randn(200, 64, generator=DICE))
    assert loud.token_read < 0.2


def test_lengths_and_chance_are_what_they_say():
    found = mixing(TOKENS, TOKENS[:5])
    assert found.token_length == pytest.approx(float(TOKENS.norm(dim=1).mean()))
    assert found.position_length == pytest.approx(float(TOKENS[:5].norm(dim=1).mean()))
    directions = torch.randn(4000, 64, generator=DICE)
    measured = torch.nn.functional.cosine_similarity(directions[:2000], directions[2000:]).abs().mean()
    assert found.chance == pytest.approx(float(measured), rel=0.06)
    assert found.chance == pytest.approx(math.sqrt(2 / (math.pi * 64)))


def test_the_same_seed_asks_the_same_and_known_tokens_alone_are_asked():
    positions = torch.randn(12, 64, generator=DICE)
    assert mixing(TOKENS, positions) == mixing(TOKENS, positions)
    few = mixing(TOKENS, positions, known=range(20))
    assert few.token_length == pytest.approx(float(TOKENS[:20].norm(dim=1).mean()))


def test_too_few_tokens_are_refused():
    with pytest.raises(InvalidSetting, match="at least 10 tokens; there are 9"):
        mixing(TOKENS, TOKENS[:5], known=range(9))
