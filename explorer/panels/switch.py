"""A button that switches a part of the model off in the page's edits, or on again where it is off."""

from __future__ import annotations

import json

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.wiring import TabContext

# In the browser: `edit`, an expression over the cursor, enters the page's edits, or leaves them.
_SWITCHED = """(cursor) => {
  const edit = %s;
  const edits = (cursor.edits || '').split(',').filter(Boolean);
  return { ...cursor, edits: (edits.includes(edit) ? edits.filter((one) => one !== edit) : [...edits, edit]).join(',') };
}"""
HEAD = "`head:${cursor.layer}.${cursor.head}`"


def switch(ctx: TabContext, edit: str, off: str, on: str, elem_id: str) -> gr.Button:
    """edit: as the page's edits have it, an expression in JavaScript over `cursor`. off, on: what the button says."""
    button = gr.Button(off, size="sm", scale=0, min_width=190, elem_id=elem_id)
    switched = f"JSON.parse(cursor.run || '{{}}').edits?.split(',').includes({edit})"
    ctx.mirrors(button, f"{switched} ? {json.dumps(on)} : {json.dumps(off)}")
    button.click(None, ctx.page.cursor, ctx.page.cursor, js=_SWITCHED % edit, **QUICK)
    return button


def head_switch(ctx: TabContext, elem_id: str = "switch-head") -> gr.Button:
    """The picked head's."""
    say = catalogue("attention")
    return switch(ctx, HEAD, say("switch_off"), say("switch_on"), elem_id)
