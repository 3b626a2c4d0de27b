"""The page: one sentence and one model above the tabs that share them. Assembles, nothing else."""

from __future__ import annotations

import logging
from typing import Any

import gradio as gr

from explorer import api, theme
from explorer.catalogue import catalogue
from explorer.services import RunKey, Services
from explorer.tab import QUICK, TabContext, clamped, find_tabs
from explorer.widgets import notice
from explorer.widgets.cursor import PARTS, START, cursor
from explorer.widgets.notice import notice_line
from explorer.widgets.tokens import PICKED, token_keys, token_strip
from gpt2core import Gpt2CoreError

log = logging.getLogger(__name__)


def build_app(services: Services) -> gr.Blocks:
    say = catalogue("page")
    with gr.Blocks(title=say("title"), analytics_enabled=False, fill_width=True) as blocks:
        gr.Markdown(f"# {say('title')}\n{say('subtitle')}", elem_id="page-title")
        with gr.Row(equal_height=False):
            sentence = gr.Textbox(
                say("example"), label=say("sentence"), lines=1, max_lines=6, scale=3, elem_id="sentence", min_width=280
            )
            model = gr.Dropdown(
                [(services.models.label(name), name) for name in services.models.shipped_names()],
                value=services.models.default,
                label=say("model"),
                scale=1,
                min_width=260,
                allow_custom_value=True,  # our own check answers a foreign name in a sentence
                elem_id="model",
            )
        status = notice_line("status")
        strip = token_keys("token-strip")
        context = TabContext(services, blocks, sentence, model, cursor())
        with gr.Tabs(elem_id="tabs"):
            for tab in find_tabs():
                with gr.Tab(tab.title, id=tab.title.lower()):
                    tab.build(context)
        _wire(context, status, strip)
        api.add_endpoints(services)
    return blocks


def _wire(context: TabContext, status: gr.HTML, strip: gr.HTML) -> None:
    services, say = context.services, catalogue("page")

    def read(text: str, model: str, cursor: Any) -> tuple[Any, Any]:
        """A refusal leaves what is on screen as it was, and what was typed too."""
        try:
            run = services.read(text, model)
            limits = services.cursor_limits(run)
        except Gpt2CoreError as error:
            return gr.skip(), notice.refusal(str(error))
        except Exception:
            log.exception("reading a sentence failed")
            return gr.skip(), notice.refusal(say("broken"))
        n, limit = limits["token"], services.models.get(model).model.config.context_length
        shown = cursor if isinstance(cursor, dict) and cursor.get("run") else {**START, "token": n - 1}
        positions = {part: clamped(shown.get(part), limits[part]) for part in PARTS}
        told = notice.info(say("reads", n=n, tokens=say("token" if n == 1 else "tokens"), limit=limit))
        return {"run": run.to_json(), **positions}, told

    gr.on(
        [context.sentence.change, context.sentence.submit, context.model.change, context.blocks.load],
        read,
        [context.sentence, context.model, context.cursor],
        [context.cursor, status],
        trigger_mode="always_last",
        **QUICK,
    )

    def draw_strip(run: RunKey, token: int) -> Any:
        return token_strip(services.labels(run), token)

    context.draws(draw_strip, strip, follow=["token"])
    context.picks("token", strip.pick, strip, PICKED)


def launch_options() -> dict[str, Any]:
    """What gr.Blocks.launch is given: nothing leaves the machine, unknown errors stay in the log."""
    return {
        "theme": theme.theme(),
        "css": theme.css(),
        "ssr_mode": False,
        "show_error": False,
        "footer_links": ["api"],
        "max_file_size": "5mb",
    }
