"""What has been changed in the model on screen, above the tabs: a chip for each edit, with its undo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget
from explorer.wording.edits import edit_in_words
from gpt2core.notation import NamedEdit, write_edits


def edits_line(elem_id: str) -> gr.HTML:
    """Nothing while nothing is changed; set it to `edit_chips(...)`. An undo tells the page the edits that are left (`page-wish`)."""
    say = catalogue("edits")
    words = {key: say(key) for key in ("heading", "undo", "undo_all")}
    return widget(Path(__file__).parent, '<div class="edits"></div>', {"words": words}, elem_id=elem_id)


def edit_chips(edits: Sequence[NamedEdit]) -> dict[str, Any]:
    """One chip an edit: what it says, and the notation of what is left without it."""
    chips = [
        {"text": edit_in_words(edit), "without": write_edits([other for other in edits if other != edit])}
        for edit in edits
    ]
    return {"chips": chips}
