"""The Model tab in a real browser: what the map reads, what it moves and what moves it, its switches, its walk."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from explorer.store.models import CHECKPOINTS
from explorer.widgets.map import N_STOPS
from explorer.wording.text import token_labels
from gpt2core import Pretrained, Trace, load_pretrained, parse_edits, trace
from gpt2core.analysis import logit_lens, token_losses
from tests.browser import readings
from tests.browser.conftest import (
    HOSTILE,
    at_rest,
    main_figure,
    no_request,
    open_tab,
    put_back,
    put_edits_back,
    type_sentence,
)
from tests.explorer.page.test_example import EXAMPLE

STATES = [
    ("tinystories", "", 21),
    ("tinystories", "head:0.1,mlp:3", 14),
    ("tinystories", "mask,positions", 21),
    ("growth-00800", "", 9),
]


LINK = "?tab=model"


@pytest.fixture
def page(blank: Page) -> Page:
    """For a test that opens its own link."""
    return blank


@pytest.fixture
def example(kept: Page) -> Page:
    """The example on the map, no part of the model switched off, layer 0 and head 1 picked, nothing pressed or read on the map."""
    put_back(kept, EXAMPLE, "Model")
    put_edits_back(kept)
    if not kept.get_by_role("button", name="head 0.1", exact=True).is_visible():
        drawn_map(kept)
        choose(kept, {"kind": "head", "layer": 0, "head": 1})
        kept.mouse.move(0, 0)
    expect(kept.get_by_role("button", name="head 0.1", exact=True)).to_be_visible()
    expect(kept.locator("#map-frame .summary")).to_contain_text("the MLPs hold 1.78 M (41.4 %)")
    return drawn_map(kept)


def said(page: Page) -> str:
    return page.locator(".map-read").inner_text()


def grid(page: Page) -> Locator:
    return page.locator(".map-grid")


def opened(page: Page, app_url: str, **query: object) -> Page:
    page.goto(f"{app_url}/?{urllib.parse.urlencode({'tab': 'model', 'text': EXAMPLE, **query})}")
    return drawn_map(page)


def drawn_map(page: Page) -> Page:
    """Once all of the tab is there and nothing on it moves any more."""
    main_figure(page)
    expect(page.locator(".map-read")).not_to_be_empty()
    expect(page.locator("#laws-frame .title")).not_to_be_empty()
    at_rest(page.locator("#sizes-start"))  # the lowest of what is pressed here
    return page


class Expected:
    """What the map must say, computed here."""

    def __init__(self, gpt: Pretrained, edits: str, token: int) -> None:
        self.gpt, self.token = gpt, token
        self.ids = gpt.tokenizer.encode(EXAMPLE)
        changes = parse_edits(edits, gpt.model.config, len(self.ids))
        self.seen: Trace = trace(gpt.model, self.ids, edits=[change.edit() for change in changes])
        self.texts = [label.text for label in token_labels(self.ids, gpt.tokenizer)]

    def text(self, token_id: int) -> str:
        return token_labels([token_id], self.gpt.tokenizer)[0].text

    def length(self, site: str, layer: int | None) -> float:
        return float(self.seen[site, layer][self.token].double().norm())

    def written(self, site: str, layer: int) -> float:
        added = self.length(site, layer)
        return added / (added + self.length("resid_mid" if site == "attn_out" else "resid_post", layer))

    def head(self, layer: int, head: int) -> tuple[int, float]:
        row = self.seen["pattern", layer][head, self.token]
        return int(row.argmax()), float(row.max())

    def guess(self, layer: int) -> tuple[str, float]:
        shares = logit_lens(self.seen, self.gpt.model, layer, positions=[self.token])[0].detach().softmax(-1)
        return self.text(int(shares.argmax())), float(shares.max())


def number(sentence: str, before: str) -> float:
    """The number after these words."""
    return float(re.search(rf"{re.escape(before)} ([−\d.,e]*\d)", sentence)[1].replace("−", "-").replace(",", ""))


def share(sentence: str) -> float:
    return float(re.search(r"([\d.]+) %", sentence)[1]) / 100


@pytest.mark.parametrize(("model", "edits", "token"), STATES)
def test_every_place_reads_what_gpt2core_computes(page: Page, app_url: str, model: str, edits: str, token: int) -> None:
    folder = CHECKPOINTS / (model if model == "tinystories" else f"growth/step-{model[-5:]}")
    expected = Expected(load_pretrained(folder), edits, token)
    config = expected.gpt.model.config
    opened(page, app_url, model=model, edits=edits, token=token)
    grid(page).focus()
    page.keyboard.press("ArrowRight")
    assert number(said(page), "length") == pytest.approx(expected.length("tok_emb", None), rel=6e-4)
    page.keyboard.press("ArrowDown")
    if expected.length("pos_emb", None):
        assert number(said(page), "length") == pytest.approx(expected.length("pos_emb", None), rel=6e-4)
    read = 2
    for layer in range(config.n_layers):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Home")
        assert f"Layer {layer} at “{expected.texts[token]}” ({token})" in said(page)
        assert number(said(page), "the stream is") == pytest.approx(expected.length("resid_post", layer), rel=6e-4)
        for head in range(config.n_heads):
            page.keyboard.press("ArrowDown")
            key, weight = expected.head(layer, head)
            told = said(page)
            assert told.startswith(f"Head {head} of layer {layer}: ")
            assert re.search(readings.share(weight), told)
            assert f"at “{expected.texts[key]}” ({key})" in told
        page.keyboard.press("ArrowDown")
        assert f"MLP of layer {layer}: {4 * config.emb_dim} neurons" in said(page)
        for site in ("attn_out", "mlp_out"):
            page.keyboard.press("ArrowDown")
            assert number(said(page), "a vector of length") == pytest.approx(
                expected.length(site, layer), rel=6e-4, abs=1e-6
            )
            assert share(said(page)) == pytest.approx(expected.written(site, layer), rel=6e-3, abs=6e-6)
        page.keyboard.press("ArrowDown")
        text, certain = expected.guess(layer)
        assert f"After layer {layer} the model would say “{text}” with" in said(page)
        assert share(said(page)) == pytest.approx(certain, rel=6e-3, abs=6e-6)
        read += config.n_heads + 5
    page.keyboard.press("ArrowRight")
    assert number(said(page), f"“{expected.texts[token]}” ({token}),") == pytest.approx(
        expected.length("resid_post", config.n_layers - 1), rel=6e-4
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    shares = expected.seen["logits"][token].double().softmax(-1)
    for place in range(8):
        told = said(page)
        token_id = int(re.search(r"\(id ([\d,]+)\)", told)[1].replace(",", ""))
        assert expected.text(token_id) in told
        assert share(told) == pytest.approx(float(shares[token_id]), rel=6e-3, abs=6e-6)
        assert edits or token_id == int(shares.argsort(descending=True)[place])
        page.keyboard.press("ArrowDown")
        read += 1
    assert read == 10 + config.n_layers * (config.n_heads + 5)  # 76, three times, and 10 + 4 * 9


@pytest.mark.parametrize(("layer", "head", "edits"), [(0, 1, ""), (4, 5, "mlp:2")])
def test_an_open_layer_holds_the_numbers_of_every_step(
    page: Page, app_url: str, shipped: Pretrained, layer: int, head: int, edits: str
) -> None:
    expected = Expected(shipped, edits, 21)
    opened(page, app_url, layer=layer, head=head, token=21, edits=edits)
    page.get_by_role("button", name=f"Open layer {layer}", exact=True).click()
    expect(page.get_by_role("button", name=f"Close layer {layer}", exact=True)).to_be_visible()
    grid(page).focus()
    page.wait_for_function("document.querySelector('.map').mapBox({ kind: 'strip', step: 14 }) !== null")
    for _ in range(layer + 2):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    sites = ["resid_pre", "ln1", "q", "k", "v", "scores", "pattern", "z", "attn_out", "resid_mid", "ln2", "mlp_pre"]
    sites += ["mlp_post", "mlp_out", "resid_post"]
    for site in sites:
        page.keyboard.press("ArrowDown")
        values = expected.seen[site, layer]
        values = values[head, 21] if values.dim() == 3 else values[21]
        for key, at in (("Home", 0), ("ArrowRight", 1), ("End", len(values) - 1)):
            page.keyboard.press(key)
            told = said(page)
            assert f"number {at}: " in told or f"({at}): " in told
            value = float(re.search(r": ([<> ]*[−\d.e]+)(?: %)?$", told)[1].replace("−", "-").strip("<> "))
            if site == "pattern":
                assert re.search(readings.share(float(values[at])), told)
            else:
                assert value == pytest.approx(float(values[at]), rel=2e-5, abs=1e-7)


def test_a_steps_name_leads_to_its_largest_number_and_a_closed_layer_is_forgotten(
    page: Page, app_url: str, shipped: Pretrained
) -> None:
    values = Expected(shipped, "", 21).seen["mlp_post", 3][21]
    opened(page, app_url, layer=3, opened=1, token=21)
    page.wait_for_function("document.querySelector('.map').mapBox({ kind: 'strip', step: 14 }) !== null")
    choose(
        page, {"kind": "strip", "step": 12}, (0.03, 0.5)
    )  # its name; the page fixture fails on an error of the script
    page.mouse.move(2, 2)
    told = said(page)
    assert f"number {int(values.abs().argmax())}: " in told
    assert number(told, f"number {int(values.abs().argmax())}:") == pytest.approx(float(values.abs().max()), rel=2e-5)
    page.get_by_role("button", name="Close layer 3", exact=True).click()
    expect(page.locator(".map-read")).to_contain_text("Point at anything")


def test_what_was_clicked_is_not_told_of_any_more_once_the_cursor_has_moved_elsewhere(example: Page) -> None:
    page = example
    choose(page, {"kind": "token", "token": 20})
    page.mouse.move(2, 2)
    expect(page.locator(".map-read")).to_contain_text("“·saw” is token")
    page.locator("#token-strip .token").nth(18).click()
    expect(page.locator(".map-read")).to_contain_text("Point at anything")


def test_the_map_stands_still_whatever_is_said_above_it(example: Page) -> None:
    page = example
    before, told = at_rest(grid(page)), said(page)
    page.locator(".map-read").evaluate("(line) => { line.textContent = 'word '.repeat(60); }")
    assert at_rest(grid(page)) == before
    page.locator(".map-read").evaluate("(line) => { line.textContent = ''; }")
    assert at_rest(grid(page)) == before
    page.locator(".map-read").evaluate("(line, told) => { line.textContent = told; }", told)


def test_a_head_a_token_and_a_layer_chosen_on_the_map_move_every_tab(example: Page) -> None:
    page = example
    with no_request(page):
        choose(page, {"kind": "head", "layer": 3, "head": 4})
        page.wait_for_function("location.search.includes('layer=3') && location.search.includes('head=4')")
        choose(page, {"kind": "token", "token": 18})
        expect(page.locator("#token-strip .token").nth(18)).to_have_attribute("aria-selected", "true")
        page.locator("#token-strip .token").nth(20).click()
        expect(page.get_by_role("button", name="head 3.4", exact=True)).to_be_visible()
    open_tab(page, "Attention")
    expect(page.locator("#attention-frame .title")).to_have_text("Layer 3, head 4")


def choose(page: Page, place: dict[str, object], part: tuple[float, float] = (0.5, 0.5)) -> None:
    """A click on what the map shows of a place, in its middle if nothing else is said."""
    at_rest(grid(page))
    page.wait_for_function("(place) => Number.isFinite(document.querySelector('.map').mapBox(place)?.y)", arg=place)
    box = page.locator(".map").evaluate("(map, place) => map.mapBox(place)", place)
    grid(page).click(position={"x": box["x"] + part[0] * box["width"], "y": box["y"] + part[1] * box["height"]})


def bars(page: Page) -> list[str]:
    """The next tokens as the map's keys read them."""
    grid(page).focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    told = []
    for _ in range(6):
        told.append(said(page))
        page.keyboard.press("ArrowDown")
    return told


