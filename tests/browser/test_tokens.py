import csv
import re

import pytest
from playwright.sync_api import Page, expect

from gpt2core import gpt2_tokenizer
from tests.browser.conftest import HOSTILE, no_request, open_tab, put_back, sentence_box, type_sentence
from tests.explorer.page.test_example import EXAMPLE

LINK = "?tab=tokens"


@pytest.fixture
def page(kept: Page) -> Page:
    put_back(kept, EXAMPLE, "Tokens")
    expect(kept.locator("#token-cards .token")).to_have_count(22)
    if kept.locator("#token-cards .bytes-switch").get_attribute("aria-pressed") == "true":
        kept.locator("#token-cards .bytes-switch").click()
    return kept


def test_typing_replaces_text_keys_and_ids_by_the_new_sentences(page: Page) -> None:
    type_sentence(page, "The cat sat")
    expect(page.locator("#token-cards .token-text").filter(visible=True).nth(0)).to_have_text("The")
    expect(page.locator("#token-cards .token .token-text")).to_have_text(["The", "·cat", "·sat"])
    expect(page.locator("#token-cards .token-id")).to_have_text(["464", "3797", "3332"])
    expect(page.locator("#token-cards .running")).to_have_text("The·cat·sat")
    expect(page.locator("#token-cards .ids")).to_have_text("[464, 3797, 3332]")


def test_bytes_are_one_click_away(page: Page) -> None:
    type_sentence(page, "The cat sat")
    shown = page.locator("#token-cards .token .token-bytes")
    expect(shown.first).to_be_hidden()
    page.get_by_role("button", name="Show the bytes").click()
    expect(shown).to_have_text(["54 68 65", "20 63 61 74", "20 73 61 74"])
    expect(shown.first).to_be_visible()
    expect(page.locator("#token-cards table.bytes td").first).to_have_text("20 73 61 74")
    page.wait_for_function("() => location.search.includes('token_bytes=true')")


