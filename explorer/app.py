"""The page: one sentence and one model above the tabs that share them. Assembles, nothing else."""

from __future__ import annotations

from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from explorer import api
from explorer.answers.settings import START, read_setting
from explorer.catalogue import catalogue
from explorer.page import spec, theme
from explorer.page.events import QUICK
from explorer.page.header import build_header
from explorer.page.links import Linked
from explorer.page.origins import build_drawer
from explorer.page.reading import Reader, wire_links, wire_reading, wire_strip
from explorer.page.sessions import keep_sessions_lean
from explorer.page.stillness import LEAN_LISTENERS, NO_CLOCK, BeforeEverything, let_the_queue_rest
from explorer.page.wiring import Page, TabContext
from explorer.store.services import Services
from explorer.widgets import frame, widget
from explorer.widgets.connection import connection_line
from explorer.widgets.page_state import page_state
from explorer.widgets.tab_keys import tab_keys


def build_app(services: Services) -> gr.Blocks:
    keep_sessions_lean()
    with gr.Blocks(title=catalogue("page")("title"), analytics_enabled=False, fill_width=True) as blocks:
        header = build_header(services)
        page = Page(services, blocks, header.sentence, header.model, page_state())
        page.linked.extend(Linked(name, None, usual, read_setting(name)) for name, usual in START.items())
        above = TabContext(page)
        wire_strip(above, header)
        above.connect()
        found = spec.find_tabs()
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):  # styles/tabs.css: one row that scrolls
            for tab in found:
                with gr.Tab(tab.title, id=tab.id, elem_id=f"tab-{tab.id}") as panel:
                    context = TabContext(page, tab.id)
                    tab.build(context)
                    context.connect()
                opened = f"(cursor) => ({{ ...cursor, tab: '{tab.id}' }})"
                panel.select(None, page.cursor, page.cursor, js=opened, **QUICK)
        build_drawer(page)
        page.connect()
        tab_keys("tabs")
        connection_line("connection")
        reader = Reader(page, header)
        wire_reading(page, reader)
        wire_links(page, reader, found)
        api.add_endpoints(services)
    let_the_queue_rest(blocks)
    return blocks


def launch_options() -> dict[str, Any]:
    """What gr.Blocks.launch is given: nothing leaves the machine, unknown errors stay in the log."""
    return {
        "theme": theme.theme(),
        "css": theme.css(),
        "head": f"<style>{theme.head_css()}</style>" + frame.head() + widget.head(),
        "ssr_mode": False,
        "show_error": False,
        "footer_links": ["api"],
        "max_file_size": "600mb",
        "app_kwargs": {"middleware": [Middleware(BeforeEverything, NO_CLOCK + LEAN_LISTENERS)]},
    }
