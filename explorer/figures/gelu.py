"""GELU's curve with one token's neurons on it, against ReLU and its other form."""

from __future__ import annotations

import plotly.graph_objects as go
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.catalogue import catalogue
from explorer.figures.frame import RULE, frame
from explorer.page.theme import KEY, OUTPUT, QUERY, VALUE

say = catalogue("block")

N_POINTS = 201
LEAST_REACH = 3.0  # of the curves on either side of 0


def gelu_points(before: Tensor, after: Tensor) -> go.Figure:
    """before, after [n]: of each neuron. The curves reach as far as the points."""
    reach = max(LEAST_REACH, float(before.abs().max()))
    x = torch.linspace(-reach, reach, N_POINTS)
    curves = [
        (F.gelu(x, approximate="tanh"), say("curve_tanh"), QUERY, "solid"),
        (F.gelu(x), say("curve_erf"), OUTPUT, "dot"),
        (F.relu(x), say("curve_relu"), KEY, "dash"),
    ]
    lines = [
        go.Scatter(x=x.numpy(), y=y.numpy(), name=name, mode="lines", line={"color": colour, "dash": dash, "width": 2})
        for y, name, colour, dash in curves
    ]
    points = go.Scatter(
        x=before.numpy(),
        y=after.numpy(),
        name=say("curve_neurons"),
        mode="markers",
        marker={"color": VALUE, "size": 6, "opacity": 0.6},
        customdata=list(range(len(before))),
        hovertemplate=f"{say('neuron')} %{{customdata}}: %{{x:.4f}} → %{{y:.4f}}<extra></extra>",
    )
    axis = {"gridcolor": RULE, "griddash": "dot"}
    layout = frame(
        "",
        x={"title": {"text": say("before_gelu")}, **axis},
        y={"title": {"text": say("after_gelu")}, **axis},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "bgcolor": "rgba(0,0,0,0)"},
    )
    return go.Figure([*lines, points], layout)
