from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from gpt2core import GPTConfig, Pretrained, generate
from gpt2core.sampling import SamplingSettings, falling_order, next_token_probabilities
from gpt2core.trace import trace
from gpt2core.untrained import untrained_model
from tests.browser.conftest import (
    HOSTILE,
    HOSTILE_TOKENS,
    free_port,
    open_tab,
    press_as_soon_as_it_can_be,
    put_back,
    put_settings_back,
    running_app,
    type_sentence,
)
from tests.browser.readings import fit, share
from tests.gpt2core.foreign.test_hub import Hub
from tests.reference import hugging_face_twin, random_model

LINK = "?tab=compare"
SENTENCE = "Once upon a time there was a"
USUAL_B = "Untrained twin"


@pytest.fixture(scope="module")
def untrained(shipped: Pretrained) -> Pretrained:
    return Pretrained(untrained_model(shipped.model.config), shipped.tokenizer)


@pytest.fixture
def compared(kept: Page) -> Page:
    """The sentence compared on a page that is kept, by the usual settings and with the usual model B. A test that lets the models write,
    which would leave its texts behind, takes `compare`."""
    put_back(kept, SENTENCE, "Compare")
    put_settings_back(kept.locator("#compare-settings"))
    menu = kept.locator("#compare-b input")
    if menu.input_value() != USUAL_B:
        choose(kept, "#compare-b", USUAL_B)
    expect(kept.locator("#compare-pairs .scores thead")).to_contain_text(f"B: {USUAL_B}")
    expect(kept.locator("#compare-frame .title")).to_contain_text("after “·a”, token 7 of 7")
    expect(kept.locator("[data-stale]").filter(visible=True)).to_have_count(0)
    return kept


@pytest.fixture
def compare(page: Page) -> Page:
    type_sentence(page, SENTENCE)
    expect(page.locator("#token-strip .token")).to_have_count(7)
    open_tab(page, "Compare")
    expect(page.locator("#compare-frame .title")).to_contain_text("after “·a”, token 7 of 7")
    return page


def choose(page: Page, menu: str, text: str | re.Pattern[str]) -> None:
    """An answer that arrives meanwhile may redraw the menu and so close it: then it is opened again."""
    for _ in range(5):
        page.locator(f"{menu} input").click()
        with contextlib.suppress(PlaywrightTimeout):
            page.locator(menu).get_by_role("option", name=text).click(timeout=5_000)
            return
        page.keyboard.press("Escape")
    pytest.fail(f"{menu} never let {text} be chosen")


def setting(page: Page, label: str) -> Locator:
    return page.locator("#compare-settings").get_by_label(label, exact=True)


def said(page: Page) -> Locator:
    """Why the tab's figure could not be drawn."""
    return page.locator("[role=tabpanel] .sight").filter(visible=True)


def shares(page: Page, side: str) -> list[str]:
    return page.locator(f"#compare-pairs .line.{side} .share").all_inner_texts()


def expected(pretrained: Pretrained, ids: list[int], settings: SamplingSettings) -> list[str]:
    logits = trace(pretrained.model, pretrained.tokenizer.encode(SENTENCE), {"logits"})["logits"][-1]
    probabilities = next_token_probabilities(logits, settings)
    return [share(float(probabilities[token_id])) for token_id in ids]


def likeliest(pretrained: Pretrained) -> list[int]:
    logits = trace(pretrained.model, pretrained.tokenizer.encode(SENTENCE), {"logits"})["logits"][-1]
    return falling_order(logits)[:6].tolist()


def token_ids(page: Page, columns: str, place: int) -> list[int]:
    chips = page.locator(f"{columns} .column").nth(place).locator(".chip").all()
    return [int(re.search(r"id (\d+):", chip.get_attribute("title") or "")[1]) for chip in chips]  # type: ignore[index]


