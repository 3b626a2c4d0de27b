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


def written_samples(samples: Sequence[tuple[int, str, str]]) -> dict[str, Any]:
    """samples: (step, prompt, what the model wrote after it), oldest first."""
    say = catalogue("training")
    return {
        "samples": [
            {
                "when": say("sample_untrained") if step == 0 else say("sample_at", step=step),
                "prompt": prompt,
                "text": text,
            }
            for step, prompt, text in reversed(samples)
        ]
    }
