from __future__ import annotations

import csv
import math
import re
from dataclasses import asdict
from urllib.parse import urlencode

import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from torch import Tensor

from explorer.wording.text import token_labels
from gpt2core import Pretrained, generate
from gpt2core.sampling import (
    SamplingSettings,
    draws,
    falling_order,
    filtered_logits,
    next_token_probabilities,
    pipeline,
)
from gpt2core.trace import trace
from tests.browser.conftest import (
    HOSTILE,
    HOSTILE_TOKENS,
    at_rest,
    no_request,
    put_back,
    put_settings_back,
    type_sentence,
)
from tests.browser.readings import figure, fit, share, whole

SENTENCE = "Once upon a time there was a"


LINK = f"?{urlencode({'text': SENTENCE, 'tab': 'sampling'})}"


@pytest.fixture
def sampling(kept: Page) -> Page:
    """The next token of SENTENCE, nothing set, nothing drawn."""
    put_back(kept, SENTENCE, "Sampling")
    put_settings_back(kept.locator("#sampling-settings"))
    press(kept, "Clear")
    press(kept, "Worked example: your own logits")
    press(kept, "The next token of your sentence")  # picks the first row, and no flip is told of any more
    expect(kept.locator("#distribution .flip")).to_be_empty()
    expect(kept.locator("#sampling-frame .title")).to_contain_text("the last of 7 tokens")
    return kept


def shares(page: Page) -> list[str]:
    return page.locator("#distribution .row .softmax").all_inner_texts()


def last_logits(shipped: Pretrained) -> Tensor:
    return trace(shipped.model, shipped.tokenizer.encode(SENTENCE), {"logits"})["logits"][-1]


def expected_shares(shipped: Pretrained, settings: SamplingSettings) -> list[str]:
    logits = last_logits(shipped)
    exact = next_token_probabilities(logits, settings)[falling_order(logits)[:20]].tolist()
    return list(map(share, exact))


def drawn_id(shipped: Pretrained, settings: SamplingSettings, seed: int) -> int:
    """The first token that generate() would write."""
    ids = shipped.tokenizer.encode(SENTENCE)
    return next(generate(shipped.model, ids, 1, **asdict(settings), seed=seed)).token_id


def lot(page: Page) -> int:
    return int(page.locator("#distribution .lot").get_attribute("data-id") or -1)


def bar_shot(page: Page) -> bytes:
    return page.locator("#distribution .bars").screenshot()


def slider(page: Page, label: str) -> Locator:
    return page.locator("#sampling-settings").get_by_role("slider", name=label, exact=True)


def number(page: Page, label: str) -> Locator:
    return page.locator("#sampling-settings").get_by_label(label, exact=True)


def press(page: Page, name: str) -> None:
    page.locator("#distribution").get_by_role("button", name=name, exact=True).click()


def test_dragging_temperature_redraws_the_bars_with_gpt2cores_numbers_and_no_request(
    sampling: Page, shipped: Pretrained
) -> None:
    before = bar_shot(sampling)
    with no_request(sampling):
        slider(sampling, "Temperature").focus()
        for _ in range(50):
            sampling.keyboard.press("ArrowLeft")
        expect(number(sampling, "T =")).to_have_value("0.5")
    assert bar_shot(sampling) != before
    assert fit(shares(sampling), expected_shares(shipped, SamplingSettings(0.5)))


def test_every_stage_shows_what_is_left_and_what_it_removed(sampling: Page, shipped: Pretrained) -> None:
    with no_request(sampling):
        for label, value in (("T =", "1.5"), ("k =", "15"), ("p =", "0.9"), ("min =", "0.1")):
            number(sampling, label).fill(value)
    truth = pipeline(last_logits(shipped), SamplingSettings(1.5, 15, 0.9, 0.1))
    for name in ("temperature", "top_k", "top_p", "min_p"):
        stage = truth[name]
        for line, text in (
            ("kept", f"{stage.n_kept:,}"),
            ("removed", share(stage.removed_mass)),
            ("entropy", f"{figure(stage.entropy_nats / math.log(2))} bits"),
        ):
            (told,) = whole(text)
            expect(sampling.locator(f"#distribution .counts.{line} .{name}")).to_have_text(told)
    assert fit(shares(sampling), expected_shares(shipped, SamplingSettings(1.5, 15, 0.9, 0.1)))