def continued(pretrained: Pretrained, n: int, seed: int, **settings: float) -> list[int]:
    steps = generate(pretrained.model, pretrained.tokenizer.encode(SENTENCE), n, seed=seed, **settings)  # type: ignore[arg-type]
    return [step.token_id for step in steps]


def test_trained_and_untrained_stand_side_by_side_with_gpt2cores_numbers(
    compared: Page, shipped: Pretrained, untrained: Pretrained
) -> None:
    ids, settings = likeliest(shipped), SamplingSettings()
    assert fit(shares(compared, "a")[:6], expected(shipped, ids, settings))
    assert fit(shares(compared, "b")[:6], expected(untrained, ids, settings))
    expect(compared.locator("#compare-pairs .sentences")).to_contain_text("They differ in")
    expect(compared.locator("#compare-pairs .scores")).to_contain_text("nats per byte")


def test_settings_moved_here_or_in_another_tab_count(compared: Page, shipped: Pretrained) -> None:
    ids = likeliest(shipped)
    setting(compared, "k =").fill("3")
    expect(compared.locator("#compare-pairs .line.a .mark", has_text="cut").first).to_be_visible()
    assert fit(shares(compared, "a")[:6], expected(shipped, ids, SamplingSettings(top_k=3)))
    open_tab(compared, "Sampling")
    compared.locator("#sampling-settings").get_by_label("T =", exact=True).fill("2")
    open_tab(compared, "Compare")
    wanted = expected(shipped, ids, SamplingSettings(2.0, 3))
    expect(compared.locator("#compare-pairs .line.a .share").first).to_have_text(re.compile(wanted[0]))
    assert fit(shares(compared, "a")[:6], wanted)


def test_a_picked_token_and_a_new_sentence_are_followed(compared: Page) -> None:
    compared.locator("#token-strip .token").nth(1).click()
    expect(compared.locator("#compare-frame .title")).to_contain_text("after “·upon”, token 2 of 7")
    type_sentence(compared, "The dog")
    expect(compared.locator("#compare-frame .title")).to_contain_text("after “·dog”, token 2 of 2")


def test_other_vocabularies_are_compared_only_where_they_can_be(compared: Page) -> None:
    choose(compared, "#compare-b", "Growth, step 200")
    expect(compared.locator("#compare-pairs .sentences")).to_contain_text("A knows 8,192 tokens and B 1,024")
    expect(compared.locator("#compare-pairs .line.b .mark", has_text="not a token").first).to_be_visible()
    expect(compared.locator("#compare-pairs .scores thead")).to_contain_text("B: Growth, step 200")


def test_both_write_what_gpt2core_writes_and_where_they_part_is_marked(
    compare: Page, shipped: Pretrained, untrained: Pretrained
) -> None:
    setting(compare, "Seed").fill("7")
    compare.locator("#compare-settings").get_by_role("button", name="Balanced").click()
    compare.locator("#compare-n-tokens input").fill("12")
    compare.locator("#compare-write").click()
    expect(compare.locator("#compare-writing")).to_contain_text("They part at token")
    chosen = {"temperature": 0.7, "top_k": 50}
    texts = [continued(one, 12, 7, **chosen) for one in (shipped, untrained)]
    assert [token_ids(compare, "#compare-texts", place) for place in (0, 1)] == texts
    place = next(i for i, (x, y) in enumerate(zip(*texts, strict=True)) if x != y)
    for column in compare.locator("#compare-texts .column").all():
        expect(column.locator(".chip").nth(place)).to_have_attribute("data-mark", "they part here ▸")
        expect(column.locator(".chip[data-mark]")).to_have_count(1)
    expect(compare.locator("#compare-writing")).to_contain_text("both throw the dice of seed 7")


def test_samples_differ_only_in_their_seed(compare: Page, shipped: Pretrained) -> None:
    compare.locator("#samples-n-tokens input").fill("8")
    compare.locator("#samples-write").click()
    expect(compare.locator("#samples-writing")).to_contain_text("3 samples of TinyStories")
    assert [token_ids(compare, "#samples-texts", place) for place in range(3)] == [
        continued(shipped, 8, 42 + place) for place in range(3)
    ]
    expect(compare.locator("#samples-texts .title")).to_have_text(["Seed 42", "Seed 43", "Seed 44"])


