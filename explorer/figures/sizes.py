"""Where a model's parameters are: areas as large as the counts."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.catalogue import catalogue
from explorer.figures.frame import RULE, frame
from explorer.page.theme import HEAT, KEY, OUTPUT, PRINT_PAPER, QUERY, TOKEN_INK, VALUE

say = catalogue("sizes")

# Those of the colour grammar that have a colour there; all else in one hue, lighter and darker.
_COLOURS = {"att.W_query": QUERY, "att.W_key": KEY, "att.W_value": VALUE, "att.out_proj": OUTPUT}
_SHADES = {"embeddings": HEAT[2], "mlps": HEAT[3], "norms": HEAT[1], "head": HEAT[2], "attention": HEAT[1]}


def parameter_map(
    kinds: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[str],
    group_labels: Sequence[str],
    counts: Sequence[int],
) -> go.Figure:
    """A treemap: kinds of parts, that of all layers together, inside their groups. kinds, groups: keys; one entry a kind in each."""
    named = dict(zip(groups, group_labels, strict=True))
    totals = {group: sum(n for one, n in zip(groups, counts, strict=True) if one == group) for group in named}
    shades = [_SHADES[group] for group in named]
    colours = [
        PRINT_PAPER,
        *shades,
        *(_COLOURS.get(kind, _SHADES[group]) for kind, group in zip(kinds, groups, strict=True)),
    ]
    values = [sum(counts), *totals.values(), *counts]
    tree = go.Treemap(
        ids=["", *(f"group {group}" for group in named), *kinds],
        labels=[say("whole"), *named.values(), *labels],
        parents=[None, *("" for _ in named), *(f"group {group}" for group in groups)],
        values=values,
        branchvalues="total",
        text=[say("part_hover", n=n) for n in values],
        textinfo="label+text+percent root",
        hovertemplate="%{label}<br>%{text}<br>%{percentRoot:.2%}<extra></extra>",
        marker={"colors": colours, "line": {"color": RULE, "width": 1}},
        textfont={
            "color": [PRINT_PAPER if colour in _COLOURS.values() else TOKEN_INK for colour in colours],
            "size": 15,
        },
        tiling={"pad": 2},
    )
    return go.Figure(
        tree, frame("", x={"visible": False}, y={"visible": False}, margin={"l": 4, "r": 4, "t": 30, "b": 4})
    )