def test_tokens_cut_by_top_k_are_greyed_and_not_gone(sampling: Page) -> None:
    with no_request(sampling):
        slider(sampling, "Top-k").focus()
        for _ in range(3):
            sampling.keyboard.press("ArrowRight")
        expect(sampling.locator("#distribution .row.gone")).to_have_count(17)
    expect(sampling.locator("#distribution .row")).to_have_count(20)
    expect(sampling.locator("#distribution .row").nth(3).locator(".top_k")).to_have_text("cut")
    expect(sampling.locator("#distribution .rest")).to_contain_text("8,172 more cut")
    expect(sampling.locator("#distribution .counts.kept .top_k")).to_have_text("3")


def test_a_number_beyond_the_slider_counts_and_a_refused_one_changes_nothing(
    sampling: Page, shipped: Pretrained
) -> None:
    with no_request(sampling):
        number(sampling, "T =").fill("5")
        expected = expected_shares(shipped, SamplingSettings(5.0))
        expect(sampling.locator("#distribution .row .softmax").first).to_have_text(whole(expected[0])[0])
        for label, bad, refusal in (
            ("T =", "-1", "The temperature is -1; choose 0"),
            ("k =", "2.5", "Top-k is 2.5; choose 0 (off) or a whole number"),
            ("p =", "1.5", "Top-p is 1.5; choose a share"),
            ("min =", "-1", "Min-p is -1; choose a share"),
            ("r =", "0", "The repetition penalty is 0; choose 1"),
            ("Seed", "-3", "The seed is -3; choose a whole number"),
            ("Seed", "", "A setting is empty"),
        ):
            box = number(sampling, label)
            good = box.input_value()
            box.fill(bad)
            expect(sampling.locator("#distribution .remark")).to_contain_text(refusal)
            assert fit(shares(sampling), expected)
            expect(box).to_have_value(bad)
            box.fill(good)
            expect(sampling.locator("#distribution .remark")).to_be_empty()
        number(sampling, "T =").fill("0")
        expect(sampling.locator("#distribution .row .softmax").first).to_have_text("100 %")
        number(sampling, "k =").fill("1000000")
        expect(sampling.locator("#distribution .remark")).to_contain_text("nothing is removed")


def test_the_seed_draws_what_generate_would_and_a_moved_slider_says_when_that_changes(
    sampling: Page, shipped: Pretrained
) -> None:
    seed = next(
        seed
        for seed in range(100)
        if drawn_id(shipped, SamplingSettings(0.0), seed) != drawn_id(shipped, SamplingSettings(2.0), seed)
    )
    with no_request(sampling):
        number(sampling, "Seed").fill(str(seed))
        number(sampling, "T =").fill("0")
        expect(sampling.locator("#distribution .flip")).to_be_visible()
        assert lot(sampling) == drawn_id(shipped, SamplingSettings(0.0), seed)
        for temperature in ("0.5", "1", "1.5", "2"):
            number(sampling, "T =").fill(temperature)
            assert lot(sampling) == drawn_id(shipped, SamplingSettings(float(temperature)), seed)
        expect(sampling.locator("#distribution .flip")).to_contain_text("the same luck now draws")
        expect(sampling.locator("#distribution .row.drawn, #distribution .lot")).not_to_have_count(0)


def test_reroll_is_a_button_and_nothing_else_changes_the_luck(sampling: Page, shipped: Pretrained) -> None:
    seed = number(sampling, "Seed")
    with no_request(sampling):
        slider(sampling, "Temperature").focus()
        for _ in range(20):
            sampling.keyboard.press("ArrowRight")
        expect(seed).to_have_value("42")
        press(sampling, "Re-roll")
        expect(seed).not_to_have_value("42")
    assert lot(sampling) == drawn_id(shipped, SamplingSettings(1.2), int(seed.input_value()))


