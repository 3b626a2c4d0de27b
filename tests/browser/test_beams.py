from __future__ import annotations

import functools
import math
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from gpt2core import Pretrained, beam_search, generate
from gpt2core.beam import BeamSearch, continuation_log_probabilities
from tests.browser.conftest import HOSTILE, open_tab, put_back, sentence_box, type_sentence
from tests.browser.readings import figure, share

SENTENCE = "Once upon a time there was a"


# By the page itself, in the moment in which it can be.
PRESS_WHEN_ENABLED = """(stop) => {
  const press = () => {
    if (!stop.disabled) stop.click();
    return stop.disabled === false;
  };
  if (press()) return;
  const waiting = new MutationObserver(() => press() && waiting.disconnect());
  waiting.observe(stop, { attributeFilter: ['disabled'] });
}"""
LINK = f"?{urlencode({'text': SENTENCE, 'tab': 'beams'})}"


@pytest.fixture
def beams(kept: Page, shipped: Pretrained) -> Page:
    """The tree that the page searches of its own accord after SENTENCE, found to its end."""
    put_back(kept, SENTENCE, "Beams")
    kept.get_by_label("Hide dropped ones").uncheck()
    kept.locator("#beam-width").get_by_label("4", exact=True).check()
    for box, usual in (("#beam-n-tokens", "12"), ("#beam-seed", "42")):
        if kept.locator(f"{box} input").input_value() != usual:
            kept.locator(f"{box} input").fill(usual)
    expect(kept.locator("#beam-status")).to_contain_text("Width 4, up to 12 tokens")
    found = [shipped.tokenizer.decode(one.token_ids) for one in search(shipped, 4, 12).hypotheses]
    greedy_and_sampled = [re.compile(".")] * 2
    expect(kept.locator("#beam-tree .texts .text bdi")).to_have_text([*found, *greedy_and_sampled])
    expect(kept.locator("[data-stale]").filter(visible=True)).to_have_count(0)
    return kept


@functools.cache
def search(shipped: Pretrained, width: int, n: int, text: str = SENTENCE) -> BeamSearch:
    ids = shipped.tokenizer.encode(text)
    return beam_search(shipped.model, ids, n, width=width, stop_ids=[shipped.tokenizer.end_of_text])


def boxes(page: Page) -> list[str]:
    """What the boxes tell, the sentence's left out."""
    return [box.get_attribute("aria-label") or "" for box in page.locator("#beam-tree .box").all()][1:]


def test_the_tree_shows_every_candidate_of_gpt2cores_search_with_its_numbers(beams: Page, shipped: Pretrained) -> None:
    found = search(shipped, 4, 12)
    expect(beams.locator("#beam-tree .box")).to_have_count(1 + len(found.nodes))
    said = {"kept": "kept.", "finished": "finished.", "pruned": "dropped."}
    for told, node in zip(boxes(beams), found.nodes, strict=True):
        assert f"id {node.token_id}, token {node.depth} after" in told
        assert re.search(rf"\(ln p {figure(node.log_probability, 4)}\)", told)
        (total,) = re.findall("before it: Σ ([−0-9.]+),", told)
        assert float(total.replace("−", "-")) == pytest.approx(
            node.cumulative, abs=1.01e-4
        )  # the last digit may be rounded either way
        assert told.endswith(said[node.fate])
    for fate in said:
        n_boxes = sum(node.fate == fate for node in found.nodes)
        expect(beams.locator(f"#beam-tree .box.{fate}")).to_have_count(n_boxes + (fate == "kept"))
    marked = beams.locator("#beam-tree .box.path").evaluate_all("all => all.map(box => Number(box.dataset.index))")
    assert marked == [node.index for node in found.path(found.hypotheses[0].node)]


def test_beside_the_beams_stand_greedy_and_a_sampled_text_measured_alike(beams: Page, shipped: Pretrained) -> None:
    beams.get_by_label("Seed of the sampled text").fill("7")
    ids, stop = shipped.tokenizer.encode(SENTENCE), [shipped.tokenizer.end_of_text]
    found = search(shipped, 4, 12)
    texts = [list(hypothesis.token_ids) for hypothesis in found.hypotheses]
    for settings in ({"temperature": 0.0}, {"seed": 7}):
        texts.append([step.token_id for step in generate(shipped.model, ids, 12, stop_ids=stop, **settings)])
    rows = beams.locator("#beam-tree .texts tbody tr")
    expect(rows.last.locator(".text")).to_have_text(shipped.tokenizer.decode(texts[-1]))
    expect(rows).to_have_count(len(texts))  # while the search goes on, its beams are no texts yet
    for row, token_ids in zip(rows.all(), texts, strict=True):
        assert row.locator(".text").text_content() == shipped.tokenizer.decode(token_ids)
        total = float(continuation_log_probabilities(shipped.model, ids, token_ids).sum())
        shown = [float(text.replace("−", "-")) for text in row.locator(".number").all_inner_texts()[:3]]
        assert shown == pytest.approx([len(token_ids), total, total / len(token_ids)], abs=2e-4)


def test_the_tree_follows_the_width_and_the_sentence(beams: Page, shipped: Pretrained) -> None:
    beams.locator("#beam-width").get_by_label("2", exact=True).click()
    expect(beams.locator("#beam-status")).to_contain_text("Width 2, up to 12 tokens: 48 candidates")
    expect(beams.locator("#beam-tree .box")).to_have_count(1 + 48)
    type_sentence(beams, "The cat")
    found = search(shipped, 2, 12, "The cat")
    best = shipped.tokenizer.decode(found.hypotheses[0].token_ids)
    expect(beams.locator("#beam-tree .texts .text").nth(1)).to_have_text(best)


