"""A table of numbers as a heatmap whose cells can be looked at one by one: an attention pattern, vectors as strips.

Hover, a finger or the arrow keys read a cell in a line beside it, a click picks, two fingers or + and - zoom; none of it
asks the server. The picture is painted once; what follows the finger is drawn on a canvas of its own over it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import gradio as gr
import torch
from torch import Tensor

from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.matrix.palettes import palettes
from explorer.widgets.widget import packed, widget
from explorer.wording.text import TokenLabel

Scale = Literal["sequential", "diverging"]
Number = Literal["share", "signed", "plain"]

# The token picked, as TabContext.picks wants it: of a row, or of a column. A name along the other axis leaves the cursor where it is.
PICKED_ROW = "value.row ?? cursor.token"
PICKED_COLUMN = "value.column ?? cursor.token"
# Where TabContext.mirrors puts the cursor's token: the picked row (or column) of a matrix whose rows (columns) are tokens.
MIRRORED_ROW = "{ ...value, row: cursor.token, column: null }"
MIRRORED_COLUMN = "{ ...value, row: null, column: cursor.token }"

_ROUNDING = 1e-5  # as widgets/shared/numbers.js allows
_SKELETON = """
<div class="matrix">
  <p class="matrix-title"></p>
  <div class="matrix-top">
    <p class="matrix-read" role="status" aria-live="polite"></p>
    <div class="matrix-legend">
      <canvas></canvas><div class="matrix-pointer" hidden></div><div class="matrix-ends"><span></span><span></span><span></span></div>
    </div>
    <div class="matrix-zoom">
      <button type="button" class="matrix-from" hidden></button>
      <button type="button" class="matrix-farther">−</button><button type="button" class="matrix-nearer">+</button>
    </div>
  </div>
  <div class="matrix-grid" role="grid" tabindex="0">
    <canvas class="matrix-picture" aria-hidden="true"></canvas>
    <canvas class="matrix-marks" aria-hidden="true"></canvas>
    <div class="matrix-row" role="row"><span role="gridcell"></span></div>
  </div>
  <p class="matrix-note"></p>
