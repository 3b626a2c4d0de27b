import csv

import pytest
from playwright.sync_api import Page, expect

from gpt2core import gpt2_tokenizer
from tests.browser.conftest import HOSTILE, put_back, type_sentence
from tests.explorer.page.test_example import EXAMPLE

LINK = "?tab=tokens"


@pytest.fixture
def page(kept: Page) -> Page:
    put_back(kept, EXAMPLE, "Tokens")
    expect(kept.locator("#token-cards .token")).to_have_count(22)
    return kept


def test_typing_replaces_every_card_by_the_new_sentences_tokens(page: Page) -> None:
    type_sentence(page, "The cat sat")
    expect(page.locator("#token-cards .token-text")).to_have_text(["The", "·cat", "·sat"])
    expect(page.locator("#token-cards .token-id")).to_have_text(["464", "3797", "3332"])
    expect(page.locator("#token-cards .token-bytes")).to_have_text(["54 68 65", "20 63 61 74", "20 73 61 74"])


def test_the_last_merge_shown_makes_the_token_picked(page: Page) -> None:
    type_sentence(page, "The cat sat")
    expect(page.locator("#token-strip .token")).to_have_count(3)
    page.locator("#token-strip .token").nth(1).click()
    rows = page.locator("#merges li")
    expect(rows.last).to_contain_text("entry 3797 of the list")
    expect(rows.last.locator(".part")).to_have_text(["·cat"])
    expect(page.locator("#token-cards .token").nth(1)).to_have_attribute("aria-selected", "true")


def test_arrow_keys_move_the_cursor_and_every_view_follows(page: Page) -> None:
    type_sentence(page, "one two three")
    expect(page.locator("#token-strip .token")).to_have_count(3)
    page.locator("#token-strip .token").nth(0).click()
    expect(page.locator("#token-cards .token").nth(0)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#token-strip .token").nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#token-strip .token").nth(1)).to_be_focused()
    expect(page.locator("#token-cards .token").nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("End")
    expect(page.locator("#token-cards .token").nth(2)).to_have_attribute("aria-selected", "true")


def test_hostile_text_is_shown_as_text_and_runs_nothing(page: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    type_sentence(page, HOSTILE)
    tokenizer = gpt2_tokenizer(8192)
    expect(page.locator("#token-cards .token-id")).to_have_text(
        [str(token_id) for token_id in tokenizer.encode(HOSTILE)]
    )
    shown = "".join(page.locator("#token-cards .token-text").all_inner_texts())
    assert "<" in shown
    assert "onerror" in shown.replace("\n", "")
    assert "$" in shown
    assert "‹" in shown  # part of a character is shown as its bytes
    assert "\ufffd" not in shown
    assert page.locator("img[src='x']").count() == 0


def test_the_tokens_can_be_saved_as_csv(page: Page) -> None:
    type_sentence(page, 'The cat, "sat"')
    expect(page.locator("#token-cards .token")).to_have_count(7)
    with page.expect_download() as saved:
        page.locator("#tokens-frame").get_by_role("button", name="CSV").click()
    rows = list(csv.reader(saved.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["position", "token", "id", "bytes", "piece", "merges in its piece"]
    assert [row[1] for row in rows[1:]] == ["The", "·cat", ",", '·"', "s", "at", '"']