def test_a_switch_says_what_it_does_at_once_and_undo_brings_the_exact_numbers_back(
    example: Page, shipped: Pretrained
) -> None:
    page = example
    before = bars(page)
    page.get_by_role("button", name="MLP 0", exact=True).click()
    expect(page.locator("#edits-line")).to_contain_text("MLP of layer 0 off")
    loss = [float(token_losses(Expected(shipped, edits, 21).seen).double().mean()) for edits in ("", "mlp:0")]
    expect(page.locator("#map-frame .summary")).to_contain_text(
        re.compile(f"from {readings.figure(loss[0], 3)} to {readings.figure(loss[1], 3)} nats a token")
    )
    expect(page.get_by_role("button", name="MLP 0", exact=True)).to_have_attribute("aria-pressed", "true")
    after = bars(page)
    assert after != before
    assert all("Before the change:" in told for told in after)
    page.get_by_role("button", name="MLP 0", exact=True).click()
    expect(page.locator("#edits-line .edit")).to_have_count(0)
    expect(page.locator("#map-frame .summary")).to_contain_text("the MLPs hold 1.78 M (41.4 %)")
    assert bars(page) == before


def test_a_second_switch_pressed_while_the_first_is_read_is_not_lost(page: Page, app_url: str) -> None:
    opened(page, app_url, layer=2, head=3)
    on_hold: list[Route] = []

    def hold_the_reading(route: Route) -> None:
        if not on_hold and "mlp:2" in (route.request.post_data or ""):
            on_hold.append(route)
        else:
            route.continue_()

    page.route("**/gradio_api/run/**", hold_the_reading)
    page.get_by_role("button", name="MLP 2", exact=True).click()
    while not on_hold:  # the reading has been asked for
        page.wait_for_timeout(20)
    page.get_by_role("button", name="head 2.3", exact=True).click()
    on_hold[0].continue_()
    expect(page.locator("#edits-line .edit")).to_have_count(3)  # both, and "Undo all"
    page.wait_for_function("decodeURIComponent(location.search).includes('edits=mlp:2,head:2.3')")


