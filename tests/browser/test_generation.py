from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from gradio_client import Client
from playwright.sync_api import Locator, Page, expect

from explorer.wording.text import token_labels
from gpt2core import Pretrained, Step, generate
from gpt2core.generation import alternatives
from gpt2core.repetition import repeated_from
from tests.browser.conftest import (
    HOSTILE,
    HOSTILE_TOKENS,
    SHIPPED_VOCABULARY,
    put_back,
    put_settings_back,
    sentence_box,
    type_sentence,
)

SENTENCE = "Once upon a time there was a"


LINK = f"?{urlencode({'text': SENTENCE, 'tab': 'generation'})}"


@pytest.fixture
def tab(kept: Page) -> Page:
    """Nothing written after SENTENCE yet, everything set as the page opens with it."""
    put_back(kept, SENTENCE, "Generation")
    story(kept, ".play").wait_for()
    kept.wait_for_function("JSON.parse(document.documentElement.dataset.prompt || '{}').ids?.length === 7")
    branches = story(kept, ".branch").filter(visible=True)
    while branches.count():
        branches.first.get_by_role("button").click()
    put_settings_back(kept.locator("#generation-settings"))
    story(kept, "select.pace").select_option("0")
    kept.get_by_label("Stop at end of text").check()
    story(kept, ".colours").get_by_label("the model's probability").check()
    expect(chips(kept)).to_have_count(0)
    return kept


def story(tab: Page, part: str) -> Locator:
    return tab.locator(f"#story {part}")


def chips(tab: Page) -> Locator:
    return story(tab, ".chips .chip")


def panel_number(tab: Page, label: str) -> Locator:
    return tab.locator("#generation-settings").get_by_label(label, exact=True)


def written(tab: Page) -> list[str]:
    return chips(tab).locator("bdi").all_inner_texts()


def play(tab: Page, n: int | str, told: str | re.Pattern) -> None:
    story(tab, ".amount").fill(str(n))
    story(tab, ".play").click()
    expect(story(tab, ".told")).to_contain_text(told)


def expected(shipped: Pretrained, n: int, sentence: str = SENTENCE, **settings: Any) -> list[Step]:
    assert shipped.tokenizer is not None
    return list(generate(shipped.model, shipped.tokenizer.encode(sentence), n, **settings))


def labels(shipped: Pretrained, token_ids: list[int]) -> list[str]:
    return [label.text for label in token_labels(token_ids, shipped.tokenizer)]


def same_text(tab: Page, shipped: Pretrained, steps: list[Step]) -> None:
    expect(chips(tab)).to_have_count(len(steps))
    assert written(tab) == labels(shipped, [step.token_id for step in steps])


def test_what_is_played_equals_gpt2core_and_the_endpoint_with_the_same_seed_and_can_be_continued(
    tab: Page, shipped: Pretrained, app_url: str
) -> None:
    assert shipped.tokenizer is not None
    tab.locator("#generation-settings").get_by_role("button", name="Balanced").click()
    panel_number(tab, "Seed").fill("7")
    play(tab, 12, "12 tokens in all")
    steps = expected(shipped, 12, temperature=0.7, top_k=50, seed=7)
    same_text(tab, shipped, steps)
    asked = {"max_new_tokens": 12, "temperature": 0.7, "top_k": 50, "seed": 7, "api_name": "/generate"}
    answer = Client(app_url, verbose=False).predict(SENTENCE, **asked)
    assert answer["token_ids"] == [step.token_id for step in steps]
    story(tab, ".carry").click()
    expect(sentence_box(tab)).to_have_value(SENTENCE + answer["text"])
    expect(story(tab, ".window")).to_contain_text("Your sentence or model has changed")
    assert written(tab) == labels(shipped, answer["token_ids"])  # the old text is kept until something new is written


