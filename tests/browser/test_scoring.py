from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from explorer.catalogue import catalogue
from gpt2core import Pretrained
from gpt2core.scoring import TextScore, score_text
from tests.browser.conftest import HOSTILE, no_request, put_back, type_sentence
from tests.browser.readings import NOISE, either, figure, share, whole

EXAMPLE = catalogue("page")("example")
N_EXAMPLE = 22  # its tokens; the fixture waits for as many
TEXT = "The parliamentary committee went to the park.\nOnce upon a time there was a cat."


@pytest.fixture
def scoring(kept: Page) -> Page:
    """The page's own sentence, scored and coloured by rank."""
    put_back(kept, EXAMPLE, "Scoring")
    if kept.locator("#scoring-text textarea").input_value():
        kept.locator("#scoring-text textarea").fill("")
    kept.get_by_role("radio", name="rank").click()
    kept.mouse.move(0, 0)  # a longer text would come to lie under it, and read there
    expect(kept.locator("#scoring-status")).to_contain_text(f"Your sentence, {N_EXAMPLE} tokens, scored")
    expect(kept.locator("#scored-text .token")).to_have_count(N_EXAMPLE)
    expect(kept.locator("[data-stale]").filter(visible=True)).to_have_count(0)
    return kept


def score_of(shipped: Pretrained, text: str) -> TextScore:
    return score_text(shipped.model, shipped.tokenizer.encode(text))


def type_text(page: Page, text: str, n_tokens: int) -> None:
    page.locator("#scoring-text textarea").fill(text)
    expect(page.locator("#scoring-status")).to_contain_text(f"This text, {n_tokens:,} tokens, scored")
    expect(page.locator("#scored-text .token")).to_have_count(n_tokens)


def test_every_token_wears_the_band_of_its_rank_and_tells_gpt2cores_numbers(scoring: Page, shipped: Pretrained) -> None:
    score = score_of(shipped, TEXT)
    type_text(scoring, TEXT, len(score.token_ids))
    classes = [chip.get_attribute("class") or "" for chip in scoring.locator("#scored-text .text .token").all()]
    assert classes[0] == "token first"
    assert classes[1:] == [f"token band-{band}" for band in score.bands.tolist()]
    assert len(set(score.bands.tolist())) > 1
    scoring.locator("#scored-text .text .token").first.click()
    expect(scoring.locator("#scored-text .detail")).to_contain_text("nothing stands before it")
    for place, (loss, rank) in enumerate(zip(score.losses.tolist(), score.ranks.tolist(), strict=True)):
        scoring.keyboard.press("ArrowRight")
        told = scoring.locator("#scored-text .detail")
        expect(told).to_contain_text(f"token {place + 2} of {len(score.token_ids)}: rank {rank:,} of 8,192,")
        shown = re.search(r"surprise ([\d.]+) nats = ([\d.]+) bits", told.inner_text())
        assert shown is not None
        assert [float(number) for number in shown.groups()] == pytest.approx([loss, loss / math.log(2)], abs=2e-3)


def test_the_whole_is_counted_and_its_bands_add_up(scoring: Page, shipped: Pretrained) -> None:
    score = score_of(shipped, TEXT)
    type_text(scoring, TEXT, len(score.token_ids))
    facts = scoring.locator("#scored-text .facts")
    perplexity = either(score.perplexity, NOISE * score.perplexity, lambda near: f"{near:,.2f}")
    n_bytes = len(TEXT.encode()) - len(shipped.tokenizer.decode_bytes(score.token_ids[:1]))
    nats, bits = score.mean_loss, 1 / math.log(2)
    for told in (
        perplexity,
        rf"{figure(nats, 3)} nats \({figure(nats * bits, 3)} bits\) a token",
        rf"\({figure(score.loss_per_byte(n_bytes) * bits, 3)} bits\) a byte",
    ):
        expect(facts).to_contain_text(re.compile(told))
    counts = [text.split()[0] for text in scoring.locator("#scored-text .band-count").all_inner_texts()]
    assert [int(count) for count in counts] == score.bands.bincount(minlength=4).tolist()


def test_what_the_model_expected_is_listed_with_what_came(scoring: Page, shipped: Pretrained) -> None:
    score = score_of(shipped, TEXT)
    type_text(scoring, TEXT, len(score.token_ids))
    hardest = int(score.losses.argmax())  # picked at first
    rows = scoring.locator("#scored-text .expected li")
    expect(rows).to_have_count(6)
    expect(rows.last).to_contain_text(f"came, rank {int(score.ranks[hardest]):,}")
    (told,) = whole(share(float(score.alternative_probabilities[hardest, 0])))
    expect(rows.first.locator(".share")).to_have_text(told)
    likeliest = shipped.tokenizer.decode([int(score.alternatives[hardest, 0])])
    expect(rows.first.locator(".chip")).to_have_text(likeliest.replace(" ", "·").replace("\n", "↵"))