def test_every_kind_of_part_has_its_switch_and_a_pair_of_tokens_its_link(page: Page, app_url: str) -> None:
    opened(page, app_url, layer=2, head=3)
    page.get_by_role("button", name="to 0", exact=True).first.click()
    for name, edit in (("head 2.3", "mean-head:2.3"), ("attention 2", "mean-attention:2"), ("layer 2", "mean-layer:2")):
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_function(f"decodeURIComponent(location.search).includes('{edit}')")
    for name in ("shortcuts 2", "mask", "positions", "all norms", "÷ √D"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "false")
    page.locator("#edits-line").get_by_role("button", name="Undo all").click()
    expect(page.locator("#edits-line .edit")).to_have_count(0)
    choose(page, {"kind": "head", "layer": 2, "head": 3}, (5.5 / 22, 20.5 / 22))
    expect(page.locator(".map-read")).to_contain_text("(20) at “·and” (5)")  # what the finger reads is what it chooses
    page.get_by_role("button", name="link 20 → 5", exact=True).click()
    expect(page.locator("#edits-line")).to_contain_text("token 20 does not see token 5")


def test_on_a_low_window_what_is_read_in_the_map_is_not_cut(page: Page, app_url: str) -> None:
    page.set_viewport_size({"width": 853, "height": 480})
    opened(page, app_url)
    page.get_by_role("button", name="What matters?").click()
    told = page.locator(".map-read")
    expect(told).to_contain_text("costs most")
    assert told.evaluate("(line) => line.scrollHeight <= line.clientHeight")


