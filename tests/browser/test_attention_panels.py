"""Below the Attention tab's figures: what the picked head does to the answer, and two patterns side by side."""

from __future__ import annotations

import csv
import re

import pytest
import torch
from playwright.sync_api import Locator, Page, Request, expect

from explorer.wording.numbers import signed
from gpt2core import Pretrained, analysis, trace
from gpt2core.edits import zero_head, zero_mlp
from tests.browser.conftest import at_rest, cells_of, press_as_soon_as_it_can_be
from tests.browser.readings import change, figure, share, whole

SENTENCE = "Once upon a time there was a"


def measured(page: Page, row: int) -> Locator:
    """Attention, attribution, influence: the number of one of them."""
    return page.locator("#effect-measures .value").nth(row)


def rows_saved(page: Page, frame_id: str) -> list[list[str]]:
    with page.expect_download() as saved:
        page.locator(f"#{frame_id}").get_by_role("button", name="CSV", exact=True).click()
    return list(csv.reader(saved.value.path().read_text(encoding="utf-8-sig").splitlines()))


def is_gpt2cores(page: Page, shipped: Pretrained) -> None:
    """All numbers of head 2 of layer 1 at the last token, for “·little” over “·big”."""
    ids = shipped.tokenizer.encode(SENTENCE)
    little, big = (shipped.tokenizer.encode(word)[0] for word in (" little", " big"))
    seen, without = trace(shipped.model, ids), trace(shipped.model, ids, {"logits"}, [zero_head(1, 2)])
    added = analysis.head_logits(seen, shipped.model, 1, 2)
    answer = [float(one["logits"][-1, little] - one["logits"][-1, big]) for one in (seen, without)]
    shares = [share(float(one["logits"][-1].softmax(-1)[little])) for one in (seen, without)]
    expect(page.get_by_label("Token to come")).to_have_value("·little")
    expect(page.locator("#effect-all-frame .title")).to_have_text("All heads: “·little” over “·big”")
    numbers = (
        share(float(seen["pattern", 1][2, -1].max())),
        change(float(added[little] - added[big])),
        change(answer[0] - answer[1]),
    )
    for place, number in enumerate(whole(*numbers)):
        expect(measured(page, place)).to_have_text(number)
    expect(page.locator("#effect-measures")).to_contain_text(
        re.compile(f"share of “·little” {shares[0]} → {shares[1]}")
    )
    expect(page.locator("#effect-measures .told")).to_contain_text(re.compile(change(answer[1] - answer[0])))
    most = shipped.tokenizer.decode([int(added.argmax())]).replace(" ", "·")
    expect(page.locator("#effect-promoted .token-bar-text").first).to_have_text(most)
    least = signed(float(added.min()))
    expect(page.locator("#effect-suppressed .token-bar-value").first).to_have_text(least)
    rows = rows_saved(page, "effect-frame")
    assert [round(float(row[2]), 4) for row in rows[2:5]] == [
        round(float(one), 4) for one in (added[little] - added[big], added[little], added[big])
    ]


def test_attention_attribution_and_influence_stand_side_by_side_and_follow_the_page(
    blank: Page, app_url: str, shipped: Pretrained
) -> None:
    page, asked = blank, list[str]()

    def note(request: Request) -> None:
        if request.method == "POST":
            asked.append(request.post_data or "")

    page.goto(
        f"{app_url}/?text={SENTENCE.replace(' ', '+')}&tab=attention&layer=1&head=2&effect_token=·little&effect_against=·big"
    )
    is_gpt2cores(page, shipped)  # the boxes came with the link
    # a head picked in the matrix of all heads moves the page, with one request
    grid = page.locator("#effect-heads .matrix-grid")
    left, top, width, height = cells_of(grid)
    page.on("request", note)
    grid.click(position={"x": left + 3.5 * width / 6, "y": top + 4.5 * height / 6})
    expect(page.locator("#attention-frame .title")).to_have_text("Layer 4, head 3")
    expect(page.locator("#effect-frame .title")).to_contain_text("Layer 4, head 3")
    assert len(asked) == 1
    # what is typed is read when typing rests, or on Enter; what is no token is refused, and stays
    asked.clear()
    page.get_by_label("Token to come").press("Control+a")
    page.keyboard.type("·cat", delay=60)
    page.keyboard.press("Enter")
    expect(page.locator("#effect-all-frame .title")).to_have_text("All heads: “·cat” over “·big”")
    page.get_by_label("compared with").fill("")
    expect(page.locator("#effect-all-frame .title")).to_have_text("All heads: the logit of “·cat”")
    assert len(asked) <= 3
    page.get_by_label("compared with").fill("·cat")
    expect(page.locator("#effect-measures")).to_have_attribute("data-stale", re.compile("stands on both sides"))
    expect(page.get_by_label("compared with")).to_have_value("·cat")
    expect(page.locator("#attention-heatmap")).not_to_have_attribute("data-stale", re.compile("."))
    page.get_by_label("compared with").fill("")
    # of one token every number opens where it comes from
    expect(page.locator("#effect-measures")).not_to_have_attribute("data-stale", re.compile("."))
    page.locator("#effect-measures .detail .number").first.click()
    expect(page.locator("#drawer")).to_contain_text("A head’s part of a logit")
    page.keyboard.press("Escape")
    # switched off: on the page, and said
    page.get_by_role("button", name="Try it: off in every tab").click()
    expect(page.locator("#edits-line")).to_contain_text("head 3 of layer 4 off")
    expect(page.locator("#effect-measures .told")).to_contain_text("switched off on the page")
    expect(page.locator("#promoted-frame .summary")).to_contain_text("the head is off")
    page.get_by_role("button", name="Back on in every tab").click()
    expect(page.locator("#edits-line .edit")).to_have_count(0)
    expect(page.locator("#effect-measures .told")).not_to_contain_text("switched off on the page")