def test_five_hundred_draws_are_gpt2cores_and_stay_while_a_slider_moves(sampling: Page, shipped: Pretrained) -> None:
    def expected(settings: SamplingSettings, n: int) -> list[str]:
        kept = filtered_logits(last_logits(shipped), settings)
        ids = draws(kept, n, 42).tolist()
        order = falling_order(last_logits(shipped))[:20].tolist()
        return [f"{ids.count(token_id):,}" if kept[token_id] > -math.inf else "" for token_id in order]

    counts = sampling.locator("#distribution .row .tally")
    with no_request(sampling):
        press(sampling, "Draw 500")
        assert counts.all_inner_texts() == expected(SamplingSettings(), 500)
        number(sampling, "T =").fill("1.5")
        number(sampling, "k =").fill("10")
        assert counts.all_inner_texts() == expected(SamplingSettings(1.5, 10), 500)
        press(sampling, "Draw 500")
        assert counts.all_inner_texts() == expected(SamplingSettings(1.5, 10), 1000)
        press(sampling, "Clear")
        assert set(counts.all_inner_texts()) == {""}


def test_the_band_over_all_temperatures_shows_this_draw_and_a_click_on_it_chooses_one(
    sampling: Page, shipped: Pretrained
) -> None:
    expect(sampling.locator("#distribution .sweep:not(.stale)")).to_be_visible()
    pieces = sampling.locator("#distribution .piece title").all_text_contents()
    spans = [re.search(r"from T = ([\d.]+) to ([\d.]+)", piece).groups() for piece in pieces]  # type: ignore[union-attr]
    assert (spans[0][0], spans[-1][1]) == ("0.00", "5.00")
    for piece, (start, end) in zip(pieces, spans, strict=True):
        token_id = drawn_id(shipped, SamplingSettings((float(start) + float(end)) / 2), 42)
        assert token_labels([token_id], shipped.tokenizer)[0].text in piece
    sampling.locator("#distribution .sweep").scroll_into_view_if_needed()
    box = at_rest(sampling.locator("#distribution .sweep"))
    with no_request(sampling):
        sampling.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.3)
        chosen = float(number(sampling, "T =").input_value())
    assert 2 < chosen < 4
    assert fit(shares(sampling), expected_shares(shipped, SamplingSettings(chosen)))


def test_the_worked_example_and_logits_of_ones_own(sampling: Page) -> None:
    number(sampling, "T =").fill("0.5")
    with no_request(sampling):
        press(sampling, "Worked example: your own logits")
        assert shares(sampling) == ["84.4 %", "11.4 %", "4.20 %"]
        number(sampling, "T =").fill("2")
        assert shares(sampling) == ["48.1 %", "29.2 %", "22.7 %"]
        own = sampling.get_by_label("Logits of A, B, C")
        own.fill("1, 1")
        assert shares(sampling) == ["50.0 %", "50.0 %"]
        for bad in ("1", "1, x", "", "1e9, 2", ", ".join("1" * 21)):
            own.fill(bad)
            expect(sampling.locator("#distribution .own-refusal")).to_contain_text("Type 2 to 20 numbers")
            assert shares(sampling) == ["50.0 %", "50.0 %"]
        for unclear in ("1,5; 2,5", "1; 2, 3"):
            own.fill(unclear)
            expect(sampling.locator("#distribution .own-refusal")).to_contain_text("leave it open what is a number")
            assert shares(sampling) == ["50.0 %", "50.0 %"]
        press(sampling, "The next token of your sentence")
        expect(sampling.locator("#distribution .row")).to_have_count(20)


