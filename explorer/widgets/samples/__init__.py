"""What a model wrote at several moments of its training, the newest first, so that one can compare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget


def sample_list(elem_id: str, value: dict[str, Any]) -> gr.HTML:
    """A list; set it to `written_samples(...)`."""
    return widget(
        Path(__file__).parent, '<ol class="samples" reversed tabindex="0"></ol>', elem_id=elem_id, value=value
    )


def written_samples(samples: Sequence[tuple[int, str, str]], *, fine_tuned: bool = False) -> dict[str, Any]:
    """samples: (step, prompt, what the model wrote after it), oldest first. fine_tuned: the first, of the model that it began as, and
    the newest stand side by side above the others."""
    say = catalogue("training")
    first = say("sample_before") if fine_tuned else say("sample_untrained")
    listed = [
        {"when": say("sample_at", step=step) if step else first, "prompt": prompt, "text": text}
        for step, prompt, text in reversed(samples)
    ]
    paired = fine_tuned and len(listed) > 1
    if paired:
        listed.insert(0, listed.pop())
    return {"samples": listed, "paired": paired}
