"""The points lie on the curve of the model's own form, and the curves reach as far as they do."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from explorer.figures.gelu import gelu_points


def test_points_and_curves_are_drawn_to_one_scale():
    before = torch.tensor([-7.0, 0.5, 2.0])
    tanh, erf, relu, points = gelu_points(before, F.gelu(before, approximate="tanh")).data
    assert min(tanh.x) == pytest.approx(-7.0)
    assert np.interp(points.x, tanh.x, tanh.y) == pytest.approx(points.y, abs=2e-3)
    assert 0 < np.abs(np.array(tanh.y) - np.array(erf.y)).max() < 5e-4
    assert max(relu.y) == pytest.approx(7.0)