def test_the_walk_goes_from_bytes_to_the_drawn_token_and_round_again(page: Page, app_url: str) -> None:
    opened(page, app_url, walk=3)
    caption = page.locator(".map-caption")
    expect(caption).to_contain_text(f"3 of {N_STOPS}.")
    expect(caption).to_contain_text("Two tables are looked up")
    seen = set()
    for stop in range(3, N_STOPS + 1):
        expect(caption).to_contain_text(f"{stop} of {N_STOPS}.")
        seen.add(caption.inner_text())
        if stop < N_STOPS:
            page.get_by_role("button", name="Next ▶").click()
    assert len(seen) == N_STOPS - 2
    assert not any("{" in told or "…" in told for told in seen)
    drawn = re.search(r"is drawn: “(.+?)”", caption.inner_text())[1]
    page.get_by_role("button", name="Next ▶").click()
    expect(page.locator("#token-strip .token")).to_have_count(23)
    expect(page.locator("#token-strip .token").last).to_have_text(drawn)
    expect(caption).to_contain_text(f"2 of {N_STOPS}.")
    page.get_by_role("button", name="Next ▶").focus()
    page.keyboard.press("ArrowLeft")
    expect(caption).to_contain_text(f"1 of {N_STOPS}.")
    page.keyboard.press("Escape")
    expect(caption).to_be_hidden()
    page.wait_for_function("!location.search.includes('walk=')")


