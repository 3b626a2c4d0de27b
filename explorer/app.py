"""The page: one sentence and one model above the tabs that share them. Assembles, nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gradio as gr

from explorer import api
from explorer.catalogue import catalogue
from explorer.page import theme
from explorer.page.download_panel import DownloadPanel, wanted
from explorer.page.header import build_header
from explorer.page.link import read_link
from explorer.page.tab import QUICK, TabContext, clamped, find_tabs
from explorer.store.models import GPT2
from explorer.store.services import RunKey, Services
from explorer.widgets import notice
from explorer.widgets.cursor import PARTS, START, cursor, cursor_in_sight, sent
from explorer.widgets.tab_keys import tab_keys
from explorer.widgets.tokens import PICKED, token_strip
from gpt2core import Gpt2CoreError

log = logging.getLogger(__name__)


def build_app(services: Services) -> gr.Blocks:
    say = catalogue("page")
    with gr.Blocks(title=say("title"), analytics_enabled=False, fill_width=True) as blocks:
        header = build_header(services)
        context = TabContext(services, blocks, header.sentence, header.model, cursor_in_sight(""), cursor())
        _draw_strip(context, header.strip)  # first, so that it is not kept waiting by what the tabs ask for
        found = find_tabs()
        seen = {tab.id: cursor_in_sight(tab.id) for tab in found}
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap") as tabs:  # styles/tabs.css: one row that scrolls
            for tab in found:
                with gr.Tab(tab.title, id=tab.id) as panel:
                    tab.build(replace(context, cursor=seen[tab.id]))
                opened = f"(cursor) => ({{ ...cursor, tab: '{tab.id}' }})"
                panel.select(None, context.page_cursor, context.page_cursor, js=opened, **QUICK)
        tab_keys("tabs")
        _read_what_is_typed(context, header.status)
        _offer_gpt2(context, header.status, header.download)
        _open_links(context, header.status, header.download, tabs, [tab.id for tab in found])
        api.add_endpoints(services)
    return blocks


def _reader(services: Services) -> Callable[[Any, Any, Any], tuple[Any, Any]]:
    """(text, model, cursor) -> (cursor, status). A refusal leaves what is on screen as it was, and what was typed too."""
    say = catalogue("page")

    def read(text: Any, model: Any, cursor: Any) -> tuple[Any, Any]:
        asked = cursor if isinstance(cursor, dict) else {}
        try:
            run = services.read(text, model)
            limits = services.cursor_limits(run)
            shown = {**START, "token": limits["token"] - 1, **asked}
            if shown["run"]:
                shown["token"] = services.same_place(shown["run"], shown["token"], run)
        except Gpt2CoreError as error:
            kept = say("kept") if asked.get("run") else ""
            return gr.skip(), notice.refusal(f"{error} {kept}".strip())
        except Exception:
            log.exception("reading a sentence failed")
            return gr.skip(), notice.refusal(say("broken"))
        n, limit = limits["token"], services.models.get(run.model).model.config.context_length
        positions = {part: clamped(shown[part], limits[part]) for part in PARTS}
        told = notice.info(
            say(
                "reads",
                n=n,
                tokens=say("token" if n == 1 else "tokens"),
                limit=limit,
                layers=limits["layer"],
                heads=limits["head"],
            )
        )
        return sent({**shown, "run": run.to_json(), **positions}, limits, asked), told

    return read


def _read_what_is_typed(context: TabContext, status: gr.HTML) -> None:
    gr.on(
        [context.sentence.change, context.sentence.submit, context.model.change],
        _reader(context.services),
        [context.sentence, context.model, context.page_cursor],
        [context.page_cursor, status],
        trigger_mode="always_last",
        **QUICK,
    )


def _offer_gpt2(context: TabContext, status: gr.HTML, download: DownloadPanel) -> None:
    """Its download is offered where it was chosen and is missing; once it is here it is read with the sentence."""
    services, read = context.services, _reader(context.services)

    def offer(model: Any) -> Any:
        return wanted(services, model)

    def arrived(sentence: Any, model: Any, cursor: Any) -> tuple[Any, Any, Any]:
        if model != GPT2 or not services.models.is_here(GPT2):
            return gr.skip(), gr.skip(), gr.skip()
        return *read(sentence, model, cursor), offer(model)

    context.model.change(offer, context.model, download.row, **QUICK)
    download.ended.then(
        arrived,
        [context.sentence, context.model, context.page_cursor],
        [context.page_cursor, status, download.row],
        **QUICK,
    )


def _open_links(
    context: TabContext, status: gr.HTML, download: DownloadPanel, tabs: gr.Tabs, tab_ids: list[str]
) -> None:
    read, models = _reader(context.services), context.services.models

    def open_link(request: gr.Request) -> tuple[Any, ...]:
        link = read_link(request.query_params, tab_ids)
        tab = link.tab or tab_ids[0]
        text = catalogue("page")("example") if link.text is None else link.text
        model = link.model or models.default
        shown, told = read(text, model, {**link.positions, "tab": tab})
        if not isinstance(shown, dict) or "run" not in shown:  # refused: the example stands behind the refusal
            shown, _ = read(catalogue("page")("example"), models.default, {"tab": tab})
            model = models.default
        shown["asked"] = {}  # the link says where everything stands
        choices = models.choices()
        if model not in {name for _, name in choices}:  # a person's own
            choices.append((models.label(model), model))
        offered = wanted(context.services, link.model)
        menus = context.offered(choices)
        return text, gr.Dropdown(choices, value=model), shown, told, offered, gr.Tabs(selected=tab), *menus

    context.blocks.load(
        open_link,
        None,
        [
            context.sentence,
            context.model,
            context.page_cursor,
            status,
            download.row,
            tabs,
            *(menu for menu, _ in context.menus),
        ],
        **QUICK,
    )


def _draw_strip(context: TabContext, strip: gr.HTML) -> None:
    def draw(run: RunKey, token: int) -> Any:
        return token_strip(context.services.labels(run), token)

    context.draws(draw, strip, follow=["token"])
    context.picks("token", strip.pick, strip, PICKED)


def launch_options() -> dict[str, Any]:
    """What gr.Blocks.launch is given: nothing leaves the machine, unknown errors stay in the log."""
    return {
        "theme": theme.theme(),
        "css": theme.css(),
        "head": f"<style>{theme.head_css()}</style>",
        "ssr_mode": False,
        "show_error": False,
        "footer_links": ["api"],
        "max_file_size": "5mb",
    }
