"""The matrix on a page of its own: what a finger, keys, two fingers and another view do to it. One small app for the file."""

from __future__ import annotations

import re
from collections.abc import Iterator

import gradio as gr
import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from explorer.page import theme
from explorer.widgets import widget
from explorer.widgets.matrix import MIRRORED_ROW, PICKED_COLUMN, PICKED_ROW, Axis, matrix, matrix_value
from explorer.wording.text import TokenLabel
from tests.browser.conftest import at_rest, cells_of, free_port
from tests.browser.test_accessibility import violations

N = 24
HOSTILE = "<img src=x onerror=alert(1)>${alert(1)}"
TEXTS = [HOSTILE, "漢字", "مرحبا", "👩‍👩‍👧", "·a"] + [f"·word{index}" for index in range(5, N)]
TOKENS = [TokenLabel(index, text, "", True) for index, text in enumerate(TEXTS)]


def pattern(n: int, seed: int) -> torch.Tensor:
    scores = 3 * torch.randn(n, n, generator=torch.Generator().manual_seed(seed))
    return scores.masked_fill(torch.ones(n, n).triu(1).bool(), -torch.inf).softmax(-1)


def pattern_value(n: int, seed: int) -> dict:
    tokens = [TOKENS[index % N] for index in range(n)]
    return matrix_value(
        pattern(n, seed),
        rows=Axis("looking from", tokens),
        columns=Axis("looking at", tokens),
        reading="from {row} at {column}: {value}",
        label="A pattern",
        blank="future",
        picked=(n - 1, None),
    )


STRIPS = torch.linspace(-2, 1, 3 * 97).reshape(3, 97).clone()
STRIPS[1, 48] = 0.0


def small_app() -> gr.Blocks:
    with gr.Blocks(analytics_enabled=False, fill_width=True, title="matrix") as blocks:
        shown = matrix("pattern")
        shown.value = pattern_value(N, 1)
        strips = matrix("strips")
        strips.value = matrix_value(
            STRIPS,
            rows=Axis("", ["token row", "position row", "sum"]),
            columns=Axis("dimension"),
            reading="{row}, dimension {column}: {value}",
            label="Vectors",
            scale="diverging",
            shape="strips",
        )
        picked = gr.Textbox(label="picked", elem_id="picked")
        shown.pick(
            None,
            shown,
            picked,
            js=f"(value) => {{ const cursor = {{}}; return `${{{PICKED_ROW}}} ${{{PICKED_COLUMN}}}`; }}",
        )
        for name, n, seed in (("other", N, 2), ("shorter", 5, 3), ("long", 1024, 4)):
            gr.Button(name).click(lambda n=n, seed=seed: pattern_value(n, seed), None, shown, queue=False)
        mirrored = f"(value) => {{ const cursor = {{ token: 2 }}; return {MIRRORED_ROW}; }}"
        gr.Button("cursor to 2").click(None, shown, shown, js=mirrored)
        gr.Markdown("\n\n".join(["further down"] * 40))
    return blocks


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    blocks = small_app()
    look = {"theme": theme.theme(), "css": theme.css(), "head": f"<style>{theme.head_css()}</style>" + widget.head()}
    _, url, _ = blocks.launch(
        server_port=free_port(), prevent_thread_lock=True, quiet=True, ssr_mode=False, footer_links=[], **look
    )
    yield url
    blocks.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for the file: what a page loads once, the next finds in its cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: (errors.append(dialog.message), dialog.dismiss()))
    page.goto(f"{address}?__theme=light")
    wait_until_drawn(page)
    yield page
    page.close()
    assert not errors


def wait_until_drawn(page: Page) -> None:
    for name in ("pattern", "strips"):
        expect(line(page, name)).not_to_be_empty()
    expect(page.get_by_text("further down").last).to_be_attached()  # all that could still move the matrix on the page


def grid(page: Page, widget: str = "pattern") -> Locator:
    return page.locator(f"#{widget} .matrix-grid")


def line(page: Page, widget: str = "pattern") -> Locator:
    return page.locator(f"#{widget} .matrix-read")


def note(page: Page, widget: str = "pattern") -> Locator:
    return page.locator(f"#{widget} .matrix-note")