def test_what_is_picked_in_the_text_or_among_the_ids_is_picked_everywhere(page: Page) -> None:
    type_sentence(page, "The cat sat")
    page.locator("#token-cards .glyph", has_text="·cat").click()
    expect(page.locator("#token-cards .token").nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#token-strip .token").nth(1)).to_have_attribute("aria-selected", "true")
    page.locator("#token-cards .number").nth(0).click()
    expect(page.locator("#token-cards .token").nth(0)).to_have_attribute("aria-selected", "true")
    page.locator("#token-cards .number").nth(2).hover()
    expect(page.locator("#token-cards .token").nth(2)).to_have_attribute("data-lit", "")
    expect(page.locator("#token-cards .glyph").nth(2)).to_have_attribute("data-lit", "")


def test_the_picked_word_is_shown_in_all_casings_and_spacings_with_their_ids(page: Page) -> None:
    type_sentence(page, "The cat sat")
    page.locator("#token-cards .token").nth(1).click()
    tokenizer = gpt2_tokenizer(8192)
    forms = page.locator("#token-cards .forms td")
    written = [form for word in ("cat", "Cat", "CAT") for form in (word, f" {word}")]
    expect(forms).to_have_count(6)
    for place, form in enumerate(written):
        ids = [str(token_id) for token_id in tokenizer.encode(form)]
        expect(forms.nth(place).locator(".member-id")).to_have_text(ids)
    expect(page.locator("#token-cards .forms .here .chip")).to_have_text(["·cat"])


def test_a_character_that_several_tokens_share_is_one_glyph_of_all_of_them(page: Page) -> None:
    type_sentence(page, "é 😀")
    tokenizer = gpt2_tokenizer(8192)
    expect(page.locator("#token-cards .token")).to_have_count(len(tokenizer.encode("é 😀")))
    expect(page.locator("#token-cards .glyph").last).to_have_text("😀")
    expect(page.locator("#token-cards .token-share").last).to_contain_text("of 4")
    expect(page.locator("#token-cards .why")).to_contain_text("A part of a character")


def test_a_preset_writes_its_sentence_and_says_what_it_teaches(page: Page) -> None:
    page.get_by_role("button", name="SolidGoldMagikarp").click()
    expect(sentence_box(page)).to_have_value("Say SolidGoldMagikarp, please.")
    expect(page.locator("#token-presets .note")).to_contain_text("43453")
    expect(page.locator("#token-cards .running")).to_contain_text("·SolidGoldMagikarp")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Trailing space")).to_be_focused()


def test_the_last_merge_makes_the_token_picked_and_is_undone_and_made_by_keys(page: Page) -> None:
    type_sentence(page, "The cat sat")
    page.locator("#token-strip .token").nth(1).click()
    made = page.locator("#merges .brick.made .text")
    expect(made).to_have_text("·cat")
    expect(page.locator("#merges .now")).to_contain_text("the whole piece is one token")
    expect(page.locator("#token-cards .token").nth(1)).to_have_attribute("aria-selected", "true")
    page.locator("#merges input").focus()
    page.keyboard.press("Home")
    expect(page.locator("#merges .brick.standing .text")).to_have_text(["·", "c", "a", "t"])
    expect(page.locator("#merges .badge")).to_have_count(3)
    winner = page.locator("#merges .badge.winner text")
    expect(winner).to_have_text("265")  # "at", the lowest of the three
    expect(page.locator("#merges .pairs li").first).to_contain_text("rank 265")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#merges .brick.made .text")).to_have_text("at")
    page.wait_for_function("() => location.search.includes('merge_step=1')")
    page.keyboard.press("End")
    expect(made).to_have_text("·cat")


def test_playing_begins_at_the_bytes_and_ends_at_the_tokens(page: Page) -> None:
    type_sentence(page, "the")
    expect(page.locator("#token-cards .token")).to_have_count(1)
    page.get_by_role("button", name="Play the merges").click()
    expect(page.locator("#merges .brick.standing .text")).to_have_text(["t", "h", "e"])
    expect(page.get_by_role("button", name="Hold")).to_be_visible()
    expect(page.locator("#merges .brick.standing .text")).to_have_text(["the"])
    expect(page.get_by_role("button", name="Play the merges")).to_be_visible()


def test_the_rule_is_shown_on_the_text_and_a_piece_can_be_picked(page: Page) -> None:
    type_sentence(page, "It's 12 cats!")
    pieces = page.locator("#merges .piece")
    expect(pieces).to_have_text(["It", "'s", "·12", "·cats", "!"])
    names = [one.split()[1] for one in pieces.evaluate_all("(all) => all.map((one) => one.className)")]
    assert names == ["letters", "contraction", "numbers", "letters", "signs"]
    pieces.nth(2).click()
    expect(page.locator("#merges .rule.picked .name")).to_contain_text("digits")
    expect(page.locator("#token-cards .token[aria-selected=true] .token-text")).to_contain_text("1")


def test_a_pick_asks_the_server_for_nothing_on_this_tab(page: Page) -> None:
    page.locator("#token-cards .token").nth(2).click()
    expect(page.locator("#merges .piece.picked")).to_have_text(",")
    with no_request(page):
        page.locator("#token-cards .token").nth(3).click()
        expect(page.locator("#merges .piece.picked")).to_have_text("·Lily")
        page.locator("#merges input").focus()
        page.keyboard.press("Home")
        expect(page.locator("#merges .brick.standing")).to_have_count(5)


def test_a_piece_of_hundreds_of_bytes_draws_what_is_in_sight_and_follows_its_merges(page: Page) -> None:
    type_sentence(page, "a" * 300)
    expect(page.locator("#merges .brick").first).to_be_visible()
    assert page.locator("#merges .brick").count() < 120
    page.locator("#merges input").focus()
    page.keyboard.press("Home")
    expect(page.locator("#merges .brick.standing").first).to_be_visible()
    page.locator("#merges .forest").evaluate("(box) => { box.scrollLeft = 8000; }")
    expect(page.locator("#merges .brick").first).to_be_visible()
    assert page.locator("#merges .brick").count() < 120
    page.get_by_role("button", name="Make one").click()
    expect(page.locator("#merges .brick.made")).to_have_count(1)  # brought into sight


def test_arrow_keys_move_the_cursor_and_every_view_follows(page: Page) -> None:
    type_sentence(page, "one two three")
    expect(page.locator("#token-strip .token")).to_have_count(3)
    page.locator("#token-strip .token").nth(0).click()
    expect(page.locator("#token-cards .token").nth(0)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#token-strip .token").nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#token-strip .token").nth(1)).to_be_focused()
    expect(page.locator("#token-cards .token").nth(1)).to_have_attribute("aria-selected", "true")
    page.locator("#token-cards .token").nth(1).focus()
    page.keyboard.press("End")
    expect(page.locator("#token-cards .token").nth(2)).to_be_focused()
    expect(page.locator("#token-strip .token").nth(2)).to_have_attribute("aria-selected", "true")


def test_hostile_text_is_shown_as_text_and_runs_nothing(page: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    type_sentence(page, HOSTILE)
    tokenizer = gpt2_tokenizer(8192)
    expect(page.locator("#token-cards .token-id")).to_have_text(
        [str(token_id) for token_id in tokenizer.encode(HOSTILE)]
    )
    shown = page.locator("#token-cards .running").inner_text()
    for part in ("<img", "onerror=alert(1)>", "${alert(1)}", "{{7*7}}", "↵"):
        assert part in shown
    assert "\ufffd" not in shown
    assert page.locator("img[src='x']").count() == 0


@pytest.mark.parametrize("text", ["a\u202eb\u202c", "a\u0001b", "e" + "\u0301" * 60, "\u200f\u200b"])
def test_what_is_invisible_or_turns_the_writing_is_named_and_turns_nothing(page: Page, text: str) -> None:
    type_sentence(page, text)
    shown = page.locator("#token-cards .running")
    expect(shown).to_contain_text("◌" if "\u0301" in text else "‹U+")
    assert not set(shown.inner_text()) & {"\u202e", "\u202c", "\u0001", "\u200f", "\u200b"}


def test_the_tokens_can_be_saved_as_csv(page: Page) -> None:
    type_sentence(page, 'The cat, "sat"')
    expect(page.locator("#token-cards .token")).to_have_count(7)
    with page.expect_download() as saved:
        page.locator("#tokens-frame").get_by_role("button", name="CSV").click()
    rows = list(csv.reader(saved.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["position", "token", "id", "bytes", "piece", "merges in its piece"]
    assert [row[1] for row in rows[1:]] == ["The", "·cat", ",", '·"', "s", "at", '"']


def test_vocabularies_stand_side_by_side_and_their_disagreements_are_marked(page: Page) -> None:
    type_sentence(page, "The lowest cat")
    heads = page.locator("#vocabularies .head")
    sizes = {"GPT-2, whole list": 50_257, "GPT-2, shipped model": 8192, "GPT-2, Training tab": 1024}
    for name, size in sizes.items():
        head = heads.filter(has=page.get_by_text(name, exact=True))
        expect(head).to_contain_text(f"{len(gpt2_tokenizer(size).encode('The lowest cat'))} tokens")
    expect(heads.filter(has_text="Single bytes")).to_contain_text("+11 −0 cuts")
    expect(page.locator("#vocabularies .line").last.locator("i.more")).to_have_count(11)
    expect(page.locator("#vocabularies .line").first.locator("i")).to_have_count(0)


def test_another_line_to_hold_the_others_against_is_chosen_by_keys_and_kept_in_the_link(page: Page) -> None:
    type_sentence(page, "The lowest cat")
    chosen = page.locator("#vocabularies [aria-checked=true]")
    expect(chosen).to_contain_text("GPT-2, whole list")
    chosen.focus()
    page.keyboard.press("End")
    expect(chosen).to_contain_text("Single bytes")
    expect(chosen).to_be_focused()
    page.wait_for_function("() => location.search.includes('against=bytes')")
    expect(page.locator("#vocabularies .line").first.locator("i.fewer")).to_have_count(11)
    page.keyboard.press("Home")
    expect(chosen).to_contain_text("GPT-2, whole list")


def test_what_another_language_pays_is_told_for_every_vocabulary_that_is_here(page: Page) -> None:
    rows = page.locator("#languages tbody tr")
    expect(rows).to_have_count(11)
    expect(rows.first.locator(".shown").first).to_have_text("× 1.0")
    expect(page.locator("#languages-frame .summary")).to_contain_text("Hindi pays most: 8.9 times")


def learn(page: Page, text: str) -> None:
    page.locator("#bpe-text textarea").fill(text)
    page.get_by_role("button", name="Learn the merges").click()


def test_a_vocabulary_is_learned_stepped_back_and_stands_beside_the_others(page: Page) -> None:
    learn(page, "low lower lowest newer newest widest " * 20)
    expect(page.locator("#bpe-status")).to_contain_text("merges learned")
    expect(page.locator("#bpe-status")).to_contain_text("ends before it is full")
    own = page.locator("#vocabularies .head", has_text="Yours, trained below")
    expect(own).to_be_visible()
    expect(page.locator("#languages thead")).to_contain_text("Yours, trained below")
    glyphs = page.locator("#learned .excerpt .glyph")
    expect(glyphs.first).to_have_text("low")
    page.locator("#learned input").focus()
    page.keyboard.press("Home")
    expect(glyphs.first).to_have_text("l")
    expect(page.locator("#learned .now")).to_contain_text("No merges yet")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#learned .now")).to_contain_text("Merge 1: “w” + “e” become “we”")
    page.wait_for_function("() => location.search.includes('learned_merge=1')")
    page.keyboard.press("End")
    expect(glyphs.first).to_have_text("low")


@pytest.mark.parametrize(
    ("text", "words"), [("   ", "There is no text to learn from"), ("a", "nothing to merge"), ("a b", "merge learned")]
)
def test_a_text_that_teaches_little_is_answered_in_a_sentence(page: Page, text: str, words: str) -> None:
    learn(page, text)
    expect(page.locator("#bpe-status")).to_contain_text(words)
    expect(page.locator("#bpe-text textarea")).to_have_value(text)


# Two million characters of many words, so that learning takes a while; Stop is pressed as soon as it can be.
STOPPED = """() => new Promise((done) => {
  const words = Array.from({ length: 40000 }, (_, n) => ((n * 7919) % 46656).toString(36).replace(/[0-9]/g, (d) => 'qrstuvwxyz'[d]) + n.toString(36));
  const box = document.querySelector('#bpe-text textarea');
  box.value = Array.from({ length: 240000 }, (_, n) => words[(n * n) % words.length]).join(' ').slice(0, 1900000);
  box.dispatchEvent(new Event('input', { bubbles: true }));
  const stop = document.querySelector('#bpe-stop');
  const looking = new MutationObserver(() => {
    if (stop.disabled) return;
    looking.disconnect();
    stop.click();
    done();
  });
  looking.observe(stop, { attributes: true });
  setTimeout(() => document.querySelector('#bpe-start').click());
})"""


def test_learning_can_be_stopped_and_what_was_learned_before_is_shown_again(page: Page) -> None:
    learn(page, "low lower lowest newer newest widest " * 20)
    expect(page.locator("#bpe-status")).to_contain_text("merges learned:")
    before = page.locator("#learned .now").inner_text()
    page.locator("#bpe-size input[type=number]").fill("8192")
    page.locator("#bpe-size input[type=number]").press("Tab")
    page.evaluate(STOPPED)
    expect(page.locator("#bpe-status")).to_contain_text("Stopped after")
    expect(page.locator("#bpe-start")).to_be_enabled()
    expect(page.locator("#learned .now")).to_have_text(before)
    page.locator("#bpe-text textarea").evaluate(
        "(box) => { box.value = 'low'; box.dispatchEvent(new Event('input')); }"
    )


def test_what_plays_has_its_names_before_anything_is_drawn(blank: Page, app_url: str) -> None:
    blank.goto(app_url)
    blank.locator("#token-strip .token").first.wait_for()
    blank.route("**/gradio_api/**", lambda route: None)  # no answer comes any more
    open_tab(blank, "Tokens")
    for player in blank.locator("#merges, #learned").all():
        for name in ("play", "back", "next"):
            expect(player.locator(f".{name}")).not_to_be_empty()
        expect(player.locator("input[type=range]")).to_have_attribute("aria-label", re.compile("."))
    blank.unroute_all(behavior="ignoreErrors")
