import csv
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from gpt2core import Pretrained, trace
from tests.browser.conftest import HOSTILE, put_back, type_sentence

SENTENCE = "The cat sat"


LINK = f"?{urlencode({'text': SENTENCE, 'tab': 'embeddings'})}"


@pytest.fixture
def page(kept: Page) -> Page:
    """The vectors of SENTENCE's last token."""
    put_back(kept, SENTENCE, "Embeddings")
    expect(title(kept)).to_contain_text("·sat (id 3332) at position 2")
    expect(kept.locator("[data-stale]").filter(visible=True)).to_have_count(0)
    return kept


def title(page: Page) -> Locator:
    return page.locator("#strips-frame .title")


def words(page: Page) -> Locator:
    return page.locator("#strips-frame .summary")


def test_picking_a_token_changes_the_vectors_the_words_and_the_neighbours(page: Page) -> None:
    expect(title(page)).to_contain_text("·sat")
    before = words(page).inner_text()
    page.locator("#token-strip .token").nth(1).click()
    expect(title(page)).to_contain_text("·cat (id 3797) at position 1")
    expect(words(page)).not_to_have_text(before)
    expect(page.locator("#neighbours-frame .title")).to_contain_text("·cat (id 3797)")
    expect(page.locator("#positions-frame .title")).to_contain_text("position 1")


def test_the_words_add_up(page: Page) -> None:
    expect(words(page)).to_contain_text("= ")
    said = words(page).text_content().split(": ", 1)[1].split(" (sum).")[0]
    left, total = said.replace("−", "-").split(" = ")
    token_value, rest = left.split(" (token row) ")
    sign, position_value = rest.removesuffix(" (position row)").split(" ")
    assert abs(float(token_value) + float(sign + position_value) - float(total)) < 2e-4


def test_the_strips_hold_gpt2cores_numbers(page: Page, shipped: Pretrained) -> None:
    page.locator("#token-strip .token").nth(2).click()
    expect(title(page)).to_contain_text("at position 2")
    with page.expect_download() as saved:
        page.locator("#strips-frame").get_by_role("button", name="CSV").click()
    rows = list(csv.reader(saved.value.path().read_text(encoding="utf-8-sig").splitlines()))
    seen = trace(shipped.model, shipped.tokenizer.encode(SENTENCE), {"tok_emb", "pos_emb", "embed"})
    assert [row[0] for row in rows[1:]] == ["token row", "position row", "sum"]
    for row, site in zip(rows[1:], ("tok_emb", "pos_emb", "embed"), strict=True):
        assert [float(cell) for cell in row[1:]] == pytest.approx(seen[site][2].tolist(), rel=1e-6)


def test_the_map_is_the_first_thing_and_its_list_follows_the_sentence(page: Page) -> None:
    expect(page.locator("#vocabulary-frame .title")).to_contain_text("All 8,192 tokens of TinyStories")
    expect(page.locator(".vm-read")).to_contain_text("“·sat”, id 3332")
    page.locator("#token-strip .token").nth(1).click()
    expect(page.locator(".vm-read")).to_contain_text("“·cat”, id 3797: begins a word. Read")
    expect(page.locator(".vm-read")).to_contain_text("Nearest: ·dog")


def test_neighbours_are_listed_by_falling_cosine(page: Page) -> None:
    expect(page.locator("#neighbours li")).to_have_count(12)
    shown = [float(text.replace("−", "-")) for text in page.locator("#neighbours .token-bar-value").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    assert shown[0] <= 1


def test_arrow_keys_walk_through_the_tokens(page: Page) -> None:
    page.locator("#token-strip .token").nth(0).click()
    expect(title(page)).to_contain_text("at position 0")
    page.keyboard.press("ArrowRight")
    expect(title(page)).to_contain_text("at position 1")


def test_hostile_text_is_shown_as_text_and_runs_nothing(page: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    type_sentence(page, HOSTILE)
    expect(page.locator("#token-strip .token").first).to_have_text("<")
    page.locator("#token-strip .token").first.click()
    expect(title(page)).to_contain_text("<")
    expect(page.locator("#neighbours-frame .title")).to_contain_text("<")
    assert page.locator("img[src='x']").count() == 0