def test_a_sentence_typed_in_another_tab_is_searched_when_the_tab_is_opened_again(
    beams: Page, shipped: Pretrained
) -> None:
    open_tab(beams, "Tokens")
    type_sentence(beams, "The cat")
    expect(beams.locator("#status")).to_contain_text(re.compile(r"2 of \d+ tokens"))
    open_tab(beams, "Beams")
    best = shipped.tokenizer.decode(search(shipped, 4, 12, "The cat").hypotheses[0].token_ids)
    expect(beams.locator("#beam-tree .texts .text").nth(1)).to_have_text(best)


def test_arrows_walk_the_tree_from_one_tab_stop_and_the_line_below_tells_the_numbers(
    beams: Page, shipped: Pretrained
) -> None:
    found = search(shipped, 4, 12)
    assert beams.locator("#beam-tree svg [tabindex='0']").count() == 1
    beams.locator("#beam-tree .box").first.focus()
    beams.keyboard.press("ArrowRight")
    expect(beams.locator("#beam-tree .box").nth(1)).to_be_focused()
    beams.keyboard.press("ArrowDown")
    second = found.nodes[1]
    expect(beams.locator("#beam-tree .box").nth(2)).to_be_focused()
    told = beams.locator("#beam-tree .detail").inner_text()
    assert re.search(f"probability {share(math.exp(second.log_probability))}", told)
    assert f"Number 2 of {sum(node.depth == 1 for node in found.nodes)} weighed" in told
    beams.keyboard.press("ArrowLeft")
    expect(beams.locator("#beam-tree .box").first).to_be_focused()


def test_what_was_dropped_can_be_hidden(beams: Page, shipped: Pretrained) -> None:
    beams.get_by_label("Hide dropped ones").check()
    n_living = sum(node.fate != "pruned" for node in search(shipped, 4, 12).nodes)
    expect(beams.locator("#beam-tree .box")).to_have_count(1 + n_living)
    expect(beams.locator("#beam-tree .box.pruned")).to_have_count(0)


def test_a_text_found_becomes_the_sentence(beams: Page, shipped: Pretrained) -> None:
    text = shipped.tokenizer.decode(search(shipped, 4, 12).hypotheses[1].token_ids)
    beams.get_by_role("button", name="Use this text: beam 2").click()
    expect(sentence_box(beams)).to_have_value(SENTENCE + text)


def test_the_picture_and_the_table_are_saved(beams: Page) -> None:
    with beams.expect_download() as saved:
        beams.locator("#beams-frame").get_by_role("button", name="SVG").click()
    picture = Path(saved.value.path()).read_text()
    assert saved.value.suggested_filename == "beams.svg"
    assert "token 12" in picture
    with beams.expect_download() as saved:
        beams.locator("#beams-frame").get_by_role("button", name="CSV").click()
    assert len(Path(saved.value.path()).read_text().splitlines()) == beams.locator("#beam-tree .box").count()


def test_what_cannot_be_searched_is_refused_in_a_sentence_and_the_tree_stays(beams: Page) -> None:
    n_boxes = beams.locator("#beam-tree .box").count()
    for label, value, refusal in (
        ("Number of tokens", "31", "choose a whole number from 1 to 30"),
        ("Seed of the sampled text", "-1", "choose a whole number from 0"),
    ):
        box = beams.locator("[id^=beam-]").get_by_label(label, exact=True)
        good = box.input_value()
        box.fill(value)
        expect(beams.locator("#beam-status [data-kind=refusal]")).to_contain_text(refusal)
        expect(box).to_have_value(value)
        assert beams.locator("#beam-tree .box").count() == n_boxes
        box.fill(good)
        expect(beams.locator("#beam-status [data-kind=refusal]")).to_have_count(0)


def test_stop_leaves_the_tree_and_search_begins_again(beams: Page) -> None:
    told, stop, search_ = (beams.locator(f"#beam-{part}") for part in ("status", "stop", "search"))
    expect(stop).to_be_disabled()
    type_sentence(beams, "Once upon a time " * 60)  # beyond the context every token takes long
    expect(told).to_contain_text("Width 4, up to 12 tokens")
    beams.locator("#beam-width").get_by_label("8", exact=True).click()
    beams.locator("#beam-n-tokens input").fill("30")
    # A starved browser may see the first candidates when the search is over: then Stop is never to be pressed.
    for _ in range(5):
        stop.evaluate(PRESS_WHEN_ENABLED)
        expect(told).to_contain_text(re.compile("Stopped|candidates shown"))
        if "Stopped" in told.inner_text():
            break
        search_.click()
    expect(told).to_contain_text("Stopped")
    expect(told.get_by_text("Error")).not_to_be_visible()
    assert beams.locator("#beam-tree .box").count() < 1 + 8 + 29 * 64
    type_sentence(beams, SENTENCE)
    beams.locator("#beam-n-tokens input").fill("12")
    expect(told).to_contain_text("Width 8, up to 12 tokens: 192 candidates")


def test_hostile_text_is_shown_as_text_and_runs_nothing(beams: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    type_sentence(beams, HOSTILE)
    expect(beams.locator("#beam-tree .box .token").first).to_contain_text("|")
    beams.locator("#beam-tree .use").first.click()
    expect(sentence_box(beams)).to_have_value(re.compile(r"^<img src=x onerror=alert\(1\)> \$\{alert"))
    assert beams.locator("img[src='x']").count() == 0
