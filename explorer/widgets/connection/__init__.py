"""What the page asks while the server cannot be reached is asked again until it is answered, and meanwhile the page says so.

Gradio (6.31) gives a request up that has met no server, and has the whole page loaded anew as soon as there is one: what was typed and
has not been read is gone, for one packet that a classroom's network lost (docs/decisions/029).

It tells, by an event of the document, `server-changed` (a function that is given what a link cannot hold, as words) when the server was
started anew: then the page is loaded anew, unless something would be lost.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from explorer.catalogue import catalogue
from explorer.widgets.widget import widget

REST_MS = 1000  # between two questions whether the server is there again
MOST = 5  # times that one request fails though the server is there, before it is given up


def connection_line(elem_id: str) -> gr.HTML:
    """A line over everything else, empty while the server answers."""
    constants = {"words": catalogue("connection").sentences, "REST_MS": REST_MS, "MOST": MOST}
    return widget(Path(__file__).parent, '<p class="connection" role="status"></p>', constants, elem_id=elem_id)