</div>
"""


@dataclass(frozen=True)
class Axis:
    """One side of a matrix. name: its title, "" for none. labels: the sentence's tokens from position 0 (they light together
    with the same tokens in other views), or names; None: numbered from 0."""

    name: str
    labels: Sequence[TokenLabel] | Sequence[str] | None = None


@dataclass(frozen=True)
class Origin:
    """Which numbers of the run the cells are, for the drawer to explain (widgets/drawer). site: of gpt2core.sites, or of
    answers/derived. index: a cell's place there, where "row" and "column" stand for the cell's own, "cell" for what matrix_value's
    `about` says of it. model: another than the page's, which reads the page's sentence as it is (answers/passes.py)."""

    site: str
    layer: int | None
    index: tuple[int | Literal["row", "column", "cell"], ...]
    model: str | None = None


@dataclass(frozen=True)
class Sheet:
    """One of several matrices of the same kind, sent together: the one of the page's cursor lies on top, and another comes without
    asking the server. head None: it is that of every head of the layer. label, origin, no_origin: as in matrix_value."""

    layer: int
    head: int | None
    label: str
    origin: Origin | None = None
    no_origin: str = ""


def matrix(elem_id: str, group: str = "") -> gr.HTML:
    """An empty matrix; set it to `matrix_value(...)`.

    Its event `pick` fires on a click, and on Enter or Space at the cell under the key cursor: PICKED_ROW, PICKED_COLUMN. Where a cell's
    origin is known, a double click, the key ? and the button "Where from?" tell the page `number-asked`.
    group: matrices of the same size and group light the same cell together, and each reads its own.
    It is `--matrix-height` high (480 px unless the page sets it); strips are as high as their rows if nobody sets it.
    """
    constants = {"words": catalogue("matrix").sentences, "palettes": palettes(), "group": group}
    return widget(Path(__file__).parent, _SKELETON, constants, elem_id=elem_id)


def matrix_value(
    values: Tensor,
    *,
    rows: Axis,
    columns: Axis,
    reading: str,
    label: str = "",
    scale: Scale = "sequential",
    limits: tuple[float, float] | None = None,
    number: Number | None = None,
    blank: Literal["future"] | None = None,
    picked: tuple[int | None, int | None] | None = (None, None),
    shape: Literal["square", "strips"] = "square",
    origin: Origin | Sequence[Origin | None] | None = None,
    no_origin: str = "",
    texts: Sequence[str] | None = None,
    about: Sequence[int] | None = None,
    log: bool = False,
    nothing: str = "",
    title: str = "",
    sheets: Sequence[Sheet] | None = None,
) -> dict[str, Any]:
    """values [R, K], sent as float32; cells that are not finite are empty, and with blank="future" those right of the diagonal.

    reading: what is said of a cell, with {row}, {column} and {value} in it. label: names the figure to screen readers and
    in saved files. scale: how it is coloured; limits: the values at its ends, without them 0 to 1 for shares, otherwise as
    far as the values go, even on both sides of 0 if it diverges. number: how values are written, without it shares on a
    sequential scale and signed numbers on a diverging one. picked: (row, column); a row alone is framed as a whole; None leaves
    what is picked as it is, for a figure that no redraw follows with TabContext.mirrors.
    shape: "square" for token by token; "strips" for a few long rows, which zoom along their length only.
    origin: where the numbers come from, for all cells alike or row by row; None where they are none of the run's, and no_origin says why.
    texts [R K]: a word or two for each cell, row by row, written into it where there is room; {text} in `reading`. about [R K]: a number
    for each, for an origin's "cell". log: colours go by the logarithm; limits are then above 0. nothing: what is said of a cell without a
    value, with {row} and {column} in it; such cells are hatched. title: a line above it, where a frame holds
    several.
    sheets: whose each of values [S, R, K] is, on one scale; label and origins are then theirs.

    Raises: ValueError for axes, origins or sheets of another number, values that are no table, shares outside of 0 to 1, limits that span nothing.
    """
    if values.dim() != (2 if sheets is None else 3) or 0 in values.shape:
        raise ValueError(
            f"A matrix has rows and columns, at least one of each; these values have the shape {tuple(values.shape)}."
        )
    if sheets is not None and len(sheets) != len(values):
        raise ValueError(f"There are {len(values)} matrices and {len(sheets)} sheets for them; give one for each.")
    n_rows, n_columns = values.shape[-2:]
    for side, axis, n in (("rows", rows, n_rows), ("columns", columns, n_columns)):
        if axis.labels is not None and len(axis.labels) != n:
            raise ValueError(f"There are {n} {side} and {len(axis.labels)} labels for them; give one for each.")
    if blank == "future" and n_rows != n_columns:
        raise ValueError(f"Only a square matrix has a future to leave blank; this one is {n_rows} by {n_columns}.")
    for name, given in (("texts", texts), ("about", about)):
        if given is not None and len(given) != n_rows * n_columns:
            raise ValueError(
                f"There are {n_rows * n_columns} cells and {len(given)} {name} for them; give one for each."
            )
    if isinstance(origin, Sequence) and len(origin) != n_rows:
        raise ValueError(f"There are {n_rows} rows and {len(origin)} origins for them; give one for each.")
    number = number or ("share" if scale == "sequential" else "signed")
    cells = values.detach().float().cpu()
    cells = cells.masked_fill(~cells.isfinite(), math.nan)
    seen = cells[..., torch.ones(n_rows, n_columns).tril().bool()] if blank == "future" else cells
    if number == "share" and bool(((seen < -_ROUNDING) | (seen > 1 + _ROUNDING)).any()):
        raise ValueError("A share lies between 0 and 1; write these values with number='plain' or 'signed'.")
    low, high = limits or _reach(seen, scale, number)
    if not (math.isfinite(low) and math.isfinite(high) and low < high and (low > 0 or not log)):
        raise ValueError(f"The limits of a scale go from a smaller to a greater number; these are {low} and {high}.")
    table = {
        "size": [n_rows, n_columns],
        "rows": _side(rows),
        "columns": _side(columns),
        "reading": reading,
        "label": label,
        "scale": scale,
        "limits": [low, high],
        "number": number,
        "blank": blank,
        "shape": shape,
        "origin": _origins(origin),
        "no_origin": no_origin,
        "texts": None if texts is None else list(texts),
        "about": None if about is None else list(about),
        "log": log,
        "nothing": nothing,
        "title": title,
        "sheets": None if sheets is None else [{**asdict(sheet), "origin": _origins(sheet.origin)} for sheet in sheets],
    }
    # one string, because Gradio wraps every object of a value in proxies
    told = {"cells": packed(seen), "table": json.dumps(table)}
    return told if picked is None else {**told, "row": picked[0], "column": picked[1]}


def _origins(origin: Origin | Sequence[Origin | None] | None) -> list[dict[str, Any] | None] | None:
    if origin is None:
        return None
    return [None if one is None else asdict(one) for one in ([origin] if isinstance(origin, Origin) else origin)]


def _reach(values: Tensor, scale: Scale, number: Number) -> tuple[float, float]:
    """The ends of a scale that holds all values."""
    there = values[values.isfinite()]
    if scale == "sequential" and number == "share":
        return 0.0, 1.0
    if scale == "diverging":
        largest = float(there.abs().max()) if there.numel() else 0.0
        return (-largest, largest) if largest else (-1.0, 1.0)
    low, high = (float(there.min()), float(there.max())) if there.numel() else (0.0, 1.0)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _side(axis: Axis) -> dict[str, Any]:
    """labels: [text, tint] for a token, [text] for a name."""
    if axis.labels is None:
        return {"name": axis.name, "labels": None}
    labels = [[one.text, token_tint(one.token_id)] if isinstance(one, TokenLabel) else [one] for one in axis.labels]
    return {"name": axis.name, "labels": labels}