def test_the_walk_plays_and_pauses(page: Page, app_url: str) -> None:
    opened(page, app_url, walk=1)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".map-caption")).to_contain_text(f"2 of {N_STOPS}.")
    page.get_by_role("button", name="Pause here", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_a_chosen_next_token_shows_its_share_along_the_way_and_is_in_the_link(
    page: Page, app_url: str, shipped: Pretrained
) -> None:
    expected = Expected(shipped, "", 21)
    token_id = int(expected.seen["logits"][21].argsort(descending=True)[2])
    opened(page, app_url, next=token_id, token=21)
    grid(page).focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    told = said(page)
    layer = int(re.search(r"After layer (\d)", told)[1])
    lens = logit_lens(expected.seen, shipped.model, layer, positions=[21])[0].detach().softmax(-1)
    assert f"“{expected.text(token_id)}” has" in told
    assert share(told) == pytest.approx(float(lens[token_id]), rel=6e-3, abs=6e-6)


def test_the_bars_follow_the_sampling_settings(page: Page, app_url: str) -> None:
    opened(page, app_url, temperature=0, token=21)
    expect_bars(page, lambda told: "100 %" in told[0])
    open_tab(page, "Sampling")
    page.locator("#sampling-settings").get_by_role("button", name=re.compile("^creative", re.I)).click()
    open_tab(page, "Model")
    expect_bars(page, lambda told: "100 %" not in told[0])


def expect_bars(page: Page, holds: Callable[[list[str]], bool]) -> None:
    for _ in range(200):
        if holds(bars(page)):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"the bars read {bars(page)}")