def test_the_whole_vocabulary_is_saved_as_a_table_and_the_curves_as_a_picture(
    sampling: Page, shipped: Pretrained
) -> None:
    number(sampling, "k =").fill("30")
    with sampling.expect_download() as table:
        sampling.locator("#sampling-frame").get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(table.value.path().read_text(encoding="utf-8-sig").splitlines()))
    ids = [int(row["id"]) for row in rows]
    assert sorted(ids) == list(range(len(last_logits(shipped))))
    logits = torch.tensor(
        [float(row["logit"]) for row in rows]
    )  # the server may add in another order than this process
    torch.testing.assert_close(logits, last_logits(shipped)[ids], rtol=0, atol=1e-4)
    assert bool((logits[1:] <= logits[:-1]).all())
    saved = torch.tensor([float(row["probability"]) for row in rows], dtype=torch.float64)
    torch.testing.assert_close(
        saved, next_token_probabilities(logits, SamplingSettings(top_k=30)), rtol=1e-9, atol=1e-15
    )
    assert {row["cut by"] for row in rows[30:]} == {"top-k"}
    expect(sampling.locator("#distribution .sweep:not(.stale)")).to_be_visible()
    with sampling.expect_download() as picture:
        sampling.locator("#sampling-frame").get_by_role("button", name="SVG").click()
    assert "curve" in picture.value.path().read_text(encoding="utf-8")


def test_settings_are_part_of_the_link(sampling: Page, shipped: Pretrained) -> None:
    sampling.locator("#sampling-settings").get_by_role("button", name="Balanced").click()
    number(sampling, "Seed").fill("7")
    expect(sampling).to_have_url(re.compile("temperature=0.7.*top_k=50.*seed=7"))
    sampling.goto(sampling.url)
    expect(number(sampling, "T =")).to_have_value("0.7")
    expect(number(sampling, "Seed")).to_have_value("7")
    expect(sampling.locator("#distribution .row").first).to_be_visible()
    assert fit(shares(sampling), expected_shares(shipped, SamplingSettings(0.7, 50)))


def test_the_penalty_has_a_column_of_its_own_beside_the_logits_as_given(sampling: Page, shipped: Pretrained) -> None:
    number(sampling, "r =").fill("1.8")
    given = last_logits(shipped)
    seen = set(shipped.tokenizer.encode(SENTENCE))
    row = sampling.locator("#distribution .row")
    expect(row.first.locator(".repetition_penalty .number")).not_to_be_empty()
    after = torch.tensor([logit / 1.8 if logit > 0 else logit * 1.8 for logit in given.tolist()])
    penalised = torch.where(torch.tensor([index in seen for index in range(len(given))]), after, given)
    order = falling_order(penalised)[:20].tolist()
    for name, values in (("logits", given), ("repetition_penalty", penalised)):
        shown = [float(text) for text in row.locator(f".{name} .number").all_inner_texts()]
        assert shown == pytest.approx([float(values[token_id]) for token_id in order], abs=6e-3)


def test_the_repetition_penalty_weakens_what_the_sentence_holds(sampling: Page, shipped: Pretrained) -> None:
    with no_request(sampling):
        number(sampling, "r =").fill("1.8")
        weakened = pipeline(
            last_logits(shipped), SamplingSettings(repetition_penalty=1.8), shipped.tokenizer.encode(SENTENCE)
        )
        exact = weakened.probabilities[falling_order(weakened.logits)[:20]].tolist()
        assert fit(shares(sampling), list(map(share, exact)))


def test_on_an_earlier_token_the_one_that_came_next_is_marked_with_its_rank(
    sampling: Page, shipped: Pretrained
) -> None:
    sampling.locator("#token-strip .token").nth(0).click()
    expect(sampling.locator("#sampling-frame .title")).to_contain_text("“Once”, token 1 of 7")
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
    share = second.locator(".softmax").inner_text()
    expect(sampling.locator("#distribution .formula .numbers").first).to_contain_text(f"= {share}")


def test_hostile_text_is_shown_as_text_and_runs_nothing(sampling: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    type_sentence(sampling, HOSTILE)
    expect(sampling.locator("#sampling-frame .title")).to_contain_text(f"of {HOSTILE_TOKENS}")
    sampling.locator("#token-strip .token").last.click()
    expect(sampling.locator("#sampling-frame .title")).to_contain_text("“|”")
    sampling.locator("#token-strip .token").nth(0).click()
    expect(sampling.locator("#sampling-frame .title")).to_contain_text("“<”")
    expect(sampling.locator("#distribution .came-next")).to_contain_text("“im”")
    assert sampling.locator("img[src='x']").count() == 0
