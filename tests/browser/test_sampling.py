from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from gpt2core import Pretrained, generate, load_pretrained
from gpt2core.sampling import SamplingSettings, falling_order, next_token_probabilities
from gpt2core.trace import trace
from tests.browser.conftest import open_tab, type_sentence

CHECKPOINT = Path(__file__).parent.parent.parent / "checkpoints" / "tinystories"
PATIENCE_MS = 60_000  # a busy machine draws late; nothing here is a claim about time
SENTENCE = "Once upon a time there was a"
HOSTILE = "<img src=x onerror=alert(1)> ${alert(1)} {{7*7}} 👩‍👩‍👧 مرحبا 漢字\t\n|"


@pytest.fixture(scope="module")
def shipped() -> Pretrained:
    return load_pretrained(CHECKPOINT)


@pytest.fixture
def sampling(page: Page) -> Page:
    expect.set_options(timeout=PATIENCE_MS)
    open_tab(page, "Sampling")
    type_sentence(page, SENTENCE)
    expect(page.locator("#distribution .heading")).to_contain_text("the last of 7 tokens")
    return page


@contextmanager
def no_request(page: Page) -> Iterator[None]:
    page.wait_for_timeout(500)
    asked: list[str] = []

    def note(request: object) -> None:
        asked.append(request.url)  # type: ignore[attr-defined]

    page.on("request", note)
    yield
    page.wait_for_timeout(300)
    page.remove_listener("request", note)
    assert not asked, f"the page asked for {asked}"


def shares(page: Page) -> list[str]:
    return page.locator("#distribution .row .share").all_inner_texts()


def expected_shares(shipped: Pretrained, settings: SamplingSettings) -> list[float]:
    logits = trace(shipped.model, shipped.tokenizer.encode(SENTENCE), {"logits"})["logits"][-1]
    return next_token_probabilities(logits, settings)[falling_order(logits)[:20]].tolist()


def shown_as(share: float) -> str:
    """As percent() in distribution.js, for shares of a size that these tests meet."""
    if share in {0, 1}:
        return f"{100 * share:.0f} %"
    digits = 1 if share >= 0.001 else 1 - math.floor(math.log10(100 * share))
    return f"{100 * share:.{digits}f} %"


def bar_shot(page: Page) -> bytes:
    return page.locator("#distribution .bars").screenshot()


def number(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True)


def test_dragging_temperature_redraws_the_bars_with_gpt2cores_numbers_and_no_request(
    sampling: Page, shipped: Pretrained
) -> None:
    before = bar_shot(sampling)
    slider = sampling.get_by_role("slider", name="Temperature")
    with no_request(sampling):
        slider.focus()
        for _ in range(50):
            sampling.keyboard.press("ArrowLeft")
        expect(number(sampling, "T =")).to_have_value("0.5")
    assert bar_shot(sampling) != before
    assert shares(sampling) == [shown_as(share) for share in expected_shares(shipped, SamplingSettings(0.5))]


def test_tokens_cut_by_top_k_are_greyed_and_not_gone(sampling: Page) -> None:
    with no_request(sampling):
        sampling.get_by_role("slider", name="Top-k").focus()
        for _ in range(3):
            sampling.keyboard.press("ArrowRight")
        expect(sampling.locator("#distribution .row.gone")).to_have_count(17)
    expect(sampling.locator("#distribution .row")).to_have_count(20)
    expect(sampling.locator("#distribution .row").nth(3)).to_contain_text("cut by top-k")
    expect(sampling.locator("#distribution .rest")).to_contain_text("8,172 more cut")
    expect(sampling.locator("#distribution .stages tr", has_text="top-k").locator(".kept")).to_have_text("3")


def test_a_number_beyond_the_slider_counts_and_a_refused_one_changes_nothing(
    sampling: Page, shipped: Pretrained
) -> None:
    with no_request(sampling):
        number(sampling, "T =").fill("5")
        expected = [shown_as(share) for share in expected_shares(shipped, SamplingSettings(5.0))]
        expect(sampling.locator("#distribution .row .share").first).to_have_text(expected[0])
        number(sampling, "T =").fill("-1")
        expect(sampling.locator("#distribution .remark")).to_contain_text("The temperature is -1; choose 0")
        assert shares(sampling) == expected
        number(sampling, "T =").fill("0")
        expect(sampling.locator("#distribution .remark")).to_be_empty()
        expect(sampling.locator("#distribution .row .share").first).to_have_text("100 %")
        number(sampling, "k =").fill("1000000")
        expect(sampling.locator("#distribution .remark")).to_contain_text("nothing is removed")


