from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import HOSTILE, open_tab, type_sentence


def title(page: Page) -> Locator:
    return page.locator("#embedding-strips .gtitle")


def test_picking_a_token_changes_the_vectors_the_words_and_the_neighbours(page: Page) -> None:
    type_sentence(page, "The cat sat")
    open_tab(page, "Embeddings")
    expect(title(page)).to_contain_text("·sat")
    words = page.locator("#embedding-words").inner_text()
    page.locator("#token-strip .token").nth(1).click()
    expect(title(page)).to_contain_text("·cat")
    expect(title(page)).to_contain_text("at position 1")
    expect(page.locator("#embedding-words")).not_to_have_text(words)
    expect(page.locator("#embedding-summary")).to_contain_text("“·cat” (id 3797) at position 1")
    expect(page.locator("#neighbours")).to_contain_text("Closest to ·cat (id 3797)")
    expect(page.locator("#position-likeness .gtitle")).to_contain_text("Position 1 ")


def test_the_words_add_up(page: Page) -> None:
    type_sentence(page, "The cat sat")
    open_tab(page, "Embeddings")
    expect(page.locator("#embedding-words")).to_contain_text("= ")
    said = page.locator("#embedding-words").inner_text().split(": ", 1)[1]
    left, total = said.removesuffix(" (sum).").replace("−", "-").split(" = ")
    token_value, rest = left.split(" (token row) ")
    sign, position_value = rest.removesuffix(" (position row)").split(" ")
    assert abs(float(token_value) + float(sign + position_value) - float(total)) < 2e-4


def test_neighbours_are_listed_by_falling_cosine(page: Page) -> None:
    open_tab(page, "Embeddings")
    expect(page.locator("#neighbours li")).to_have_count(12)
    shown = [float(text.replace("−", "-")) for text in page.locator("#neighbours .token-bar-value").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    assert shown[0] <= 1


def test_the_table_holds_every_number(page: Page) -> None:
    open_tab(page, "Embeddings")
    page.get_by_role("button", name="The numbers of all three vectors").click()
    expect(page.locator("#table-embeddings")).to_contain_text("position row")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save table as CSV").locator("visible=true").click()
    lines = saved.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].replace('"', "") == "dimension,token row,position row,sum"
    assert len(lines) == 1 + 192


def test_arrow_keys_walk_through_the_tokens(page: Page) -> None:
    type_sentence(page, "The cat sat")
    open_tab(page, "Embeddings")
    page.locator("#token-strip .token").nth(0).click()
    expect(title(page)).to_contain_text("at position 0")
    page.keyboard.press("ArrowRight")
    expect(title(page)).to_contain_text("at position 1")


def test_hostile_text_is_shown_as_text_and_runs_nothing(page: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    open_tab(page, "Embeddings")
    type_sentence(page, HOSTILE)
    expect(page.locator("#token-strip .token").first).to_have_text("<")
    page.locator("#token-strip .token").first.click()
    expect(title(page)).to_contain_text("<")
    expect(page.locator("#embedding-summary")).to_contain_text("“<”")
    assert page.locator("img[src='x']").count() == 0
