"""One variable sets the size of all text, that on canvases and in drawings too."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import TABS, main_figure, open_tab

LARGER = 24
_SET = "(size) => document.documentElement.style.setProperty('--text-size', `${size}px`)"
# Of every piece of text that is seen, by the place of its element: [what it is, its size].
_SIZES = """() => Object.fromEntries(
  [...document.querySelectorAll('.gradio-container *')].map((element, index) => [element, index])
    .filter(([element]) => element.checkVisibility() && [...element.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim()))
    .filter(([element]) => !element.closest('.js-plotly-plot, footer, style, script, option'))
    .map(([element, index]) => [index, [whatItIs(element), drawnSize(element)]])
)"""
# As drawn: a drawing may be scaled as a whole.
_DRAWN_SIZE = """() => {
window.whatItIs = (element) => `${element.tagName} ${element.getAttribute('class')} ${element.textContent.slice(0, 30)}`;
window.drawnSize = (element) => {
  const size = parseFloat(getComputedStyle(element).fontSize);
  const svg = element.closest('svg');
  return svg ? size * svg.getScreenCTM().a : size;
};
}"""
_PEN = "(canvas) => parseFloat(canvas.getContext('2d').font)"


def test_all_text_of_every_tab_grows_with_the_variable(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")  # nothing grows little by little
    page.evaluate(_DRAWN_SIZE)
    kept = []
    for title in TABS:
        open_tab(page, title)
        main_figure(page)
        before = page.evaluate(_SIZES)
        page.evaluate(_SET, LARGER)
        after = page.evaluate(_SIZES)
        page.evaluate(_SET, 16)
        assert len(before) > 40
        for index, (what, size) in before.items():
            if index in after and after[index][0] == what and abs(after[index][1] / size - LARGER / 16) > 0.02:
                kept.append(f"{title}: {what}: {size} stayed {after[index][1]}")
    assert not kept, "\n".join(kept)


def test_canvases_write_larger_when_the_variable_grows(page: Page) -> None:
    for title, canvas in (
        ("Attention", "[role=tabpanel] .matrix-grid canvas >> nth=0"),
        ("Scoring", "#scored-text .chart canvas"),
        ("Training", ".loss-canvas"),
    ):
        open_tab(page, title)
        drawn = page.locator(canvas)
        expect(drawn).to_be_visible()
        page.wait_for_function("(canvas) => canvas.width > 300", arg=drawn.element_handle())
        before = drawn.evaluate(_PEN)
        page.evaluate(_SET, LARGER)
        larger = before * LARGER / 16  # in the end: Gradio lets sizes grow little by little
        page.wait_for_function(f"(canvas) => ({_PEN})(canvas) === {larger}", arg=drawn.element_handle())
        page.evaluate(_SET, 16)
        page.wait_for_function(f"(canvas) => ({_PEN})(canvas) === {before}", arg=drawn.element_handle())


def test_the_curves_of_all_temperatures_are_laid_out_anew_and_nothing_leaves_the_drawing(page: Page) -> None:
    open_tab(page, "Sampling")
    sweep = page.locator("#distribution .sweep")
    expect(sweep.locator(".name")).to_have_count(6)
    low = sweep.get_attribute("viewBox")
    page.evaluate(_SET, LARGER)
    page.wait_for_function("(was) => document.querySelector('.sweep').getAttribute('viewBox') !== was", arg=low)
    expect(sweep.locator(".name")).to_have_count(6)
    outside = sweep.evaluate(
        """(svg) => [...svg.querySelectorAll('text')].filter((text) => {
          const { x, y, width, height } = text.getBBox(), { width: most, height: lowest } = svg.viewBox.baseVal;
          return !text.matches('.now-text') && (x < 0 || y < 0 || x + width > most || y + height > lowest);
        }).map((text) => text.textContent)"""
    )
    assert outside == []