def test_the_ranking_names_what_costs_most_and_a_row_switches_it_off(example: Page) -> None:
    page = example
    page.get_by_role("button", name="What matters?", exact=True).click()
    expect(page.locator("#rank-status .notice")).to_contain_text("All 42 heads and MLPs have been switched off")
    expect(page.locator(".map-read")).to_contain_text("Without the MLP of layer 0 the loss rises most")
    rows = page.locator("#rank-list .ranking-row")
    expect(rows).to_have_count(42)
    expect(rows.first).to_contain_text("MLP of layer 0")
    rows.nth(2).click()
    expect(rows.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#map-frame .summary")).to_contain_text("nats a token")  # what the change did has been computed
    expect(page.locator("#rank-list[data-stale]")).to_have_count(0)
    expect(page.locator(".map-read")).to_contain_text("Without the MLP of layer 0 the loss rises most")
    rows.nth(2).click()
    expect(page.locator("#edits-line .edit")).to_have_count(0)
    type_sentence(page, "The cat sat")
    expect(page.locator("#rank-list")).to_have_attribute("data-stale", re.compile("Of another"))


def test_a_part_that_is_switched_off_says_so_where_its_numbers_are_read(page: Page, app_url: str) -> None:
    opened(page, app_url, layer=2, head=3, edits="mlp:2,mean-head:2.3")
    choose(page, {"kind": "mlp", "layer": 2})
    expect(page.locator(".map-read")).to_contain_text("It is switched off: what it computes goes nowhere.")
    choose(page, {"kind": "head", "layer": 2, "head": 3})
    expect(page.locator(".map-read")).to_contain_text("It is set to its mean: what it computes here goes nowhere.")
    choose(page, {"kind": "head", "layer": 2, "head": 2})
    expect(page.locator(".map-read")).to_contain_text("Head 2 of layer 2")
    expect(page.locator(".map-read")).not_to_contain_text("goes nowhere")


def test_the_laws_hold_for_what_is_on_screen(example: Page) -> None:
    page = example
    page.locator("#check").click()
    expect(page.locator("#laws-status .notice")).to_contain_text(
        re.compile(r"All 11 laws hold, over [\d,]+ numbers compared")
    )
    expect(page.locator("#laws li")).to_have_count(11)
    expect(page.locator("#laws li[data-broken]")).to_have_count(0)


def test_the_sizes_show_both_counts_of_124m(example: Page) -> None:
    page = example
    page.locator("#sizes-start").click()
    expect(page.locator("#sizes-status .notice")).to_contain_text("163,009,536")
    expect(page.locator("#sizes-table")).to_contain_text("124,439,808")
    expect(page.locator("#sizes-plot .slicetext").first).to_be_visible()


def test_hostile_text_is_shown_as_text_on_the_map(page: Page, app_url: str) -> None:
    opened(page, app_url)
    type_sentence(page, HOSTILE)
    expect(page.locator("#status .notice")).to_contain_text("77 of 256 tokens")
    main_figure(page)
    choose(page, {"kind": "token", "token": 76})
    expect(page.locator(".map-read")).to_contain_text("at position 76")
    assert page.locator("#map-frame img").count() == 0


def test_one_token_and_a_single_line_make_sense(page: Page, app_url: str) -> None:
    opened(page, app_url)
    type_sentence(page, "a")
    expect(page.locator("#status .notice")).to_contain_text("1 of 256 tokens")
    main_figure(page)
    assert len(bars(page)) == 6


def test_on_a_phone_a_tap_chooses_and_the_map_stays_within_the_page(browser: Browser, app_url: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = opened(context.new_page(), app_url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    at_rest(grid(page))
    box = page.locator(".map").evaluate("(map) => map.mapBox({ kind: 'head', layer: 0, head: 3 })")
    grid(page).tap(position={"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2})
    expect(page.locator(".map-read")).to_contain_text("Head 3 of layer 0")
    page.wait_for_function("location.search.includes('head=3')")
    context.close()


PLACES = [
    ({"kind": "head", "layer": 4, "head": 2}, "Attention pattern, layer 4, head 2"),
    ({"kind": "written", "layer": 2, "token": 21, "site": "mlp_out"}, "Length of"),
    ({"kind": "embed", "token": 21, "site": "pos_emb"}, "Length of"),
    ({"kind": "guess", "place": 3}, "Guess on the way: share, layer 2"),
    ({"kind": "norm", "token": 21}, "Length of"),
]


def test_every_number_of_the_map_opens_the_drawer(example: Page) -> None:
    page = example
    for place, told in PLACES:
        choose(page, place)
        page.get_by_role("button", name="Where from?", exact=True).first.click()
        expect(page.locator(".drawer")).to_contain_text(told)
        expect(page.locator(".drawer .number [data-stale]")).to_have_count(0)
        page.locator(".drawer .close").click()
        expect(page.locator(".drawer")).to_be_hidden()
