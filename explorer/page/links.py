"""What a link to the page holds: one table of names, usual values and checks. page_state's script writes such links.

Text and model are data; everything else in a link is checked before it is shown, and what cannot be honoured is said.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.components import Component

from explorer.catalogue import catalogue
from explorer.page.addresses import LONGEST, TOO_LONG
from explorer.widgets.page_state import PARTS
from explorer.wording.numbers import is_whole
from explorer.wording.refusals import refusal_in_words
from gpt2core import Gpt2CoreError
from gpt2core.errors import InvalidSetting

say = catalogue("links")
CALLED = {"token": "shared_token", "layer": "layer", "head": "head"}  # PARTS, as sentences name them
Check = Callable[[str], Any]  # the value that a link's text stands for; raises InvalidSetting
MOST_QUOTED = 60


@dataclass(frozen=True)
class Linked:
    """A control that a link holds. component: None for what is kept in the browser alone (the sampling settings)."""

    name: str
    component: Component | None
    usual: Any
    check: Check


@dataclass(frozen=True)
class Link:
    """What an address says, checked as far as that needs no model. None: it says nothing.

    positions: of the cursor. settings: those of the linked controls that are as they should be. troubles: a sentence for each part
    that is not.
    """

    text: str | None
    model: str | None
    tab: str | None
    edits: str
    positions: dict[str, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


def read_link(query: Mapping[str, str], tabs: Sequence[str], linked: Sequence[Linked] = ()) -> Link:
    """The link in an address's query; a part that nobody knows is left alone."""
    link = Link(query.get("text"), query.get("model"), None, query.get("edits", ""))
    if re.fullmatch("[0-9]{1,9}", query.get(TOO_LONG, "")):
        link.troubles.append(say("too_long", n=int(query[TOO_LONG]), limit=LONGEST))
    tab = query.get("tab")
    if tab is not None and tab not in tabs:
        link.troubles.append(say("no_tab", tab=quoted(tab)))
    for part in PARTS:
        if part in query:
            if re.fullmatch(r"[0-9]{1,6}", query[part]):
                link.positions[part] = int(query[part])
            else:
                link.troubles.append(say("no_position", part=say(CALLED[part]), value=quoted(query[part])))
    for one in linked:
        if one.name in query:
            try:
                link.settings[one.name] = one.check(query[one.name])
            except Gpt2CoreError as error:
                link.troubles.append(
                    say("no_setting", name=one.name, value=quoted(query[one.name]), why=refusal_in_words(error))
                )
    return Link(
        link.text, link.model, tab if tab in tabs else None, link.edits, link.positions, link.settings, link.troubles
    )


def quoted(value: str) -> str:
    """Foreign text as part of a sentence: on one line, and not long."""
    flat = re.sub(r"\s+", " ", value)
    return flat if len(flat) <= MOST_QUOTED else flat[: MOST_QUOTED - 1] + "…"


def flag(text: str) -> bool:
    """The check of a box that is ticked or not, written as 1 and 0 or true and false."""
    if text not in ("0", "1", "true", "false"):
        raise InvalidSetting(say("not_a_flag"))
    return text in ("1", "true")


def one_of(choices: Sequence[Any]) -> Check:
    """The check of a menu: the link holds the choice's value as text."""
    by_text = {str(choice): choice for choice in choices}

    def check(text: str) -> Any:
        if text not in by_text:
            raise InvalidSetting(say("not_a_choice", choices=", ".join(by_text)))
        return by_text[text]

    return check


def number_between(least: float, most: float, *, whole: bool = False) -> Check:
    """The check of a number from least to most."""

    def check(text: str) -> float:
        if re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", text):
            value = float(text)
            if least <= value <= most and (is_whole(value) or not whole):
                return int(value) if whole else value
        raise InvalidSetting(say("not_whole" if whole else "not_a_number", least=f"{least:,}", most=f"{most:,}"))

    return check


def fitting(component: Component | None, check: Check) -> Check:
    """`check`, and a refusal of what the control would not take: Gradio refuses that before any handler is asked, and says so nowhere.

    A menu whose choices change while the page is open takes custom values; what stands in it is checked by its handler.
    """
    if isinstance(component, gr.Slider | gr.Number):
        least = -math.inf if component.minimum is None else component.minimum
        most = math.inf if component.maximum is None else component.maximum

        def refused(value: Any) -> str:
            return "" if least <= value <= most else say("not_a_number", least=f"{least:,}", most=f"{most:,}")
    elif isinstance(component, gr.Radio) or (isinstance(component, gr.Dropdown) and not component.allow_custom_value):
        values = [value for _, value in component.choices]

        def refused(value: Any) -> str:
            return "" if value in values else say("not_a_choice", choices=", ".join(map(str, values)))
    else:
        return check

    def checked(text: str) -> Any:
        value = check(text)
        if why := refused(value):
            raise InvalidSetting(why)
        return value

    return checked


def numbers_listed(text: str) -> str:
    """The check of a few whole numbers with commas between them, or none."""
    if not re.fullmatch(r"([0-9]{1,3}(,[0-9]{1,3}){0,99})?", text):
        raise InvalidSetting(say("not_a_list"))
    return text


def any_text(text: str) -> str:
    """The check of a box for text: anything; its own handler says what it can do with it."""
    return text
