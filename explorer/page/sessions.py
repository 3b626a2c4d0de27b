"""What the server notes for everybody who opens the page, as little as Gradio can do with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gradio import state_holder


class LeanSession(state_holder.SessionState):
    """A session that does not begin by describing every block of the page.

    Gradio writes these descriptions for its own deep links alone, which this page does not have (page/links.py), and fills in whatever
    an answer needs. For the 740 blocks of this page they took 0.2 s of the one thread that answers everybody, once a visitor and once
    a call of the API (docs/log.md, 2026-11-30).
    """

    def __init__(self, blocks: Any) -> None:
        super().__init__(SimpleNamespace(default_config=blocks.default_config, blocks={}))  # type: ignore[arg-type]


def keep_sessions_lean() -> None:
    """For every server that this process starts from now on. Gradio lets nobody choose what a session is."""
    state_holder.SessionState = LeanSession  # type: ignore[misc]