def test_stepped_paused_rewound_and_resumed_it_is_the_same_text(tab: Page, shipped: Pretrained) -> None:
    tab.get_by_label("Stop at end of text").uncheck()
    steps = expected(shipped, 120, seed=42)
    for n in (1, 2, 3):
        story(tab, ".step").click()
        expect(chips(tab)).to_have_count(n)
    story(tab, "select.pace").select_option("4")  # slow enough to be paused on any machine
    play(tab, 117, "Writing")
    story(tab, ".play").click()
    expect(story(tab, ".told")).to_contain_text("Paused after")
    story(tab, "select.pace").select_option("0")
    n = chips(tab).count()
    tab.wait_for_timeout(700)
    assert chips(tab).count() == n  # nothing more arrives
    same_text(tab, shipped, steps[:n])
    story(tab, ".back").click()
    expect(chips(tab)).to_have_count(n - 1)
    expect(story(tab, ".ahead")).to_contain_text("+ 1 kept ahead")
    story(tab, ".start").click()
    expect(chips(tab)).to_have_count(0)
    expect(story(tab, ".position")).to_contain_text("Token 0 of")
    story(tab, ".step").click()
    expect(chips(tab)).to_have_count(1)
    story(tab, ".play").click()
    expect(story(tab, ".told")).to_contain_text("120 tokens in all")
    same_text(tab, shipped, steps)
    expect(story(tab, ".branch")).to_have_count(1)


def test_the_alternatives_of_a_token_are_gpt2cores_and_shown_for_the_one_pointed_at(
    tab: Page, shipped: Pretrained
) -> None:
    play(tab, 10, "10 tokens in all")
    step = expected(shipped, 10, seed=42)[4]
    chips(tab).nth(4).hover()
    expect(story(tab, ".looked")).to_contain_text(f"Token 5, “{labels(shipped, [step.token_id])[0]}”")
    found = alternatives(step, 7)
    names = labels(shipped, [one.token_id for one in found])
    rows = story(tab, ".other")
    assert rows.locator("bdi").all_inner_texts() == names
    for row, one in zip(rows.all(), found, strict=True):
        shown = row.locator(".number").all_inner_texts()
        assert float(shown[0].split()[0]) == pytest.approx(100 * one.probability, rel=0.1)
        assert shown[2] == f"{one.rank:,}"
    chips(tab).nth(2).hover()
    expect(story(tab, ".looked")).to_contain_text("Token 3,")


def test_a_forced_token_branches_there_and_goes_on_with_the_same_luck(tab: Page, shipped: Pretrained) -> None:
    assert shipped.tokenizer is not None
    play(tab, 20, "20 tokens in all")
    before = written(tab)
    steps = expected(shipped, 20, seed=42)
    chips(tab).nth(5).click()
    expect(story(tab, ".held")).to_contain_text("Held on show")
    forced = next(one for one in alternatives(steps[5], 7) if one.token_id != steps[5].token_id)
    story(tab, ".other:not(.chosen) > :first-child").first.click()
    expect(story(tab, ".branch")).to_have_count(2)
    expect(chips(tab)).to_have_count(20)
    path = [step.token_id for step in steps[:5]] + [forced.token_id]
    rest = list(generate(shipped.model, [*shipped.tokenizer.encode(SENTENCE), *path], 14, seed=42))
    assert written(tab) == labels(shipped, path + [step.token_id for step in rest])
    expect(chips(tab).nth(5)).to_have_class(re.compile("forced"))
    expect(story(tab, ".branch").nth(1)).to_contain_text("Leaves branch 1 after token 5")
    expect(story(tab, ".branch").nth(1)).to_contain_text("forced (its chance was")
    expect(story(tab, ".common")).to_contain_text("the same 5 tokens")
    sides = story(tab, ".side-chips")
    expect(sides.nth(0).locator(".chip")).to_have_count(15)
    assert sides.nth(1).locator("bdi").all_inner_texts() == before[5:]
    story(tab, ".branch").nth(0).click()
    expect(story(tab, ".told")).to_contain_text("Branch 1 is on show")
    assert written(tab) == before
    story(tab, ".branch").nth(1).get_by_role("button").click()
    expect(story(tab, ".branch")).to_have_count(1)
    expect(story(tab, ".comparison")).to_be_hidden()


