"""One frame for every figure: enlarged for a projector, saved as picture, drawing and table, its rows on demand, marked when stale."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import gradio as gr
import pytest
from gradio.blocks import Block
from playwright.sync_api import Locator, Page, expect

from explorer.app import build_app
from explorer.store.services import Services
from tests.browser.conftest import HOSTILE, HOSTILE_TOKENS, TABS, open_tab, put_back, sentence_box, type_sentence
from tests.explorer.page.test_example import EXAMPLE

# Every frame that is on the page once its tab is open: tab and id, as the tab's module writes it.
LATER = {"timing-frame", "sizes-frame"}  # which come with what was measured or asked for


@functools.cache
def frames() -> list[tuple[str, str]]:
    """Title of the tab and id of each frame, as the app builds them."""
    tabs = [block for block in build_app(Services()).blocks.values() if isinstance(block, gr.Tab)]
    return [(tab.label, str(block.elem_id)) for tab in tabs for block in within(tab) if is_shown_frame(block)]


def within(block: Block) -> Iterator[Block]:
    for child in getattr(block, "children", ()):
        yield child
        yield from within(child)


def is_shown_frame(block: Block) -> bool:
    return "figure-frame" in (getattr(block, "elem_classes", None) or ()) and block.elem_id not in LATER


_INSIDE = """(id) => document.activeElement === document.body
  || document.getElementById(id).contains(document.activeElement)"""


def tool(frame: Locator, name: str) -> Locator:
    return frame.locator(".tools").get_by_role("button", name=name, exact=True)


def saved(frame: Locator, name: str) -> bytes:
    with frame.page.expect_download() as download:
        tool(frame, name).click()
    assert download.value.suggested_filename.endswith(f".{name.lower()}")
    return Path(download.value.path()).read_bytes()


def rows_of(file: bytes) -> list[list[str]]:
    assert file.startswith(b"\xef\xbb\xbf")  # so that a spreadsheet reads it as UTF-8
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))


def ready(page: Page, tab: str, frame_id: str) -> Locator:
    open_tab(page, tab)
    frame = page.locator(f"#{frame_id}")
    expect(frame.locator(".bar .title").first).not_to_be_empty()
    expect(page.locator("[data-stale]").filter(visible=True)).to_have_count(0)
    if tab == "Generation":
        frame.get_by_role("button", name="Step").click()
        expect(frame.locator(".text .chip")).to_have_count(1)
    if frame_id == "ranking-frame":
        page.locator("#rank").click()
        expect(page.locator("#rank-status")).to_contain_text("All 42 heads and MLPs have been switched off")
    if frame_id == "laws-frame":
        page.locator("#check").click()
        expect(page.locator("#laws-status")).to_contain_text("laws hold")
    if frame_id == "watch-frame":
        page.locator("#train-step").click()
        expect(frame.locator(".summary")).to_contain_text("After 1 step")
    if tab == "Beams":
        expect(page.locator("#beam-status")).to_contain_text("candidates")
    return frame


@pytest.fixture
def page(kept: Page) -> Page:
    """As the page opens, whatever its tabs have written and found meanwhile."""
    put_back(kept, EXAMPLE, TABS[0])
    return kept


def test_no_frame_is_left_out_here(page: Page) -> None:
    found = set()
    for tab in TABS:
        open_tab(page, tab)
        expect(page.locator(".figure-frame").filter(visible=True).first).to_be_visible()
        shown = page.locator(".figure-frame").filter(visible=True)
        found |= {(tab, frame_id) for frame_id in shown.evaluate_all("all => all.map(frame => frame.id)")}
    assert found == set(frames())


@pytest.mark.parametrize("tab", TABS)
def test_every_figure_is_saved_with_its_title_and_its_rows_are_those_of_its_table(page: Page, tab: str) -> None:
    for frame_id in [frame_id for of, frame_id in frames() if of == tab]:
        frame = ready(page, tab, frame_id)
        assert saved(frame, "PNG").startswith(b"\x89PNG\r\n")
        drawing = ElementTree.fromstring(saved(frame, "SVG"))
        name = "{http://www.w3.org/2000/svg}"
        assert drawing.findtext(f"{name}title") == frame.locator(".bar .title").first.inner_text()
        assert any(
            element.tag not in (f"{name}{part}" for part in ("title", "desc", "rect", "text")) for element in drawing
        )
        columns, *rows = rows_of(saved(frame, "CSV"))
        assert rows, frame_id
        assert all(len(row) == len(columns) for row in rows)
        tool(frame, "Table").click()
        table = frame.locator(".table table")
        expect(table.locator("tbody tr")).to_have_count(min(len(rows), 200))
        expect(table).to_be_in_viewport()  # it opens below a figure that may fill the window
        assert table.locator("thead th").all_inner_texts() == columns[:40]
        assert table.locator("tbody th").first.text_content() == rows[0][0]
        tool(frame, "Table").click()
        expect(table).to_have_count(0)


@pytest.mark.parametrize(
    ("tab", "frame_id"),
    [("Attention", "attention-frame"), ("Sampling", "sampling-frame"), ("Embeddings", "neighbours-frame")],
)
def test_enlarged_a_figure_fills_the_window_alone_until_escape(page: Page, tab: str, frame_id: str) -> None:
    frame = ready(page, tab, frame_id)
    before = frame.bounding_box()
    enlarge = frame.locator(".tools button").first
    enlarge.click()
    expect(enlarge).to_have_text("Back")
    expect(enlarge).to_be_focused()
    expect(frame).to_have_attribute("role", "dialog")
    box = frame.bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 1280, 720)
    for _ in range(12):  # the keyboard stays inside
        page.keyboard.press("Tab")
        assert page.evaluate(_INSIDE, frame_id)
    page.keyboard.press("Escape")
    if frame.get_attribute("role") == "dialog":  # the first Escape may have let go of something inside
        page.keyboard.press("Escape")
    expect(frame).to_have_attribute("role", "figure")
    after = frame.bounding_box()
    assert (after["width"], after["x"]) == (before["width"], before["x"])
    sentence_box(page).click()  # what is around it answers again


def test_an_open_table_follows_what_is_picked(page: Page) -> None:
    frame = ready(page, "Attention", "looks-at-frame")
    tool(frame, "Table").click()
    rows = frame.locator(".table tbody tr")
    expect(rows.first).to_be_visible()
    page.locator("#token-strip .token").nth(2).click()
    expect(rows).to_have_count(3)  # it looks at itself and at the two before it


def test_hostile_tokens_stay_data_in_title_table_and_files(page: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    type_sentence(page, HOSTILE)
    expect(page.locator("#token-strip .token")).to_have_count(HOSTILE_TOKENS)
    frame = ready(page, "Tokens", "tokens-frame")
    _, *rows = rows_of(saved(frame, "CSV"))
    assert len(rows) == HOSTILE_TOKENS
    ElementTree.fromstring(saved(frame, "SVG"))
    tool(frame, "Table").click()
    expect(frame.locator(".table tbody tr")).to_have_count(HOSTILE_TOKENS)
    assert page.locator("img[src='x'], b:text-is('b')").count() == 0


def test_a_picture_of_what_is_stale_says_so(blank: Page, app_url: str) -> None:
    page = blank
    page.goto(f"{app_url}/?tab=compare")
    frame = ready(page, "Compare", "compare-frame")
    page.locator("#compare-settings").get_by_label("T =", exact=True).fill("-1")
    expect(page.locator("[data-stale]").filter(visible=True).first).to_be_visible()
    text = saved(frame, "SVG").decode()
    assert "This picture shows an earlier state: The temperature is -1" in text