def test_a_column_is_one_tab_stop_with_arrows_inside(compare: Page) -> None:
    compare.locator("#samples-n-tokens input").fill("5")
    compare.locator("#samples-write").click()
    expect(compare.locator("#samples-writing")).to_contain_text("3 samples")
    column = compare.locator("#samples-texts .column").nth(1)
    expect(column.locator(".chip[tabindex='0']")).to_have_count(1)
    column.locator(".chip").first.focus()
    compare.keyboard.press("End")
    expect(column.locator(".chip").last).to_be_focused()
    expect(column.locator(".detail")).to_contain_text("in the model's own order")
    expect(compare.locator("#samples-texts .column").nth(0).locator(".detail")).to_be_empty()


@pytest.mark.parametrize("what", ["compare", "samples"])
def test_stop_stops_all_columns_and_says_so(compare: Page, what: str) -> None:
    columns = "#compare-texts" if what == "compare" else "#samples-texts"
    type_sentence(compare, "Once upon a time " * 60)  # beyond the context every token takes long
    expect(compare.locator("#compare-frame .title")).to_contain_text("token 241 of 241")
    compare.locator(f"#{what}-n-tokens input").fill("120")
    told = compare.locator(f"#{what}-writing")
    for _ in range(5):  # a starved browser may see the first token when the last is written
        compare.locator(f"#{what}-write").click()
        press_as_soon_as_it_can_be(compare, f"#{what}-stop")
        expect(told).not_to_contain_text("of 120 tokens each")
        if "Stopped" in told.inner_text():
            break
    expect(told).to_contain_text(re.compile(r"Stopped after \d+ tokens? each"))
    compare.wait_for_timeout(1500)  # what was on its way arrives
    first = compare.locator(f"{columns} .column").first.locator(".chip")
    n_written = first.count()
    expect(told).to_contain_text(f"Stopped after {n_written} token")
    compare.wait_for_timeout(1500)
    assert first.count() == n_written < 120


def test_what_cannot_be_done_is_refused_in_a_sentence_and_the_figure_stays(compare: Page) -> None:
    compare.locator("#compare-n-tokens input").fill("1000")
    compare.locator("#compare-write").click()
    expect(compare.locator("#compare-writing [data-kind=refusal]")).to_contain_text(
        "choose a whole number from 1 to 120"
    )
    setting(compare, "T =").fill("-1")
    expect(said(compare)).to_contain_text("The temperature is -1")
    expect(compare.locator("#compare-pairs .row").first).to_be_visible()
    setting(compare, "T =").fill("1")
    expect(said(compare)).to_be_hidden()
    choose(compare, "#compare-b", "Growth, step 0")
    expect(compare.locator("#compare-pairs .scores thead")).to_contain_text("Growth, step 0")
    type_sentence(compare, "word " * 150)
    expect(said(compare)).to_contain_text(
        re.compile(r"Model B: The text is \d+ tokens long; this model reads at most 128")
    )


def test_hostile_text_is_shown_as_text_and_runs_nothing(compare: Page) -> None:
    """The page fixture fails on any dialog or script error."""
    type_sentence(compare, HOSTILE)
    expect(compare.locator("#compare-frame .title")).to_contain_text(f"of {HOSTILE_TOKENS}")
    compare.locator("#compare-n-tokens input").fill("3")
    compare.locator("#compare-write").click()
    expect(compare.locator("#compare-writing")).to_contain_text("They part")
    expect(compare.locator("#compare-texts .prompt").first).to_contain_text("{{7*7}}")
    assert compare.locator("img[src='x']").count() == 0


