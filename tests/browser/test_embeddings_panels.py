"""What stands below the map: the look-up, arithmetic, context, positions."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import put_back

SENTENCE = "The cat sat"
LINK = f"?{urlencode({'text': SENTENCE, 'tab': 'embeddings'})}"


@pytest.fixture
def page(kept: Page) -> Page:
    put_back(kept, SENTENCE, "Embeddings")
    for name, usual in (("arithmetic-a", "ran"), ("arithmetic-b", "run"), ("arithmetic-c", "see")):
        kept.locator(f"#{name} :is(input, textarea)").fill(usual)
    kept.locator("#positions-view").get_by_label("the rows").check()
    expect(kept.locator("#arithmetic-frame .title")).to_contain_text("·ran − ·run + ·see")
    expect(kept.locator("#lookup-frame .title")).to_contain_text("From id 3332 to the row of ·sat")
    expect(kept.locator("[data-stale]").filter(visible=True)).to_have_count(0)
    return kept


def test_the_row_that_is_looked_up_is_the_one_that_is_not_multiplied_by_nothing(page: Page) -> None:
    expect(page.locator(".lookup-row[data-picked]")).to_contain_text("3332")
    expect(page.locator(".lookup-factor")).to_have_text(["0", "0", "0", "1", "0", "0", "0", "Σ"])
    expect(page.locator(".lookup-gap")).to_have_text(["⋮ 3,329 more rows × 0", "⋮ 4,856 more rows × 0"])
    page.locator("#token-strip .token").nth(1).click()
    expect(page.locator(".lookup-row[data-picked]")).to_contain_text("3797")


def test_arithmetic_leaves_its_inputs_out_and_says_what_would_have_won(page: Page) -> None:
    expect(page.locator("#arithmetic li").first).to_contain_text("·saw")
    expect(page.locator("#arithmetic-frame .summary")).to_contain_text("The three words themselves are left out")
    expect(page.locator("#arithmetic-frame .summary")).to_contain_text(
        re.compile(r"Of \d+ such sums .* \d+ get it right")
    )
    page.locator("#arithmetic-c :is(input, textarea)").fill("say")
    expect(page.locator("#arithmetic li").first).to_contain_text("·said")


def test_a_word_of_several_tokens_is_refused_and_what_was_drawn_is_marked(page: Page) -> None:
    page.locator("#arithmetic-c :is(input, textarea)").fill("elephants")
    expect(page.get_by_text("“elephants” is")).to_contain_text("Choose a word that is one token.")
    expect(page.locator("#arithmetic")).to_have_attribute("data-stale", re.compile("one token"))
    expect(page.locator("#arithmetic-c :is(input, textarea)")).to_have_value("elephants")
    page.locator("#arithmetic-c :is(input, textarea)").fill("see")
    expect(page.locator("#arithmetic")).not_to_have_attribute("data-stale", re.compile("."))


def test_an_example_fills_the_boxes(page: Page) -> None:
    page.locator("#arithmetic-example input").click()
    page.get_by_role("option", name=re.compile("^girl − boy")).click()
    expect(page.locator("#arithmetic-a :is(input, textarea)")).to_have_value("girl")
    expect(page.locator("#arithmetic li").first).to_contain_text("·woman")


def test_what_adding_leaves_is_measured(page: Page) -> None:
    expect(page.locator("#mixing .value")).to_have_text([re.compile(r"^0\.\d{3}$"), re.compile("%$"), re.compile("%$")])


def test_a_word_goes_another_way_in_another_sentence(page: Page) -> None:
    expect(page.locator("#paths-frame .title")).to_contain_text("The way of ·fly")
    expect(page.locator("#word-paths .scatterlayer .trace")).to_have_count(3)
    before = page.locator("#paths-frame .summary").inner_text()
    page.locator("#paths-3 textarea").fill("I can fly")
    expect(page.locator("#paths-frame .summary")).not_to_have_text(before)
    page.locator("#paths-3 textarea").fill("I can swim")
    expect(page.get_by_text("“·fly” is no token of “I can swim”")).to_be_visible()
    page.locator("#paths-3 textarea").fill("")
    expect(page.locator("#word-paths .scatterlayer .trace")).to_have_count(2)


def test_a_layer_picked_here_is_the_pages_layer(page: Page) -> None:
    slider = page.locator("#alike-layer input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#alike-after-frame .title")).to_have_text("Alike after layer 0")
    page.keyboard.press("End")
    expect(page.locator("#alike-after-frame .title")).to_have_text("Alike after layer 5")
    expect(page).to_have_url(re.compile("layer=5"))


def test_positions_are_drawn_beside_waves_and_can_be_switched_off(page: Page) -> None:
    expect(page.locator("#positions-waves-frame .title")).to_contain_text("Not GPT-2's")
    page.locator("#positions-view").get_by_label("how alike").check()
    expect(page.locator("#positions-own-frame .summary")).to_contain_text("Neighbours have a cosine of")
    page.locator("#switch-positions").click()
    expect(page.locator("#strips-frame .summary")).to_contain_text("position row 0.000")
    expect(page.locator("#switch-positions")).to_have_text("Switch positions on again")
    page.locator("#switch-positions").click()
    expect(page.locator("#strips-frame .summary")).not_to_contain_text("position row 0.000")
