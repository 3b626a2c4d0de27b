"""The map of the vocabulary: found, picked, isolated, turned and aged, by mouse and by keys."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from gpt2core import Pretrained
from gpt2core.embeddings import nearest_rows
from tests.browser.conftest import HOSTILE, at_rest, no_request, put_back
from tests.browser.readings import figure

SENTENCE = "The cat sat"
LINK = f"?{urlencode({'text': SENTENCE, 'tab': 'embeddings'})}"


@pytest.fixture
def page(kept: Page) -> Page:
    put_back(kept, SENTENCE, "Embeddings")
    tool(kept, "This model").click()
    tool(kept, "PCA").click()
    if tool(kept, "All tokens again").is_visible():
        tool(kept, "All tokens again").click()
    if tool(kept, "Back to the sentence").is_visible():
        tool(kept, "Back to the sentence").click()
    colours(kept).select_option("often")
    kept.locator(".vm-search").fill("")
    expect(kept.locator("#vocabulary-frame .title")).to_contain_text("All 8,192 tokens of TinyStories")
    expect(kept.locator("#vocabulary-frame .summary")).to_contain_text("components 1 and 2 of 192")
    expect(read(kept)).to_contain_text(re.compile("·sat”, id 3332: .* Nearest: "))
    expect(kept.locator("[data-stale]").filter(visible=True)).to_have_count(0)
    return kept


def tool(page: Page, name: str) -> Locator:
    return page.locator("#vocabulary-map").get_by_role("button", name=name, exact=True)


def read(page: Page) -> Locator:
    return page.locator(".vm-read")


def colours(page: Page) -> Locator:
    return page.locator(".vm-menu[aria-label=Colours]")


def grid(page: Page) -> Locator:
    return page.locator(".vm-grid")


def pixels(page: Page) -> str:
    return page.locator(".vm-picture").evaluate("(canvas) => canvas.toDataURL()")


def painted_anew(page: Page, before: str) -> None:
    page.wait_for_function("(before) => document.querySelector('.vm-picture').toDataURL() !== before", arg=before)


def test_a_token_is_found_picked_and_its_nearest_are_those_of_the_original_space(
    page: Page, shipped: Pretrained
) -> None:
    page.locator(".vm-search").fill("happ")
    expect(page.locator(".vm-option").first).to_contain_text("·happ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(read(page)).to_contain_text("“·happy”, id 3772")
    table = shipped.model.tok_emb.weight
    ids, values = nearest_rows(table, table[3772], 12, left_out=[3772])
    expect(page.locator("#neighbours-frame .title")).to_contain_text("·happy (id 3772)")
    expect(page.locator("#neighbours .token-bar-note")).to_have_text([str(one) for one in ids.tolist()])
    first = shipped.tokenizer.decode([int(ids[0])]).replace(" ", "·")
    expect(read(page)).to_contain_text(re.compile(f"Nearest: {first} {figure(float(values[0]))}"))


def test_a_search_that_finds_nothing_says_so_and_keeps_what_was_typed(page: Page) -> None:
    for text in ("qqqq", HOSTILE[:40], "\u202eabc"):
        page.locator(".vm-search").fill(text)
        expect(page.locator(".vm-none")).to_contain_text("No token holds")
        expect(page.locator(".vm-none")).to_contain_text("try its beginning")
    expect(page.locator(".vm-found")).to_be_hidden()
    page.locator(".vm-search").press("Escape")
    expect(page.locator(".vm-none")).to_be_empty()


def test_dragging_and_zooming_move_the_map_and_ask_nobody(page: Page) -> None:
    box = at_rest(grid(page))
    with no_request(page):
        before = pixels(page)
        page.mouse.move(box["x"] + 200, box["y"] + 100)
        page.mouse.down()
        page.mouse.move(box["x"] + 260, box["y"] + 130, steps=4)
        page.mouse.up()
        painted_anew(page, before)
        before = pixels(page)
        tool(page, "Zoom in").click()
        painted_anew(page, before)
        before = pixels(page)
        colours(page).select_option("letter")
        painted_anew(page, before)


def test_all_by_keys(page: Page) -> None:
    grid(page).focus()
    was = read(page).inner_text()
    page.keyboard.press("n")
    expect(read(page)).to_contain_text("Press it to see its nearest")
    named = re.search(r"“(.+)”, id (\d+)", read(page).inner_text())
    assert named
    page.keyboard.press("Enter")
    expect(page.locator("#neighbours-frame .title")).to_contain_text(f"(id {named[2]})")
    page.keyboard.press("ArrowLeft")
    expect(read(page)).not_to_contain_text(f"id {named[2]}:")
    page.keyboard.press("Escape")
    page.locator(".vm-search").focus()
    expect(read(page)).to_have_text(was)
    before = pixels(page)
    grid(page).focus()
    page.keyboard.press("i")
    painted_anew(page, before)
    expect(tool(page, "All tokens again")).to_have_attribute("aria-pressed", "true")
    before = pixels(page)
    page.keyboard.press("Escape")
    painted_anew(page, before)
    for key in ("+", "Shift+ArrowLeft", "0"):
        before = pixels(page)
        page.keyboard.press(key)
        painted_anew(page, before)
    page.keyboard.press("/")
    expect(page.locator(".vm-search")).to_be_focused()


def test_what_was_never_trained_has_other_neighbours(page: Page) -> None:
    slider = page.get_by_role("slider", name="Age of the model")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^trained: "))
    trained = read(page).inner_text()
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^never trained: "))
    expect(read(page)).not_to_have_text(trained)
    page.keyboard.press("ArrowRight")
    expect(read(page)).to_have_text(trained)


def test_meaning_appears_while_one_drags(page: Page) -> None:
    page.locator("#token-strip .token").first.click()
    tool(page, "A small model at 16 ages").click()
    expect(page.locator("#vocabulary-frame .title")).to_contain_text("1,024 tokens of Growth")
    slider = page.get_by_role("slider", name="Age of the model")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^after 2,000 updates"))
    expect(read(page)).to_contain_text("Nearest: ")
    last = read(page).inner_text()
    before = pixels(page)
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^after 0 updates"))
    painted_anew(page, before)
    expect(read(page)).not_to_have_text(last)
    with no_request(page):
        tool(page, "▶ Let it learn").click()
        expect(slider).to_have_attribute("aria-valuetext", re.compile("^after 2,000 updates"))
    expect(tool(page, "▶ Let it learn")).to_be_visible()


def test_the_legend_lets_one_group_stand_out(page: Page) -> None:
    never = page.locator(".vm-group", has_text="never read")
    before = pixels(page)
    never.click()
    painted_anew(page, before)
    expect(page.locator(".vm-group", has_text="never read")).to_have_attribute("aria-pressed", "true")
    page.locator(".vm-group", has_text="never read").click()
    expect(page.locator(".vm-group", has_text="never read")).to_have_attribute("aria-pressed", "false")


def test_in_three_dimensions_a_drag_turns(page: Page) -> None:
    tool(page, "PCA in 3D").click()
    expect(page.locator("#vocabulary-frame .summary")).to_contain_text("components 1, 2 and 3 of 192")
    before = pixels(page)
    box = at_rest(grid(page))
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 290, box["y"] + 120, steps=4)
    page.mouse.up()
    painted_anew(page, before)


def test_other_components_say_another_share(page: Page) -> None:
    was = page.locator("#vocabulary-frame .summary").inner_text()
    page.locator(".vm-menu[aria-label='Component along side 1']").select_option(label="5")
    expect(page.locator("#vocabulary-frame .summary")).to_contain_text("components 5 and 2 of 192")
    expect(page.locator("#vocabulary-frame .summary")).not_to_have_text(was)
    page.locator(".vm-menu[aria-label='Component along side 1']").select_option(label="1")
    expect(page.locator("#vocabulary-frame .summary")).to_have_text(was)


def test_a_t_sne_is_offered_with_its_settings_and_can_be_stopped(page: Page) -> None:
    tool(page, "t-SNE").click()
    expect(page.locator(".vm-missing-told")).to_contain_text("perplexity 30, seed 0, 500 rounds")
    expect(page.locator(".vm-missing-told")).to_contain_text("Distances between groups will mean nothing")
    page.get_by_role("button", name="Compute t-SNE").click()
    expect(page.locator("#tsne-status")).to_contain_text("t-SNE: ")
    page.locator("#tsne-stop").click()
    expect(page.locator("#tsne-status")).to_contain_text(re.compile(r"Stopped after round \d+"))
    tool(page, "PCA").click()
    expect(page.locator(".vm-missing")).to_be_hidden()


def test_a_link_opens_the_map_as_it_was(blank: Page, app_url: str) -> None:
    options = {"map_point": "3797", "map_layout": "pca3", "map_colour": "kind", "map_axes": "2,3,4", "near_by": "dot"}
    blank.goto(f"{app_url}/?{urlencode({'text': SENTENCE, 'tab': 'embeddings', **options})}")
    expect(read(blank)).to_contain_text(re.compile("“·cat”, id 3797: begins a word.*Nearest: "))
    expect(tool(blank, "PCA in 3D")).to_have_attribute("aria-pressed", "true")
    expect(blank.locator("#vocabulary-frame .summary")).to_contain_text("components 2, 3 and 4")
    expect(blank.locator("#neighbours-frame .summary")).to_contain_text("By dot product")
    expect(blank.locator(".vm-group", has_text="digits")).to_be_visible()