@pytest.mark.parametrize(
    ("name", "told"),
    [("untrained", "of 256 tokens"), ("growth-00200", "of 128 tokens"), ("tinystories", "of 256 tokens")],
)
def test_a_link_names_its_model(blank: Page, app_url: str, name: str, told: str) -> None:
    page = blank
    page.goto(f"{app_url}?text=The+dog&model={name}&tab=compare")
    expect(page.locator("#status .notice")).to_contain_text(told)
    expect(page.locator("#compare-frame .title")).to_contain_text("What comes after")
    page.wait_for_function(f"location.search.includes('model={name}')")


def test_what_was_trained_here_can_be_compared(compare: Page) -> None:
    open_tab(compare, "Training")
    choose(compare, "#train-size", "mini")
    compare.locator("#train-steps input[type=number]").fill("100")
    compare.locator("#train-start").click()
    expect(compare.locator("#train-status")).to_contain_text("Model menu above", timeout=120_000)
    open_tab(compare, "Compare")
    choose(compare, "#compare-b", re.compile(r"Yours 1 · \d+ steps"))
    expect(compare.locator("#compare-pairs .scores thead")).to_contain_text("B: Yours")


@pytest.fixture(scope="module")
def hub_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A GPT-2 of its vocabulary that is small, but comes in several of the pieces that the library reads at once."""
    folder = tmp_path_factory.mktemp("theirs")
    config = GPTConfig(50_257, 64, 160, 2, 2, qkv_bias=True, tied_head=True)
    hugging_face_twin(random_model(config)).save_pretrained(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_gpt2_is_downloaded_only_when_asked_can_be_stopped_and_opens(
    browser: Browser, tmp_path: Path, hub_files: dict[str, bytes]
) -> None:
    port = free_port()
    endpoint = {"HF_ENDPOINT": f"http://127.0.0.1:{port}", "HF_HUB_CACHE": str(tmp_path / "cache")}
    with running_app(tmp_path / "network", tmp_path / "output", **endpoint, HF_HUB_DISABLE_XET="1") as url:
        page = browser.new_page()
        page.goto(f"{url}?text=The+dog&tab=compare")
        expect(page.locator("#compare-frame .title")).to_contain_text("after “·dog”")
        choose(page, "#compare-b", "GPT-2")
        expect(said(page)).to_contain_text("about 550 MB from huggingface.co")
        page.locator("#compare-download").get_by_role("button", name="Download GPT-2").click()
        status = page.locator("#compare-download-status")
        expect(status.locator("[data-kind=refusal]")).to_contain_text("All other models work without it")
        choose(page, "#compare-b", "Growth, step 30")
        expect(page.locator("#compare-pairs .scores thead")).to_contain_text("Growth, step 30")
        expect(page.locator("#compare-download")).not_to_be_visible()

        choose(page, "#model", "GPT-2")
        expect(page.locator("#status [data-kind=refusal]")).to_contain_text("press “Download GPT-2”")
        with serving(port, hub_files) as hub:
            assert hub.fetched == []  # being chosen downloads nothing
            hub.goes_on.clear()
            page.locator("#download").get_by_role("button", name="Download GPT-2").click()
            status = page.locator("#download-status")
            expect(status).to_contain_text(re.compile(r"GPT-2: 10 of 3\d MB have arrived"))
            page.locator("#download").get_by_role("button", name="Stop the download").click()
            expect(status).to_contain_text("The download is stopped")
            hub.goes_on.set()
            page.locator("#download").get_by_role("button", name="Download GPT-2").click()
            expect(page.locator("#status .notice")).to_contain_text("of 64 tokens")
        expect(page.locator("#download")).not_to_be_visible()
        expect(page.locator("#compare-pairs .scores thead")).to_contain_text("A: GPT-2")
        page.wait_for_function("location.search.includes('model=gpt2')")
        page.close()


@contextlib.contextmanager
def serving(port: int, files: dict[str, bytes]) -> Iterator[Hub]:
    hub = Hub("openai-community/gpt2", port)
    hub.files = files
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    yield hub
    hub.shutdown()
    hub.server_close()
