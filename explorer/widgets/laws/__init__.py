"""The laws that the numbers on screen must keep, each with how far its two sides lie apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.truth import Truth
from explorer.catalogue import catalogue
from explorer.widgets.widget import widget


def law_list(elem_id: str) -> gr.HTML:
    """An empty list; set it to `kept_laws(...)`."""
    words = {key: catalogue("truth")(key) for key in ("list", "kept", "not_kept", "not_held", "distance")}
    return widget(Path(__file__).parent, '<ul class="laws" tabindex="0"></ul>', {"words": words}, elem_id=elem_id)


def kept_laws(truth: Truth) -> dict[str, Any]:
    rows = [
        {"sentence": row.sentence, "residual": row.residual, "bound": row.bound, "ok": row.ok, "note": row.note}
        for row in truth.rows
    ]
    return {"rows": rows}
