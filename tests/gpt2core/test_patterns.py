import torch

from gpt2core.patterns import without_first_token


def test_what_remains_sums_to_one_in_its_old_proportions(tiny_trace):
    pattern = tiny_trace.stacked("pattern")
    altered = without_first_token(pattern)
    assert not altered[..., 0].any()
    torch.testing.assert_close(altered[..., 1:, :].sum(-1), torch.ones(altered.shape[:-1])[..., 1:])
    kept = 1 - pattern[..., 1:, :1]
    torch.testing.assert_close(altered[..., 1:, 1:] * kept, pattern[..., 1:, 1:])


def test_the_first_query_which_sees_nothing_else_keeps_a_row_of_zeros(tiny_trace):
    assert not without_first_token(tiny_trace["pattern", 0])[:, 0].any()


def test_the_pattern_given_stays_as_it_was(tiny_trace):
    before = tiny_trace["pattern", 1].clone()
    without_first_token(tiny_trace["pattern", 1])
    assert torch.equal(tiny_trace["pattern", 1], before)