def test_the_heads_stop_where_they_are_told_to_and_go_on_from_there(blank: Page, app_url: str) -> None:
    page = blank
    text = "One+day+" * 120  # long enough that 36 heads take a while
    page.goto(f"{app_url}/?text={text}&tab=attention")
    expect(page.locator("#effect-influences .matrix-read")).not_to_be_empty()
    page.locator("#effect-all-start").click()
    press_as_soon_as_it_can_be(page, "#effect-all-stop")
    status = page.locator("#effect-all-status")
    expect(status).to_contain_text("Press again to go on")
    done = int(re.search(r"Stopped: (\d+)", status.inner_text())[1])
    assert done < 36
    page.locator("#effect-all-start").click()
    expect(status).to_contain_text("Done: 36 heads switched off")


def test_all_heads_are_switched_off_in_turn_and_stand_against_each_other(
    blank: Page, app_url: str, shipped: Pretrained
) -> None:
    page, asked = blank, list[str]()
    page.goto(
        f"{app_url}/?text={SENTENCE.replace(' ', '+')}&tab=attention&layer=1&head=2&effect_token=·little&effect_against=·big"
    )
    expect(page.locator("#effect-plane .plane-read")).to_contain_text("Press “Switch every head off in turn”")
    expect(page.locator("#effect-influences .matrix-read")).not_to_be_empty()
    page.get_by_role("button", name="Switch every head off in turn").click()
    expect(page.locator("#effect-all-status")).to_contain_text("36 heads switched off, one at a time")
    dots = page.locator("#effect-plane .plane-grid .plane-dot")
    expect(dots).to_have_count(36)
    ids = shipped.tokenizer.encode(SENTENCE)
    little, big = (shipped.tokenizer.encode(word)[0] for word in (" little", " big"))
    seen = trace(shipped.model, ids)
    rows = rows_saved(page, "effect-all-frame")[1:]
    assert [(int(row[0]), int(row[1])) for row in rows] == [(layer, head) for layer in range(6) for head in range(6)]

    def answer(logits: torch.Tensor) -> float:
        return float(logits[little] - logits[big])

    for layer in range(6):
        for head in range(6):
            without = trace(shipped.model, ids, {"logits"}, [zero_head(layer, head)])["logits"][-1]
            adds = answer(analysis.head_logits(seen, shipped.model, layer, head))
            told = [float(number) for number in rows[6 * layer + head][2:4]]
            assert told == pytest.approx([adds, answer(seen["logits"][-1]) - answer(without)], abs=1e-4)
    # a click on a point picks its head on the whole page, in one request; the picked one wears a ring
    dots.first.evaluate("(dot) => dot.scrollIntoView({ block: 'center' })")
    at_rest(page.locator("#effect-plane .plane-grid"))
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    box = page.locator("#effect-plane [data-head='5.5'] .plane-mark").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    ring = page.locator("#effect-plane .plane-grid .plane-dot.plane-picked")
    expect(ring).to_have_count(1)
    layer, head = (ring.get_attribute("data-head") or "").split(".")  # 5.5, or one that lies on it
    expect(page.locator("#effect-frame .title")).to_contain_text(f"Layer {layer}, head {head}")
    expect(page.locator("#attention-frame .title")).to_have_text(f"Layer {layer}, head {head}")
    assert len(asked) == 1
    # keys walk by layer and head, and light the head in both matrices
    page.locator("#effect-plane .plane-grid").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#effect-plane .plane-read")).to_contain_text(f"layer {max(0, int(layer) - 1)}, head 0")
    read = page.locator("#effect-influences .matrix-read")
    expect(read).to_contain_text(f"layer {max(0, int(layer) - 1)}, head 0: ")
    page.keyboard.press("Enter")
    expect(page.locator("#effect-frame .title")).to_contain_text(f"Layer {max(0, int(layer) - 1)}, head 0")
    # another token has another answer: nothing is known of it yet, and what was known comes back with the token
    page.locator("#token-strip .token").nth(3).click()
    expect(dots).to_have_count(0)
    page.locator("#token-strip .token").last.click()
    expect(dots).to_have_count(36)


