"""Links: forty states opened in fresh profiles, twelve that cannot be honoured and say why, and what is too long for an address."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from explorer.page.spec import find_tabs
from tests.browser.conftest import sentence_box, type_sentence

SENTENCES = ["The cat sat on the mat", "One two & three", "Häuser 漢字 <b>", "a b c d e f g"]
# Controls of a tab that are in the link, each with a value that is not its usual one.
SETTINGS = {
    "attention": {"hide_first": "true"},
    "sampling": {"temperature": "0.7", "top_k": "50", "seed": "7", "min_p": "0.05", "sampling_zoom": "true"},
    "training": {"train_size": "tiny", "train_steps": "700", "train_batch": "8"},
    "generation": {"temperature": "0.5", "story_tokens": "9", "story_stop": "false", "story_colours": "rank"},
    "beams": {"beam_width": "2", "beam_tokens": "5", "beam_ends": "never", "beam_hide": "true"},
    "compare": {"compare_b": "growth-00200", "compare_tokens": "12", "samples": "2"},
    "scoring": {"scored": "Another text, to be scored.", "scored_colours": "probability"},
}
TABS = {tab.id: SETTINGS.get(tab.id, {}) for tab in find_tabs()}
# Where a control of a tab shows what its link said.
SHOWN = {
    "hide_first": ("#hide-first input", True),
    "train_steps": ("#train-steps input >> nth=0", "700"),
    "beam_tokens": ("#beam-n-tokens input", "5"),
    "beam_hide": ("#beam-tree .hide input", True),
    "story_tokens": ("#story .amount", "9"),
    "story_stop": ("#story .stop", False),
    "story_colours": ("#story .colours [value=rank]", True),
    "compare_tokens": ("#compare-n-tokens input", "12"),
    "scored": ("#scoring-text textarea", "Another text, to be scored."),
}
EDITS = ["", "head:2.3", "mlp:1,head:0.0", "positions"]


def states() -> list[dict[str, str]]:
    """Forty: every tab with three or all four of the sentences, each with a cursor, edits and settings of its own."""
    made = []
    for place, (tab, settings) in enumerate(TABS.items()):
        for number, text in list(enumerate(SENTENCES))[: 4 if settings else 3]:
            cursor = {
                "token": str(number % 4),
                "layer": str((place + number) % 6),
                "head": str((2 * place + number) % 6),
            }
            edits = {"edits": EDITS[number]} if EDITS[number] else {}
            made.append({"text": text, "model": "tinystories", **cursor, "tab": tab, **edits, **settings})
    return made


def said_by(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.mark.parametrize("tab", list(TABS))
def test_a_link_opened_elsewhere_restores_the_state(browser: Browser, app_url: str, tab: str) -> None:
    for state in (state for state in states() if state["tab"] == tab):
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        page = context.new_page()
        page.goto(f"{app_url}/?{urlencode(state)}")
        selected = page.locator("#token-strip .token").nth(int(state["token"]))
        expect(selected).to_have_attribute("aria-selected", "true")
        expect(sentence_box(page)).to_have_value(state["text"])
        expect(page.locator(f"#tabs [role=tab][data-tab-id={state['tab']}]")).to_have_attribute("aria-selected", "true")
        n_edits = len(state["edits"].split(",")) if "edits" in state else 0
        expect(page.locator("#edits-line .edit:not(.edit-all)")).to_have_count(n_edits)
        for name in SHOWN.keys() & state.keys():
            where, value = SHOWN[name]
            if isinstance(value, bool):
                expect(page.locator(where)).to_be_checked(checked=value)
            else:
                expect(page.locator(where)).to_have_value(value)
        if "scored_colours" in state:
            expect(page.get_by_role("radio", name="probability")).to_have_attribute("aria-checked", "true")
        if "sampling_zoom" in state:
            expect(page.locator("#distribution .zoom")).to_have_attribute("aria-pressed", "true")
        if state["tab"] == "attention":
            head = f"Layer {state['layer']}, head {state['head']}"
            expect(page.locator("#attention-frame .title")).to_contain_text(head)
        expect(page.locator("#link-notice .notice")).to_have_text("")
        page.wait_for_function("location.search.includes('&tab=')")
        written = said_by(page)
        assert {**written, "edits": sorted(written.get("edits", "").split(","))} == {
            **state,
            "edits": sorted(state.get("edits", "").split(",")),
        }
        context.close()


# Links, each with all that must be said of it.
VAIN = [
    ({"model": "gpt-9"}, "no model called “gpt-9”"),
    ({"model": "gpt2"}, "GPT-2 is not on this machine"),
    ({"model": "trained-abcdef"}, "no longer kept"),
    ({"tab": "nowhere"}, "no tab “nowhere”"),
    ({"edits": "head:9.9"}, "no layer 9"),
    ({"edits": "wings"}, "no edit 'wings'"),
    ({"edits": ",".join(f"see:20-{key}" for key in range(17))}, "16"),
    ({"token": "x"}, "The token “x”"),
    ({"temperature": "warm"}, "temperature is “warm”"),
    ({"beam_width": "99"}, "beam_width is “99”"),
    ({"text": "word " * 400}, "401 tokens long"),
    (
        {"model": "x", "tab": "y", "token": "z", "edits": "q", "seed": "-1", "hide_first": "2", "samples": "77"},
        *("another model", "no tab “y”", "“z”", "no edit 'q'", "seed is “-1”", "hide_first is “2”", "samples is “77”"),
    ),
]


def test_a_link_that_cannot_be_honoured_says_why_and_goes_on_saying_it(browser: Browser, app_url: str) -> None:
    """Two of them wait while the next is opened: every one is looked at again five seconds later."""
    waiting: list[tuple[float, Page, dict[str, str], list[str]]] = []
    for query, *told in VAIN:
        page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.goto(f"{app_url}/?{urlencode(query)}")
        page.locator("#token-strip .token").first.wait_for()
        tells(page, query, told)
        waiting.append((time.monotonic(), page, query, told))
        if len(waiting) == 3:
            goes_on_saying_it(*waiting.pop(0))
    for one in waiting:
        goes_on_saying_it(*one)


def tells(page: Page, query: dict[str, str], told: list[str]) -> None:
    for part in told:
        expect(page.locator("#link-notice .notice"), f"of the link {query}").to_contain_text(part)


def goes_on_saying_it(since: float, page: Page, query: dict[str, str], told: list[str]) -> None:
    which, notice = f"of the link {query}", page.locator("#link-notice .notice")
    page.wait_for_timeout(max(0, 5 - (time.monotonic() - since)) * 1000)  # the promise itself
    tells(page, query, told)
    if "text" not in query:
        assert said_by(page) == query
        page.locator("#token-strip .token").nth(1).click()
        expect(notice, which).to_have_text("")
        page.wait_for_function("location.search.includes('token=1')")
    page.context.close()


def test_a_tab_chosen_before_the_link_was_read_stays_chosen(browser: Browser, app_url: str) -> None:
    page = browser.new_page()
    held: list[Route] = []
    opened = re.compile("/gradio_api/.*text=")
    waiting = True
    page.route(opened, lambda route: held.append(route) if waiting else route.continue_())
    page.goto(f"{app_url}/?text=The+cat&tab=sampling")
    page.get_by_role("tab", name="Embeddings", exact=True).click()
    expect(page.get_by_role("tab", name="Embeddings", exact=True)).to_have_attribute("aria-selected", "true")
    waiting = False
    for route in held:
        route.continue_()
    expect(page.locator("#token-strip .token")).to_have_count(2)
    page.wait_for_url("**tab=embeddings**")
    expect(page.get_by_role("tab", name="Embeddings", exact=True)).to_have_attribute("aria-selected", "true")
    page.close()


def test_an_address_of_100_kilobytes_gets_a_sentence(browser: Browser, app_url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{app_url}/?text={'a' * 100_000}")
    expect(page.locator("#link-notice .notice")).to_contain_text(
        "the server reads at most 60,000, so the page opens without it"
    )
    expect(page.locator("#token-strip .token").first).to_be_visible()
    context.close()


def test_what_is_too_long_for_an_address_is_left_out_and_said(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    type_sentence(page, "dog " * 200)
    expect(page.locator("#token-strip .token")).to_have_count(202)
    page.get_by_role("tab", name="Scoring", exact=True).click()
    page.locator("#scoring-text textarea").fill("A long text. " * 600)
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#link-notice .notice")).to_contain_text("without scored")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert len(copied) < 6_200
    assert "scored=" not in copied
    assert "text=dog" in copied


def test_the_link_copied_is_the_one_in_the_address_bar(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    type_sentence(page, "The cat sat")
    expect(page.locator("#token-strip .token")).to_have_count(3)
    page.wait_for_function("location.search.includes('text=The+cat+sat')")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#link-notice .notice")).to_have_text(re.compile("Link copied"))
    assert page.evaluate("navigator.clipboard.readText()") == page.url