def test_one_branch_too_many_is_refused_until_one_is_deleted(tab: Page) -> None:
    play(tab, 4, "4 tokens in all")
    places = [(place, other) for place in range(4) for other in range(6)][:20]
    for n, (place, other) in enumerate(places, 2):
        story(tab, ".branch").nth(0).click()
        expect(story(tab, ".told")).to_contain_text("Branch 1 is on show")
        chips(tab).nth(place).click()
        expect(story(tab, ".looked")).to_contain_text(f"Token {place + 1},")
        story(tab, ".other:not(.chosen)").nth(other).locator("> :first-child").click()
        if n <= 20:
            expect(story(tab, ".branch")).to_have_count(n)
            expect(chips(tab)).to_have_count(4)
    expect(story(tab, ".told.refused")).to_contain_text(
        "At most 20 branches are kept. Delete one in the list below first."
    )
    expect(story(tab, ".branch")).to_have_count(20)
    story(tab, ".branch").nth(19).get_by_role("button").click()
    expect(story(tab, ".branch")).to_have_count(19)
    story(tab, ".branch").nth(0).click()
    chips(tab).nth(places[-1][0]).click()
    story(tab, ".other:not(.chosen)").nth(places[-1][1]).locator("> :first-child").click()
    expect(story(tab, ".branch")).to_have_count(20)


def test_other_settings_from_an_earlier_token_make_a_branch_and_keep_the_old_one(
    tab: Page, shipped: Pretrained
) -> None:
    play(tab, 8, "8 tokens in all")
    for _ in range(3):
        story(tab, ".back").click()
    expect(chips(tab)).to_have_count(5)
    panel_number(tab, "Seed").fill("1")
    story(tab, ".play").click()
    expect(story(tab, ".told")).to_contain_text("this is branch 2; it leaves branch 1, which is kept, after token 5")
    expect(chips(tab)).to_have_count(8)
    assert written(tab)[:5] == labels(shipped, [step.token_id for step in expected(shipped, 5, seed=42)])
    story(tab, ".branch").nth(0).click()
    same_text(tab, shipped, expected(shipped, 8, seed=42))


def test_with_the_keyboard_alone_a_token_is_picked_and_another_forced(tab: Page) -> None:
    play(tab, 6, "6 tokens in all")
    chips(tab).last.focus()
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("ArrowLeft")
    expect(chips(tab).nth(3)).to_be_focused()
    expect(story(tab, ".looked")).to_contain_text("Token 4,")
    tab.keyboard.press("ArrowDown")
    expect(story(tab, ".other").first).to_be_focused()
    if "chosen" in (story(tab, ".other").first.get_attribute("class") or ""):
        tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    expect(story(tab, ".branch")).to_have_count(2)
    expect(chips(tab)).to_have_count(6)
    story(tab, ".branch").nth(1).focus()
    tab.keyboard.press("ArrowUp")
    expect(story(tab, ".branch").nth(0)).to_be_focused()
    tab.keyboard.press("Enter")
    expect(story(tab, ".branch").nth(0)).to_have_attribute("aria-selected", "true")
    tab.keyboard.press("Delete")
    expect(story(tab, ".branch")).to_have_count(1)


def test_colour_and_line_follow_the_probability_or_the_rank(tab: Page) -> None:
    tab.locator("#generation-settings").get_by_role("button", name="Greedy").click()
    play(tab, 12, "12 tokens in all")
    look = (
        "chips => chips.map(chip => [chip.style.getPropertyValue('--shade'), chip.style.getPropertyValue('--share')])"
    )
    own = chips(tab).evaluate_all(look)
    assert len({background for background, _ in own}) > 1
    story(tab, ".colours").get_by_label("rank").check()
    assert chips(tab).evaluate_all(look) == [["var(--heat-4)", "1"]] * 12
    expect(story(tab, ".legend")).to_contain_text("1, the likeliest")
    story(tab, ".colours").get_by_label("probability after the filters").check()
    assert chips(tab).evaluate_all(look) == [["var(--heat-4)", "1"]] * 12
    story(tab, ".colours").get_by_label("the model's probability").check()
    assert chips(tab).evaluate_all(look) == own
    expect(story(tab, ".legend")).to_contain_text("90 % or more")