def test_a_token_of_the_sentence_is_picked_here_and_above_alike(scoring: Page) -> None:
    scoring.locator("#scored-text .text .token").nth(4).click()
    expect(scoring.locator("#token-strip .token").nth(4)).to_have_attribute("aria-selected", "true")
    scoring.locator("#token-strip .token").nth(2).click()
    expect(scoring.locator("#scored-text .text .token").nth(2)).to_have_attribute("aria-selected", "true")
    expect(scoring.locator("#scored-text .detail")).to_contain_text(f"token 3 of {N_EXAMPLE}")


def test_another_text_leaves_the_cursor_alone_and_an_emptied_box_shows_the_sentence_again(
    scoring: Page, shipped: Pretrained
) -> None:
    type_text(scoring, TEXT, len(shipped.tokenizer.encode(TEXT)))
    scoring.locator("#scored-text .text .token").nth(3).click()
    expect(scoring.locator("#scored-text .text .token").nth(3)).to_be_focused()
    expect(scoring.locator("#token-strip .token").nth(N_EXAMPLE - 1)).to_have_attribute("aria-selected", "true")
    scoring.locator("#scoring-text textarea").fill("")
    expect(scoring.locator("#scoring-status")).to_contain_text(f"Your sentence, {N_EXAMPLE} tokens, scored")
    type_sentence(scoring, "The cat sat")
    expect(scoring.locator("#scoring-status")).to_contain_text("Your sentence, 3 tokens, scored")


def test_colour_by_probability_changes_the_picture_and_asks_for_nothing(scoring: Page) -> None:
    before = scoring.locator("#scored-text .text").screenshot()
    with no_request(scoring):
        scoring.get_by_role("radio", name="probability").click()
        expect(scoring.get_by_role("radio", name="probability")).to_have_attribute("aria-checked", "true")
        assert scoring.locator("#scored-text .text").screenshot() != before
        expect(scoring.locator("#scored-text .scale")).to_be_visible()


def test_a_click_on_the_chart_picks_the_token_there_and_the_chart_is_saved(scoring: Page, shipped: Pretrained) -> None:
    score = score_of(shipped, EXAMPLE)
    canvas = scoring.locator("#scored-text canvas")
    expect(canvas).to_have_attribute("aria-label", re.compile(rf"{figure(score.mean_loss)} nats on average"))
    before = canvas.screenshot()
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] - 20, "y": box["height"] / 2})
    expect(scoring.locator("#scored-text .detail")).to_contain_text(f"token {N_EXAMPLE} of {N_EXAMPLE}")
    canvas.click(position={"x": 66, "y": box["height"] / 2})
    expect(scoring.locator("#scored-text .detail")).to_contain_text(f"token 2 of {N_EXAMPLE}")
    assert canvas.screenshot() != before
    with scoring.expect_download() as saved:
        scoring.locator("#scored-frame").get_by_role("button", name="PNG").click()
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")


def test_a_text_beyond_the_context_is_scored_in_windows_and_that_is_said(scoring: Page, shipped: Pretrained) -> None:
    text = " ".join([TEXT] * 14)
    score = score_of(shipped, text)
    assert score.n_windows > 1
    type_text(scoring, text, len(score.token_ids))
    expect(scoring.locator("#scoring-status")).to_contain_text(f"in {score.n_windows} overlapping stretches")
    scoring.locator("#scored-text .text .token").first.focus()
    scoring.keyboard.press("End")
    expect(scoring.locator("#scored-text .detail")).to_contain_text(
        f"Predicted from the {int(score.context[-1])} tokens before it"
    )


def test_what_cannot_be_scored_is_refused_in_a_sentence_and_kept(scoring: Page) -> None:
    box = scoring.locator("#scoring-text textarea")
    for text, refusal in (("a", "single token"), ("word " * 3100, "scores at most 3,000. Remove about")):
        box.fill(text)
        expect(scoring.locator("#scoring-status [data-kind=refusal]")).to_contain_text(refusal)
        expect(box).to_have_value(text)
        expect(scoring.locator("#scored-text .token")).to_have_count(N_EXAMPLE)
        box.fill("")
        expect(scoring.locator("#scoring-status")).to_contain_text(f"Your sentence, {N_EXAMPLE} tokens, scored")


def test_hostile_text_is_shown_as_text_and_runs_nothing(scoring: Page, shipped: Pretrained) -> None:
    """The page fixture fails on any dialog or script error."""
    type_text(scoring, HOSTILE, len(shipped.tokenizer.encode(HOSTILE)))
    expect(scoring.locator("#scored-text .text")).to_contain_text("alert")
    assert scoring.locator("img[src='x']").count() == 0


def test_a_link_to_this_tab_opens_with_scores_that_are_of_this_sentence(blank: Page, app_url: str) -> None:
    blank.goto(f"{app_url}/?tab=scoring&text=One+day")
    expect(blank.locator("#scoring-status")).to_contain_text("Your sentence, 2 tokens, scored")
    expect(blank.locator("#scored-text .token")).to_have_count(2)
    expect(blank.locator("[data-stale]").filter(visible=True)).to_have_count(0)
