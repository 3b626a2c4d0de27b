"""From the boxes above the tabs to what is on screen: reading a sentence, opening a link, offering GPT-2's download."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.download_panel import wanted
from explorer.page.events import QUICK
from explorer.page.example import HEAD, LAYER
from explorer.page.guard import clamped, in_words
from explorer.page.header import Header
from explorer.page.links import Link, read_link
from explorer.page.spec import TabSpec
from explorer.page.wiring import Page, TabContext
from explorer.store.models import GPT2
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.widgets import page_state
from explorer.widgets.edits_line import edit_chips
from explorer.widgets.moments import CHOSEN, moments_value
from explorer.widgets.notice import info, refusal
from explorer.widgets.page_state import PARTS, START, tells
from explorer.widgets.tokens import PICKED, STRIP_MIRRORED, token_strip
from explorer.wording.refusals import refusal_in_words
from gpt2core.errors import InvalidEdit, UnknownModel

# In the browser: the link is copied by widgets/page_state, which answers with what is to be said of it.
_COPYING = """() => new Promise((answer) => document.dispatchEvent(new CustomEvent('copy-link', { detail: answer })))
  .then((text) => ({ text, kind: 'info' }))"""
say, links = catalogue("page"), catalogue("links")


class Reader:
    """Reads what stands in the boxes. A refusal leaves what is on screen as it was, and what was typed too."""

    def __init__(self, page: Page, header: Header) -> None:
        self.services, self.header = page.services, header
        self.outputs = [page.cursor, header.status, header.strip, header.edits, header.moments, header.download.row]

    def read(self, text: Any, model: Any, cursor: Any) -> dict[Any, Any]:
        """{component: value} for the sentence, the model and the edits that the cursor wishes for."""
        header, asked = self.header, cursor if isinstance(cursor, dict) else {}
        offered = wanted(self.services, model)
        try:
            run, shown = self.on_screen(text, model, asked)
        except Exception as error:
            kept = say("kept") if asked.get("run") else ""
            told = refusal(f"{in_words(error)} {kept}".strip())
            return {self.outputs[0]: page_state.refused(), header.status: told, header.download.row: offered}
        return {**self.showing(run, shown, asked), header.download.row: offered}

    def on_screen(self, text: Any, model: Any, asked: dict[str, Any]) -> tuple[RunKey, dict[str, Any]]:
        """The run, and where the cursor stands in it. Raises: what Services.read raises."""
        run = self.services.read(text, model, asked.get("edits", ""))
        limits = self.services.cursor_limits(run)
        shown = {**START, "token": limits["token"] - 1, **asked}
        if shown["run"]:
            shown["token"] = self.services.same_place(shown["run"], shown["token"], run)
        positions = {part: clamped(shown[part], limits[part]) for part in PARTS}
        return run, {**shown, "run": run.to_json(), "edits": run.edits_text, **positions}

    def showing(self, run: RunKey, shown: dict[str, Any], asked: dict[str, Any]) -> dict[Any, Any]:
        limits = self.services.cursor_limits(run)
        n, limit = limits["token"], self.services.models.get(run.model).model.config.context_length
        told = say("reads", n=n, limit=limit)
        return {
            self.outputs[0]: page_state.read(shown, limits, asked),
            self.header.status: info(told),
            self.header.strip: token_strip(self.services.labels(run), shown["token"]),
            self.header.edits: edit_chips(run.edits),
            self.header.moments: moments_value(self.services.models.siblings(run.model), run.model),
        }


def wire_reading(page: Page, reader: Reader) -> None:
    """A sentence is read when typing rests or on Enter; a model when it is chosen. The browser says when (widgets/page_state)."""
    header = reader.header
    now: dict[str, Any] = {"fn": None, "outputs": None, **QUICK}
    page.sentence.change(inputs=page.sentence, js=tells("sentence-typed", "{ text: value }"), **now)
    page.sentence.submit(inputs=page.sentence, js=tells("sentence-typed", "{ text: value, now: true }"), **now)
    page.model.change(inputs=page.model, js=tells("sentence-typed", "{ model: value, now: true }"), **now)
    page.cursor.submit(
        reader.read,
        [page.sentence, page.model, page.cursor],
        reader.outputs,
        trigger_mode="always_last",
        **QUICK,
    )
    header.download.ended.then(
        _once_here(page.services, reader), [page.sentence, page.model, page.cursor], reader.outputs, **QUICK
    )
    header.moments.input(None, header.moments, page.model, js=CHOSEN, **QUICK)
    header.copy.click(None, None, header.link_notice, js=_COPYING, **QUICK)
    page.cursor.clear(None, None, header.link_notice, js="() => ({ text: '', kind: 'info' })", **QUICK)


def _once_here(services: Services, reader: Reader) -> Any:
    def arrived(text: Any, model: Any, cursor: Any) -> dict[Any, Any]:
        if model != GPT2 or not services.models.is_here(GPT2):
            return {reader.header.status: gr.skip()}
        return reader.read(text, model, cursor)

    return arrived


def wire_strip(ctx: TabContext, header: Header) -> None:
    """The tokens above the tabs: what they are comes with the sentence; which one is picked, from the cursor, in the browser."""
    ctx.picks("token", header.strip.pick, header.strip, PICKED)
    ctx.mirrors(header.strip, STRIP_MIRRORED)


def wire_links(page: Page, reader: Reader, found: Sequence[TabSpec]) -> None:
    """What a link says is opened when the page loads; what it says in vain is said, and stays said until the person does something."""
    opener = LinkOpener(page, reader, [tab.id for tab in found])
    controls = [one.component for one in page.linked if one.component is not None]
    menus = [menu for menu, _ in page.menus]
    outputs = [*reader.outputs, page.sentence, page.model, reader.header.link_notice, *menus, *controls]
    page.blocks.load(opener.open, None, list(dict.fromkeys(outputs)), **QUICK)
    for one in page.linked:
        if one.component is not None:
            usual = f"value === {json.dumps(one.usual)} || value === null || value === ''"
            told = tells("link-setting", f"{{ {json.dumps(one.name)}: {usual} ? null : String(value) }}")
            one.component.change(None, one.component, None, js=told, **QUICK)  # type: ignore[attr-defined]


class LinkOpener:
    """Opens what a link says, as far as that can be done, and says what could not."""

    def __init__(self, page: Page, reader: Reader, tab_ids: list[str]) -> None:
        self.page, self.reader, self.tab_ids = page, reader, tab_ids

    def open(self, request: gr.Request) -> dict[Any, Any]:
        page, header = self.page, self.reader.header
        link = read_link(request.query_params, self.tab_ids, page.linked)
        asked = {"layer": LAYER, "head": HEAD, **link.positions, "tab": link.tab or self.tab_ids[0]}
        run, shown, troubles = self.first_that_reads(link, asked)
        updates = self.reader.showing(run, shown, asked)
        state = updates[page.cursor]
        state["asked"] = {}  # the link says where everything stands
        state["restored"] = {one.name: link.settings[one.name] for one in page.linked if one.name in link.settings}
        state["hold"] = bool(troubles)
        text = say("example") if link.text is None else link.text
        controls = {one.component: link.settings[one.name] for one in page.linked if one.name in link.settings}
        controls.pop(None, None)
        choices = self.choices(run.model)
        menus = {menu: gr.update(choices=[*first, *choices]) for menu, first in page.menus}
        for menu in menus.keys() & controls.keys():
            menus[menu]["value"] = controls.pop(menu)
        return {
            **updates,
            **menus,
            **controls,
            page.sentence: text,
            page.model: gr.Dropdown(choices, value=run.model),
            header.link_notice: refusal(" ".join(troubles)) if troubles else info(""),
            header.download.row: wanted(page.services, link.model),
        }

    def first_that_reads(self, link: Link, asked: dict[str, Any]) -> tuple[RunKey, dict[str, Any], list[str]]:
        """What the link asks for, less what cannot be had of it: run, cursor, and a sentence for each of these."""
        troubles = list(link.troubles)
        default = self.page.services.models.default
        text = say("example") if link.text is None else link.text
        model, edits = link.model or default, link.edits
        while True:
            try:
                run, shown = self.reader.on_screen(text, model, {**asked, "edits": edits})
            except UnknownModel as error:
                troubles.append(links("no_model", why=refusal_in_words(error)))
                model = default
            except InvalidEdit as error:
                troubles.append(links("no_edits", why=refusal_in_words(error)))
                edits = ""
            except Exception as error:
                if text == say("example"):
                    raise
                troubles.append(links("not_read", why=in_words(error)))
                text = say("example")
            else:
                return run, shown, troubles

    def choices(self, model: str) -> list[tuple[str, str]]:
        """The models on offer, and `model` if it is a person's own."""
        models = self.page.services.models
        choices = models.choices()
        if model not in {name for _, name in choices}:
            choices.append((models.label(model), model))
        return choices
