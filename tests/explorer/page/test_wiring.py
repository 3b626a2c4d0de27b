"""The seams between tabs: what one tab puts on offer reaches the menus of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import Mock

import gradio as gr
import pytest

from explorer.app import build_app
from explorer.page.wiring import Page, TabContext
from explorer.store.services import Services


@pytest.fixture
def page() -> Iterator[Page]:
    with gr.Blocks() as blocks:
        services = Mock()
        services.models.choices.return_value = [("One", "one")]
        yield Page(services, blocks, gr.Textbox(), gr.Dropdown(), gr.HTML())


def test_models_on_offer_reach_the_menus_of_tabs_that_are_laid_out_later(page: Page) -> None:
    ctx = TabContext(page, "early")
    before = ctx.model_menu([], "one")
    told = gr.HTML()
    ctx.offers_models(gr.Button().click, lambda choices: {page.model: gr.update(choices=choices)}, [told], [told])
    after = ctx.model_menu([("As above", "")], "")
    page.connect()
    (handler,) = page.blocks.fns.values()
    assert set(handler.outputs) == {page.model, told, before, after}
    updates = handler.fn([("Mine", "mine")])
    assert updates[before]["choices"] == [("Mine", "mine")]
    assert updates[after]["choices"] == [("As above", ""), ("Mine", "mine")]


def test_an_offer_without_models_changes_no_menu(page: Page) -> None:
    ctx = TabContext(page, "early")
    ctx.model_menu([], "one")
    ctx.offers_models(gr.Button().click, lambda: {page.model: gr.skip()}, [], [])
    page.connect()
    (handler,) = page.blocks.fns.values()
    assert handler.fn() == {page.model: gr.skip()}


def test_no_box_asks_the_server_at_every_key(services: Services) -> None:
    """A box that figures follow is read when typing rests or on Enter (widgets/rested); its `change` stays in the browser.

    Nobody types into a hidden one: what stands there came when typing rested.
    """
    blocks = build_app(services)
    boxes = {
        number for number, block in blocks.blocks.items() if isinstance(block, gr.Textbox) and block.visible is True
    }
    asking = [
        blocks.blocks[number].elem_id
        for handler in blocks.fns.values()
        if handler.fn is not None
        for number, event in handler.targets
        if number in boxes and event in ("change", "input")
    ]
    assert len(boxes) > 8
    assert asking == []