def test_repeats_are_underlined_where_gpt2core_finds_them_and_a_penalty_makes_them_fewer(
    tab: Page, shipped: Pretrained
) -> None:
    assert shipped.tokenizer is not None
    tab.locator("#generation-settings").get_by_role("button", name="Greedy").click()
    play(tab, 120, re.compile("120 tokens in all|ended its text"))
    marked = "chips => chips.map(chip => chip.classList.contains('repeated'))"
    prompt = shipped.tokenizer.encode(SENTENCE)
    steps = expected(shipped, 120, temperature=0.0, stop_ids=[shipped.tokenizer.end_of_text])
    source = repeated_from([*prompt, *(step.token_id for step in steps)], 3)[len(prompt) :]
    assert chips(tab).evaluate_all(marked) == [earlier is not None for earlier in source]
    n_before = sum(earlier is not None for earlier in source)
    expect(story(tab, ".repeats")).to_contain_text(f"{n_before} of {len(steps)} tokens")
    story(tab, ".start").click()
    panel_number(tab, "r =").fill("1.3")
    story(tab, ".play").click()
    expect(story(tab, ".branch")).to_have_count(2)
    expect(story(tab, ".told")).to_contain_text(re.compile("tokens in all|ended its text"))
    assert sum(chips(tab).evaluate_all(marked)) < n_before


def test_greedy_in_the_middle_of_a_text_starts_a_greedy_text(tab: Page, shipped: Pretrained) -> None:
    play(tab, 6, "6 tokens in all")
    story(tab, ".back").click()
    tab.locator("#generation-settings").get_by_role("button", name="Greedy").click()
    story(tab, ".play").click()
    expect(story(tab, ".branch")).to_have_count(2)
    expect(story(tab, ".told")).to_contain_text("its text begins at your sentence: branch 2. Branch 1 is kept.")
    same_text(tab, shipped, expected(shipped, 6, temperature=0.0))


def test_greedy_goes_on_after_a_token_that_was_forced(tab: Page) -> None:
    play(tab, 4, "4 tokens in all")
    chips(tab).nth(1).click()
    story(tab, ".other:not(.chosen)").nth(2).locator("> :first-child").click()
    expect(story(tab, ".branch")).to_have_count(2)
    expect(chips(tab)).to_have_count(4)
    before = written(tab)
    tab.locator("#generation-settings").get_by_role("button", name="Greedy").click()
    story(tab, ".step").click()
    expect(chips(tab)).to_have_count(5)
    assert written(tab)[:2] == before[:2]


def test_the_end_of_the_text_stops_it_is_said_and_can_be_ignored(tab: Page, shipped: Pretrained) -> None:
    assert shipped.tokenizer is not None
    tab.locator("#generation-settings").get_by_role("button", name="Greedy").click()
    end = shipped.tokenizer.end_of_text
    steps = expected(shipped, 500, temperature=0.0, stop_ids=[end])
    assert steps[-1].token_id == end
    play(tab, 500, f"The model ended its text here, after {len(steps)} tokens")
    same_text(tab, shipped, steps)
    expect(chips(tab).last).to_have_text("<|endoftext|>")
    expect(story(tab, ".looked")).to_contain_text("the token that ends a text")
    story(tab, ".step").click()
    expect(story(tab, ".told")).to_contain_text("Untick “Stop at end of text”")
    tab.get_by_label("Stop at end of text").uncheck()
    story(tab, ".step").click()
    same_text(tab, shipped, expected(shipped, len(steps) + 1, temperature=0.0))


def test_a_click_while_text_is_written_stops_it_and_loses_nothing(tab: Page, shipped: Pretrained) -> None:
    tab.get_by_label("Stop at end of text").uncheck()
    play(tab, 500, "Writing")
    expect(chips(tab).nth(8)).to_be_visible()
    chips(tab).nth(4).click()
    story(tab, ".other:not(.chosen) > :first-child").first.click()
    expect(story(tab, ".branch")).to_have_count(2)
    expect(story(tab, ".told")).to_contain_text("Writing")
    expect(chips(tab).nth(9)).to_be_visible()
    story(tab, ".branch").nth(0).dispatch_event("click")  # the list moves down while the text grows
    expect(story(tab, ".told")).to_contain_text("Branch 1 is on show")
    n = chips(tab).count()
    assert n >= 9
    assert written(tab) == labels(shipped, [step.token_id for step in expected(shipped, n, seed=42)])
    tab.wait_for_timeout(700)
    assert chips(tab).count() == n


