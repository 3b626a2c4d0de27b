"""One frame for every figure, whoever draws it: title, one-sentence summary, Enlarge, PNG, SVG, CSV, and its table on demand."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from explorer.catalogue import catalogue
from explorer.widgets.bundle import bundled
from explorer.widgets.widget import widget

HERE = Path(__file__).parent
LIBRARY = HERE.parents[2] / "assets" / "vendor" / "modern-screenshot" / "modern-screenshot.js"

# The most that is written into the page; the CSV holds all.
MOST_ROWS, MOST_COLUMNS = 200, 40

_BAR = """
<div class="bar">
  <h3 class="title"></h3>
  <div class="tools" role="group"></div>
  <div class="words"><p class="summary" aria-live="polite"></p><button type="button" class="more" aria-expanded="false" hidden></button></div>
  <p class="told" role="status"></p>
</div>
"""
_TABLE = '<div class="table" hidden><div class="scroll" role="region" tabindex="0"></div><p class="note"></p></div>'


@dataclass(frozen=True)
class Frame:
    """What stands around a figure. column: the outermost element. bar: set it to `frame_value(...)` whenever the figure is redrawn.

    table: set it to `table_value(...)` while `bar.value.open` is true, and when `bar.ask` fires: that is when somebody wants the rows.
    A figure whose script gives its rows itself (a property `figureTable` on any of its elements, a function that returns
    {columns, rows}, and origins(row, place) where the drawer can explain numbers) never asks; it tells of a change with a bubbling
    event `figure-drawn`.
    """

    column: gr.Column
    bar: gr.HTML
    table: gr.HTML


@contextmanager
def frame(elem_id: str, *, name: str, main: bool = False, from_server: bool = False) -> Iterator[Frame]:
    """Whatever is built inside stands in the frame. name: what its saved files are called. main: it is what the tab is about.
    from_server: its rows are of several figures together, so that none inside is asked for them."""
    words = catalogue("frame").sentences
    constants = {"words": words, "name": name}
    limits = {"MOST_ROWS": MOST_ROWS, "MOST_COLUMNS": MOST_COLUMNS}
    classes = ["figure-frame", "main-figure"] if main else ["figure-frame"]
    with gr.Column(elem_id=elem_id, elem_classes=classes, min_width=0) as column:
        bar = widget(HERE / "bar", _BAR, {**constants, "from_server": from_server})
        table = widget(HERE / "table", _TABLE, {**constants, **limits}, render=False)
        with gr.Column(elem_classes="figure-body", min_width=0):
            yield Frame(column, bar, table)
        table.render()


def frame_value(title: str, summary: str, rows: pd.DataFrame | None = None) -> dict[str, Any]:
    """Plain text, tokens included. summary: the figure in one sentence. rows: of a figure that is made on request, so that no handler
    could be asked for them again."""
    told = {"title": title, "summary": summary}
    # one string, because Gradio wraps every object of a value in proxies
    return told if rows is None else {**told, "rows": json.dumps(table_value(rows), ensure_ascii=False)}


@dataclass(frozen=True)
class Cell:
    """In an origin of a table: what stands in `column` of the same row."""

    column: str


def table_value(table: pd.DataFrame, origins: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """Every row, as exact as it is; the first column names the row. Empty cells: None or NaN.

    origins: by column, which number its cells are, as the drawer is asked for it (widgets/drawer); a `Cell` as its layer or in
    its index stands for the row's own cell in that column. Raises: ValueError for a column that is not there.
    """
    columns = [_cells(table.iloc[:, place]) for place in range(table.shape[1])]
    names = [str(column) for column in table.columns]
    told = {"columns": names, "rows": [list(row) for row in zip(*columns, strict=True)]}
    if not origins:
        return told
    placed = {names.index(name): _placed(origin, names) for name, origin in origins.items()}
    return told | {"origins": [placed.get(place) for place in range(len(names))]}


def _placed(origin: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    def here(part: Any) -> Any:
        return {"column": names.index(part.column)} if isinstance(part, Cell) else part

    return {**origin, "layer": here(origin.get("layer")), "index": [here(part) for part in origin["index"]]}


def _cells(column: pd.Series) -> list[Any]:
    return [_cell(value) for value in column.to_numpy()]  # numpy: pandas gives a float32 out as a longer float64


def _cell(value: Any) -> Any:
    """JSON, with a float32 as the shortest number that is the same float32: 0.1, not 0.10000000149."""
    if isinstance(value, np.floating):
        value = float(str(value))
    elif isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return str(value)
    return str(value) if isinstance(value, float) and value in (float("inf"), float("-inf")) else value


def head() -> str:
    """What frames need of the page, once: their styles, the mark of what is stale, and the maker of pictures (docs/decisions/012)."""
    styles = "\n".join((HERE / name).read_text(encoding="utf-8") for name in ("frame.css", "stale.css"))
    library = LIBRARY.read_text(encoding="utf-8")
    return (
        f"<style>{styles}</style><script>{library}</script>"
        f"<script>globalThis.framePicture = {bundled(HERE / 'picture' / 'picture.js')};</script>"
    )
