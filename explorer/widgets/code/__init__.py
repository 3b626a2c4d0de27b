"""Lines of Python that print a number of the page, folded until wanted, with a button that copies them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget


def code_lines(elem_id: str, title: str) -> gr.HTML:
    """Nothing while it is empty; set it to `code_value(...)`. title: what unfolds it."""
    words = {key: catalogue("drawer")(key) for key in ("copy", "copied", "not_copied", "python")}
    skeleton = '<details class="code-lines"><summary></summary><div class="code-body"></div></details>'
    return widget(Path(__file__).parent, skeleton, {"words": words, "title": title}, elem_id=elem_id)


def code_value(lines: str, instead: str = "") -> dict[str, Any]:
    """instead: what is said where there are no lines."""
    return {"lines": lines, "instead": instead}