def matrix_titles(page: Page) -> Locator:
    return page.locator("#pair-frame .matrix-title")


def cell(grid: Locator, row: int, column: int, n: int) -> dict[str, float]:
    """Where the middle of a cell of a matrix of n tokens lies."""
    left, top, width, height = cells_of(grid)
    return {"x": left + (column + 0.5) * width / n, "y": top + (row + 0.5) * height / n}


def test_two_patterns_stand_side_by_side_with_their_difference(blank: Page, app_url: str, shipped: Pretrained) -> None:
    page, asked = blank, list[str]()
    chosen = "right_head=3&right_layer=2&right_edits=mlp:0&right_changes=without"
    page.goto(f"{app_url}/?text={SENTENCE.replace(' ', '+')}&tab=attention&layer=1&head=2&edits=head:0.1&{chosen}")
    ids = shipped.tokenizer.encode(SENTENCE)
    left = trace(shipped.model, ids, {"pattern"}, [zero_head(0, 1)])["pattern", 1][2]
    right = trace(shipped.model, ids, {"pattern"}, [zero_mlp(0)])["pattern", 2][3]
    # what the link chose
    changed = "Right: layer 2, head 3 · without the page’s changes · MLP of layer 0 off"
    expect(matrix_titles(page)).to_have_text(["Left: layer 1, head 2", changed, "Right − left · blue: more"])
    expect(page.get_by_label("Right: one more change")).to_have_value("mlp:0")
    query, key = divmod(int((right - left).abs().argmax()), len(ids))
    most = abs(float((right - left)[query, key]))
    expect(page.locator("#pair-frame .summary")).to_contain_text(
        re.compile(rf"\({query}\) looks {figure(most)} (more|less) at .* \({key}\)")
    )
    rows = rows_saved(page, "pair-frame")
    for one in rows[1:]:
        at = int(one[0]), int(one[3])
        weights = float(left[at]), float(right[at]), float(right[at] - left[at])
        assert [float(number) for number in one[6:]] == pytest.approx(weights, abs=1e-5)
    assert len(rows) == 1 + len(ids) * (len(ids) + 1) // 2
    # the cell that is read on one side is read on the others, and lights the token everywhere
    grid = page.locator("#pair-left .matrix-grid")
    grid.scroll_into_view_if_needed()
    grid.hover(position=cell(grid, 4, 1, len(ids)))
    for name, weights in (("left", left), ("right", right)):
        (told,) = whole(rf"from “·there” \(4\) at “·upon” \(1\): {share(float(weights[4, 1]))}")
        expect(page.locator(f"#pair-{name} .matrix-read")).to_have_text(told)
    expect(page.locator("#pair-difference .matrix-read")).to_contain_text("from “·there” (4) at “·upon” (1)")
    # a head picked elsewhere moves the left side, in one request; the right one stays where it was put
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#head-overview").get_by_role("gridcell", name="Layer 3, head 4", exact=True).click()
    expect(matrix_titles(page)).to_have_text(["Left: layer 3, head 4", changed, "Right − left · blue: more"])
    assert len(asked) == 1
    # another sentence with another number of tokens has no difference
    page.get_by_label("Right: one more change").fill("")
    page.get_by_label("Right: sentence").fill("<b> ran")
    expect(page.locator("#pair-frame .summary")).to_contain_text("a difference needs as many on both sides")
    expect(matrix_titles(page).nth(1)).to_contain_text("“<b> ran”")
    # what cannot be read is said where it is, and the left side stays
    page.get_by_label("Right: one more change").fill("hed:0.1")
    expect(page.locator("#pair-right")).to_have_attribute("data-stale", re.compile("Right side: There is no edit"))
    expect(page.locator("#pair-left")).not_to_have_attribute("data-stale", re.compile("."))
    page.get_by_label("Right: one more change").fill("")
    page.get_by_label("Right: sentence").fill("")
    expect(page.locator("#pair-right")).not_to_have_attribute("data-stale", re.compile("."))
    # the model as it is can be opened where its numbers come from
    grid = page.locator("#pair-right .matrix-grid")
    grid.dblclick(position=cell(grid, 4, 1, len(ids)))
    expect(page.locator("#drawer")).to_contain_text("as it is, without the changes on screen")
    page.wait_for_url(re.compile("right_head=3"))
