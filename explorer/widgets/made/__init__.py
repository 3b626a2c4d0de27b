"""Of what a result was made: it is marked while that is not what is on screen any more. Invisible."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget


def made_of(ids: Sequence[str]) -> gr.HTML:
    """For the results in the elements `ids`. value, in parts, each of which may come alone:

    now: what a result would be made of at this moment; made: what the one on screen is made of; whole: whether it came to its end;
    failed: the sentence of a refusal that stands over it.
    """
    constants = {"ids": list(ids), "outlived": catalogue("page")("outlived")}
    return widget(Path(__file__).parent, "<span hidden></span>", constants, value={}, visible="hidden")