def test_on_an_earlier_token_the_one_that_came_next_is_marked_with_its_rank(
    sampling: Page, shipped: Pretrained
) -> None:
    sampling.locator("#token-strip .token").nth(0).click()
    expect(sampling.locator("#distribution .heading")).to_contain_text("“Once”, token 1 of 7")
    ids = shipped.tokenizer.encode(SENTENCE)
    logits = trace(shipped.model, ids, {"logits"})["logits"][0]
    rank = falling_order(logits).tolist().index(ids[1]) + 1
    expect(sampling.locator("#distribution .came-next")).to_contain_text(f"“·upon” came next: rank {rank} of 8,192")


def test_a_row_is_picked_with_the_arrows_and_its_numbers_are_shown(sampling: Page) -> None:
    sampling.locator("#distribution .row").first.click()
    sampling.keyboard.press("ArrowDown")
    second = sampling.locator("#distribution .row").nth(1)
    expect(second).to_be_focused()
    expect(second).to_have_attribute("aria-selected", "true")
    share = second.locator(".share").inner_text()
    expect(sampling.locator("#distribution .formula .numbers")).to_contain_text(f"= {share}")


def test_text_written_equals_gpt2cores_with_the_same_seed_and_can_be_continued(
    sampling: Page, shipped: Pretrained
) -> None:
    sampling.get_by_role("button", name="Balanced").click()
    number(sampling, "Number of tokens").fill("12")
    number(sampling, "Seed").fill("7")
    sampling.get_by_role("button", name="Generate").click()
    expect(sampling.locator("#writing-status")).to_contain_text("12 tokens with seed 7")
    steps = generate(shipped.model, shipped.tokenizer.encode(SENTENCE), 12, temperature=0.7, top_k=50, seed=7)
    token_ids = [step.token_id for step in steps]
    titles = [chip.get_attribute("title") or "" for chip in sampling.locator("#generated .chip").all()]
    assert [int(re.search(r"id (\d+):", title)[1]) for title in titles] == token_ids  # type: ignore[index]
    sampling.get_by_role("button", name="Continue from here").click()
    expect(sampling.get_by_label("Your sentence")).to_have_value(SENTENCE + shipped.tokenizer.decode(token_ids))


def test_stop_stops_and_says_so(sampling: Page) -> None:
    number(sampling, "Number of tokens").fill("500")
    sampling.get_by_role("button", name="Generate").click()
    expect(sampling.locator("#generated .chip").nth(3)).to_be_visible()
    sampling.get_by_role("button", name="Stop").click()
    expect(sampling.locator("#writing-status")).to_contain_text("Stopped after")
    written = sampling.locator("#generated .chip").count()
    sampling.wait_for_timeout(1500)
    assert sampling.locator("#generated .chip").count() == written < 500


def test_what_cannot_be_generated_with_is_refused_in_a_sentence_and_kept(sampling: Page) -> None:
    for label, value, refusal in (
        ("Number of tokens", "1000000", "choose a whole number from 1 to 500"),
        ("Seed", "-3", "choose a whole number from 0"),
        ("T =", "-1", "The temperature is -1"),
        ("k =", "2.5", "top_k is 2.5"),
    ):
        box = number(sampling, label)
        good = box.input_value()
        box.fill(value)
        sampling.get_by_role("button", name="Generate").click()
        expect(sampling.locator("#writing-status [data-kind=refusal]")).to_contain_text(refusal)
        expect(box).to_have_value(value)
        box.fill(good)
    expect(sampling.get_by_label("Your sentence")).to_have_value(SENTENCE)


def test_hostile_text_is_shown_as_text_and_runs_nothing(sampling: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    type_sentence(sampling, HOSTILE)
    expect(sampling.locator("#distribution .heading")).to_contain_text("of 70")
    sampling.locator("#token-strip .token").last.click()
    expect(sampling.locator("#distribution .heading")).to_contain_text("“|”")
    number(sampling, "Number of tokens").fill("3")
    sampling.get_by_role("button", name="Generate").click()
    expect(sampling.locator("#generated .chip")).to_have_count(3)
    expect(sampling.locator("#generated .prompt")).to_contain_text("${alert(1)}")
    sampling.locator("#token-strip .token").nth(0).click()
    expect(sampling.locator("#distribution .heading")).to_contain_text("“<”")
    expect(sampling.locator("#distribution .came-next")).to_contain_text("“im”")
    assert sampling.locator("img[src='x']").count() == 0