def test_past_the_context_the_window_slides_and_that_is_said(tab: Page, shipped: Pretrained) -> None:
    told = " One day, Tom went to the park with his dog. He saw a big tree and a red ball."
    sentence = SHIPPED_VOCABULARY.decode(SHIPPED_VOCABULARY.encode(told.strip() + told * 15)[:256])
    type_sentence(tab, sentence)
    tab.wait_for_function("JSON.parse(document.documentElement.dataset.prompt).ids.length === 256")
    play(tab, 3, "3 tokens in all")
    expect(story(tab, ".window")).to_contain_text("drawn from the last 256 only")
    same_text(tab, shipped, expected(shipped, 3, sentence, seed=42))


def test_a_new_sentence_interrupts_what_is_played_slowly_and_the_next_play_starts_over(
    tab: Page, shipped: Pretrained
) -> None:
    play(tab, 3, "3 tokens in all")
    story(tab, ".amount").fill("40")
    story(tab, ".pace").select_option("1")
    story(tab, ".play").click()
    expect(story(tab, ".told")).to_contain_text("of 43")
    type_sentence(tab, "The dog")
    expect(story(tab, ".told")).to_contain_text(re.compile("the sentence or the model (has just )?changed", re.I))
    expect(story(tab, ".play")).to_contain_text("Play")
    expect(story(tab, ".window")).to_contain_text(f"this text still continues “{SENTENCE}”")
    assert written(tab)[:3] == labels(shipped, [step.token_id for step in expected(shipped, 3, seed=42)])
    story(tab, ".pace").select_option("0")
    play(tab, 5, "5 tokens in all")
    same_text(tab, shipped, expected(shipped, 5, "The dog", seed=42))
    expect(story(tab, ".window")).to_be_empty()
    expect(story(tab, ".branch")).to_have_count(1)


def test_a_click_made_while_the_page_is_still_reading_the_sentence_is_not_lost(blank: Page, app_url: str) -> None:
    blank.goto(f"{app_url}/?tab=generation")
    blank.locator("#story .step").click()
    expect(chips(blank)).to_have_count(1)


def test_what_cannot_be_generated_with_is_refused_in_a_sentence_and_kept(tab: Page) -> None:
    for box, value, refusal in (
        (story(tab, ".amount"), "1000000", "choose a whole number from 1 to 500"),
        (story(tab, ".amount"), "2.5", "choose a whole number from 1 to 500"),
        (story(tab, ".amount"), "", "The number of tokens is nothing"),
        (panel_number(tab, "Seed"), "-3", "choose a whole number from 0"),
        (panel_number(tab, "T ="), "-1", "The temperature is -1"),
        (panel_number(tab, "k ="), "2.5", "top_k is 2.5"),
    ):
        good = box.input_value()
        box.fill(value)
        story(tab, ".play").click()
        expect(story(tab, ".told.refused")).to_contain_text(refusal)
        expect(box).to_have_value(value)
        box.fill(good)
    expect(chips(tab)).to_have_count(0)
    expect(sentence_box(tab)).to_have_value(SENTENCE)


def test_hostile_text_is_shown_as_text_and_runs_nothing(tab: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    type_sentence(tab, HOSTILE)
    tab.wait_for_function("JSON.parse(document.documentElement.dataset.prompt).ids.length === " + str(HOSTILE_TOKENS))
    play(tab, 3, "3 tokens in all")
    expect(story(tab, ".prompt")).to_contain_text("${alert(1)}")
    story(tab, ".carry").click()
    expect(sentence_box(tab)).to_have_value(re.compile(re.escape(HOSTILE)))
    expect(story(tab, ".window")).to_contain_text("<img src=x onerror=alert(1)>")
    assert tab.locator("img[src='x']").count() == 0


def test_the_cache_is_measured_on_request_and_both_ways_give_the_same_logits(tab: Page) -> None:
    tab.get_by_role("button", name="Measure", exact=True).click()
    expect(tab.locator("#timing-status")).to_contain_text("Reading your 7 tokens at once took")
    expect(tab.locator("#timing-status")).to_contain_text(re.compile(r"they differ by 0\.000\d+ at most"))
    expect(tab.locator("#timing-plot .scatterlayer .trace")).to_have_count(2)