def place(
    page: Page, row: float, column: float, widget: str = "pattern", size: tuple[int, int] = (N, N)
) -> tuple[float, float]:
    """The middle of a cell on the page, unzoomed; beside the picture for -1."""
    (left, top, width, height), outer = cells_of(grid(page, widget)), grid(page, widget).bounding_box()
    x = left + (column + 0.5) * width / size[1] if column >= 0 else left - 20
    y = top + (row + 0.5) * height / size[0] if row >= 0 else top + height + 12
    return outer["x"] + x, outer["y"] + y


def hover(page: Page, row: float, column: float, **where) -> None:
    """The finger on a cell: moved again if the page was laid out anew meanwhile."""
    there = None
    while there != (there := place(page, row, column, **where)):
        page.mouse.move(*there)


def ctrl_wheel(page: Page, delta: float) -> None:
    page.keyboard.down("Control")
    page.mouse.wheel(0, delta)
    page.keyboard.up("Control")


def press(page: Page, name: str) -> None:
    """By script, so that focus, finger and scroll stay where they are."""
    page.get_by_role("button", name=name, exact=True).evaluate("(button) => button.click()")


def percent(text: str) -> float:
    return float(re.search(r"([\d.]+) %", text)[1]) / 100


def test_hover_reads_the_cell_under_the_finger_and_asks_no_server(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for row, column in ((9, 7), (20, 20), (23, 5)):
        hover(page, row, column)
        expect(line(page)).to_contain_text(f"from “{TEXTS[row]}” ({row}) at “{TEXTS[column]}” ({column}): ")
        weight = float(pattern(N, 1)[row, column])
        assert percent(line(page).inner_text()) == pytest.approx(weight, rel=5e-3, abs=5e-6)
    hover(page, 3, 9)
    expect(line(page)).to_have_text(f"“{TEXTS[3]}” (3) cannot see “{TEXTS[9]}” (9): it comes later")
    hover(page, 9, -1)
    expect(line(page)).to_contain_text(f"The most in this line: from “{TEXTS[9]}” (9) at")
    hover(page, -1, 6)
    expect(line(page)).to_contain_text("The most in this column: from")
    assert not asked


def test_without_a_finger_the_picked_line_is_described(page: Page) -> None:
    strongest = int(pattern(N, 1)[N - 1].argmax())
    told = f"The most in this line: from “{TEXTS[N - 1]}” ({N - 1}) at “{TEXTS[strongest]}” ({strongest}): "
    expect(line(page)).to_contain_text(told)
    hover(page, 5, 5)
    expect(line(page)).not_to_contain_text(told)
    page.mouse.move(2, 2)
    expect(line(page)).to_contain_text(told)
    expect(line(page, "strips")).to_have_text("Farthest from 0: token row, dimension 0: −2")


def test_a_click_picks_the_cell_and_frames_it(page: Page) -> None:
    page.mouse.click(*place(page, 12, 4))
    expect(page.get_by_label("picked")).to_have_value("12 4")
    page.mouse.click(*place(page, 8, -1))
    expect(page.get_by_label("picked")).to_have_value("8 undefined")  # a name alone: the row, no column


def test_keys_read_and_enter_picks(page: Page) -> None:
    grid(page).focus()
    page.keyboard.press("Home")
    expect(line(page)).to_contain_text(f"from “{TEXTS[N - 1]}” ({N - 1}) at “{HOSTILE}” (0)")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(line(page)).to_contain_text(f"from “{TEXTS[22]}” (22) at “{TEXTS[1]}” (1)")
    spoken = page.locator(f"[id='{grid(page).get_attribute('aria-activedescendant')}']")
    expect(spoken).to_have_role("gridcell")
    expect(spoken).to_have_text(line(page).inner_text())
    page.keyboard.press("Enter")
    expect(page.get_by_label("picked")).to_have_value("22 1")
    page.keyboard.press("Control+Home")
    expect(line(page)).to_contain_text(f"from “{HOSTILE}” (0) at “{HOSTILE}” (0): 100 %")
    page.keyboard.press(" ")
    expect(page.get_by_label("picked")).to_have_value("0 0")


def test_the_finger_never_repaints_the_picture(page: Page) -> None:
    press(page, "long")
    expect(line(page)).to_contain_text("(1023)")
    page.evaluate(
        """() => {
          window.painted = 0;
          const own = CanvasRenderingContext2D.prototype.drawImage;
          CanvasRenderingContext2D.prototype.drawImage = function (...given) {
            window.painted += this.canvas.matches('.matrix-picture');
            return own.apply(this, given);
          };
        }"""
    )
    for row in range(500, 1000, 50):
        hover(page, row, 400, size=(1024, 1024))
        expect(line(page)).to_contain_text(re.compile("^from .* at .*: "))
    assert page.evaluate("window.painted") == 0
    ctrl_wheel(page, -200)
    expect(note(page)).to_contain_text("0 shows all")
    assert page.evaluate("window.painted") > 0


def test_more_cells_than_pixels_are_said(page: Page) -> None:
    expect(note(page)).not_to_contain_text("pixels")
    press(page, "long")
    expect(note(page)).to_contain_text("More cells than pixels")
    expect(note(page)).to_contain_text("name is written")


def test_a_redraw_keeps_zoom_and_cell_and_another_shape_resets_them(page: Page) -> None:
    grid(page).focus()
    page.keyboard.press("Control+Home")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(note(page)).to_contain_text("shows all")
    window = note(page).inner_text()
    cell = f"from “{TEXTS[3]}” (3) at “{HOSTILE}” (0): "
    before = line(page).inner_text()
    press(page, "other")
    expect(line(page)).not_to_have_text(before)
    expect(line(page)).to_contain_text(cell)
    assert note(page).inner_text() == window
    press(page, "shorter")
    expect(note(page)).not_to_contain_text("shows all")


def test_a_plain_wheel_scrolls_the_page_and_one_with_ctrl_zooms(page: Page) -> None:
    hover(page, 12, 6)
    page.mouse.wheel(0, 100)
    page.wait_for_function("document.scrollingElement.scrollTop > 0 || window.scrollY > 0")
    expect(note(page)).not_to_contain_text("shows all")
    page.evaluate("window.scrollTo(0, 0)")
    hover(page, 12, 6)
    ctrl_wheel(page, -300)
    expect(note(page)).to_contain_text("shows all")
    expect(line(page)).to_contain_text("(12) at “·word6” (6)")  # what was under the finger stays there
    page.mouse.dblclick(*place(page, 12, 6))
    expect(note(page)).not_to_contain_text("shows all")


def test_zoomed_in_a_drag_moves_the_picture_and_picks_nothing(page: Page) -> None:
    hover(page, 12, 6)
    ctrl_wheel(page, -300)
    expect(note(page)).to_contain_text("shows all")
    before = note(page).inner_text()
    x, y = place(page, 12, 6)
    page.mouse.down()
    page.mouse.move(x + 150, y + 40, steps=4)
    page.mouse.up()
    expect(note(page)).not_to_have_text(before)
    expect(page.get_by_label("picked")).to_have_value("")


def test_buttons_zoom_in_and_out(page: Page) -> None:
    nearer, farther = (page.locator("#strips").get_by_role("button", name=name) for name in ("Zoom in", "Zoom out"))
    expect(farther).to_have_attribute("aria-disabled", "true")
    nearer.click()
    expect(note(page, "strips")).to_contain_text("of 97")
    farther.click()
    expect(note(page, "strips")).to_be_empty()


def test_the_row_that_the_cursor_moves_to_comes_into_sight(page: Page) -> None:
    hover(page, 23, 6)
    for _ in range(3):
        ctrl_wheel(page, -300)
    expect(note(page)).to_contain_text("to 23,")
    press(page, "cursor to 2")
    expect(note(page)).to_contain_text("Rows 2 to")
    page.mouse.move(2, 2)
    expect(line(page)).to_contain_text(f"The most in this line: from “{TEXTS[2]}” (2)")


def pixels(page: Page, canvas: str, widget: str = "pattern") -> str:
    """As a picture without loss, which is sent in milliseconds; a list of all numbers takes a minute."""
    return page.locator(f"#{widget} .matrix-{canvas}").evaluate("(canvas) => canvas.toDataURL()")


def colour(page: Page, row: int, column: int, widget: str, size: tuple[int, int]) -> list[int]:
    """What is painted in the middle of a cell."""
    x, y = place(page, row, column, widget, size)
    outer = at_rest(grid(page, widget))
    script = "(canvas, [x, y]) => Array.from(canvas.getContext('2d').getImageData(x, y, 1, 1).data)"
    at = [int(x - outer["x"]), int(y - outer["y"])]
    return page.locator(f"#{widget} .matrix-picture").evaluate(script, at)


def test_a_token_lights_here_when_another_view_lights_it_and_there_when_this_one_does(page: Page) -> None:
    page.evaluate(
        "document.addEventListener('token-hover', ({ detail }) => { (window.told ??= []).push(detail.position); })"
    )
    hover(page, 14, 3)
    hover(page, 15, 3)
    page.mouse.move(2, 2)
    assert page.evaluate("window.told") == [14, 15, None]
    dark = pixels(page, "marks")
    page.evaluate("document.dispatchEvent(new CustomEvent('token-hover', { detail: { position: 6, from: null } }))")
    lit = pixels(page, "marks")
    assert lit != dark
    page.evaluate("document.dispatchEvent(new CustomEvent('token-hover', { detail: { position: 999, from: null } }))")
    assert pixels(page, "marks") == dark
    strips = pixels(page, "marks", "strips")
    page.evaluate("document.dispatchEvent(new CustomEvent('token-hover', { detail: { position: 1, from: null } }))")
    assert pixels(page, "marks", "strips") == strips  # its rows and columns are no tokens


def test_the_future_is_empty_and_zero_is_neutral_in_both_themes(page: Page) -> None:
    assert colour(page, 3, 9, "pattern", (N, N))[3] == 0
    assert colour(page, 9, 3, "pattern", (N, N))[3] == 255
    light = colour(page, 1, 48, "strips", (3, 97))
    assert min(light) > 230
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_function(
        "(before) => document.querySelector('#strips .matrix-legend canvas').getContext('2d').getImageData(127, 0, 1, 1).data[0] < 80",
        arg=None,
    )
    dark = colour(page, 1, 48, "strips", (3, 97))
    assert max(dark[:3]) < 80
    assert np.ptp(dark[:3]) < 20


def test_on_a_phone_a_touch_reads_two_fingers_zoom_and_the_page_scrolls(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    wait_until_drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    x, y = place(page, 12, 6)
    page.touchscreen.tap(x, y)
    expect(line(page)).to_contain_text("(12) at “·word6” (6)")
    touch = context.new_cdp_session(page)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        told = [{"x": px, "y": py, "id": index} for index, (px, py) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})

    fingers("touchStart", (x - 20, y))
    fingers("touchStart", (x - 20, y), (x + 20, y))
    for apart in range(30, 90, 10):
        fingers("touchMove", (x - apart, y), (x + apart, y))
    fingers("touchEnd")
    expect(note(page)).to_contain_text("shows all")
    assert page.evaluate("window.visualViewport.scale") == 1

    fingers("touchStart", (x, y))
    for moved in range(10, 200, 20):
        fingers("touchMove", (x, y - moved))
    fingers("touchEnd")
    page.wait_for_function("window.scrollY > 50")
    context.close()


def test_it_is_as_high_as_the_page_says_and_follows_its_width(page: Page) -> None:
    root = page.locator("#pattern .matrix")
    assert root.bounding_box()["height"] == pytest.approx(480, abs=1)
    root.evaluate("(root) => root.style.setProperty('--matrix-height', '300px')")
    page.wait_for_function("document.querySelector('#pattern .matrix').getBoundingClientRect().height === 300")
    before = grid(page).get_attribute("data-box")
    page.set_viewport_size({"width": 853, "height": 480})
    expect(grid(page)).not_to_have_attribute("data-box", before)
    hover(page, 20, 2)
    expect(line(page)).to_contain_text(f"(20) at “{TEXTS[2]}” (2)")
    strips = cells_of(grid(page, "strips"))[3]
    assert strips / 3 >= 40


def test_what_it_shows_can_be_saved_exactly(page: Page) -> None:
    saved = page.locator("#pattern .matrix").evaluate("(root) => ({ name: root.figureName, ...root.figureTable() })")
    assert saved["name"] == "A pattern"
    assert saved["columns"] == ["looking from", *(f"{index} {text}" for index, text in enumerate(TEXTS))]
    weights = pattern(N, 1).tolist()
    for index, row in enumerate(saved["rows"]):
        assert row == [f"{index} {TEXTS[index]}", *weights[index][: index + 1], *[""] * (N - 1 - index)]


def test_hostile_text_is_shown_as_text(page: Page) -> None:
    hover(page, 0, 0)
    expect(line(page)).to_have_text(f"from “{HOSTILE}” (0) at “{HOSTILE}” (0): 100 %")
    expect(line(page).locator("bdi")).to_have_text([HOSTILE, HOSTILE])
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_wrong(page: Page, address: str, colours: str) -> None:
    page.goto(f"{address}?__theme={colours}")
    expect(line(page)).not_to_be_empty()
    grid(page).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("+")
    expect(note(page)).to_contain_text("shows all")
    inside = [told for told in violations(page) if "matrix" in told]
    assert not inside, inside
