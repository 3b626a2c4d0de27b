import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from explorer.answers.recipe import Recipe
from explorer.answers.training import TrainingRun, Wishes, sample_text
from explorer.answers.watching import Watch, watched
from tests.browser.conftest import open_tab, press_as_soon_as_it_can_be, put_back, type_sentence, unfold
from tests.browser.readings import either, figure
from tests.explorer.page.test_example import EXAMPLE

PATIENCE = 120_000  # a run shares the processor with whatever else the machine does


@pytest.fixture
def untrained(kept: Page) -> Page:
    """The tab as it opens, with the run that was recorded. A test that starts a run, or fills boxes and leaves them so, takes `page`."""
    put_back(kept, EXAMPLE, "Training")
    expect(kept.locator(".loss-origin")).to_contain_text("Recorded earlier on our machine")
    return kept


def choose_size(page: Page, name: str) -> None:
    box = page.locator("#train-size input")
    box.click()
    page.get_by_role("option", name=name).click()


def start(page: Page) -> None:
    open_tab(page, "Training")
    choose_size(page, "mini")
    page.locator("#train-start").click()


def steps_done(page: Page) -> int:
    return int(page.locator(".loss-facts li").first.inner_text().split()[1].replace(",", ""))


# Pixels of the plot that are neither grey nor white: the curves.
COLOURED = """() => {
  const canvas = document.querySelector('.loss-canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let coloured = 0;
  for (let i = 0; i < data.length; i += 4)
    if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) coloured += 1;
  return coloured;
}"""


def coloured_pixels(page: Page) -> int:
    return page.evaluate(COLOURED)


def set_steps(page: Page, n: int) -> None:
    box = page.locator("#train-steps input[type=number]")
    box.fill(str(n))
    box.press("Tab")


def wait_until_running(page: Page) -> None:
    page.wait_for_function(
        """() => document.querySelector('.loss-origin').textContent === ''
          && document.querySelector('.loss-facts').textContent.includes('tokens a second')""",
        timeout=PATIENCE,
    )


def test_nobody_meets_an_empty_screen_and_the_example_says_that_it_was_recorded(untrained: Page) -> None:
    page = untrained
    expect(page.locator(".loss-origin")).to_contain_text("Recorded earlier on our machine")
    expect(page.locator("#train-samples li").last).to_contain_text("before any training")
    page.wait_for_function("document.querySelector('.loss-canvas').width > 100")
    assert coloured_pixels(page) > 500


def test_a_run_grows_stops_when_told_and_opens_in_every_tab(page: Page) -> None:
    type_sentence(page, "The mill and the mouse")
    open_tab(page, "Training")
    set_steps(page, 3000)
    start(page)
    wait_until_running(page)
    expect(page.locator("#train-start")).to_be_disabled()
    early_step, early_pixels = steps_done(page), coloured_pixels(page)
    page.wait_for_function(
        "/after 375 steps/.test(samples.innerText)".replace("samples", "document.querySelector('#train-samples')"),
        timeout=PATIENCE,
    )
    assert steps_done(page) > early_step
    assert coloured_pixels(page) > early_pixels
    expect(page.locator("#train-samples li").last).to_contain_text("before any training")
    press_as_soon_as_it_can_be(page, "#train-stop")
    expect(page.locator("#train-status")).to_contain_text("chosen in the Model menu", timeout=PATIENCE)
    stopped_at = steps_done(page)
    page.wait_for_timeout(1500)
    assert steps_done(page) == stopped_at
    assert stopped_at < 3000
    expect(page.locator("#train-status")).to_contain_text(f"Stopped after {stopped_at:,} of 3,000 steps")
    expect(page.locator("#train-start")).to_be_enabled()

    assert page.get_by_label("Model", exact=True).input_value().startswith(f"Yours 1 · {stopped_at:,} steps")
    expect(page.locator("#status .notice")).to_contain_text("of 64 tokens")
    open_tab(page, "Tokens")
    expect(page.locator("#token-cards .token-text").first).to_have_text("The")
    shown = "".join(page.locator("#token-cards .token-text").all_inner_texts())
    assert shown == "The·mill·and·the·mouse"


def test_a_page_loaded_anew_during_a_training_goes_on_with_it(page: Page) -> None:
    open_tab(page, "Training")
    set_steps(page, 3000)
    start(page)
    wait_until_running(page)
    page.wait_for_function("location.search.includes('train_runs=')")
    before = steps_done(page)
    page.reload()
    page.wait_for_function(
        f"parseInt(document.querySelector('.loss-facts li')?.textContent.split(' ')[1].replace(',', '')) > {before + 5}",
        timeout=PATIENCE,
    )
    expect(page.locator("#train-start")).to_be_disabled()
    press_as_soon_as_it_can_be(page, "#train-stop")
    expect(page.locator("#train-status")).to_contain_text("chosen in the Model menu", timeout=PATIENCE)


def test_a_link_to_a_run_that_is_gone_says_so_and_keeps_the_recipe(blank: Page, app_url: str) -> None:
    page = blank
    page.goto(f"{app_url}?tab=training&train_size=small&train_runs=trained-nowhere")
    expect(page.locator("#train-status")).to_contain_text("no longer kept on the server")
    assert page.locator("#train-size input").input_value().startswith("small")
    expect(page.locator("#train-start")).to_be_enabled()


def test_a_run_is_paused_stepped_gone_on_with_and_stopped(page: Page) -> None:
    open_tab(page, "Training")
    set_steps(page, 3000)
    start(page)
    wait_until_running(page)
    press_as_soon_as_it_can_be(page, "#train-pause")
    status = page.locator("#train-status")
    expect(status).to_contain_text("Paused after", timeout=PATIENCE)
    paused_at = steps_done(page)
    page.locator("#train-step").click()
    expect(page.locator(".loss-facts li").first).to_contain_text(f"step {paused_at + 1:,} of", timeout=PATIENCE)
    expect(status).to_contain_text(f"Paused after {paused_at + 1:,} steps", timeout=PATIENCE)
    page.locator("#train-go-on").click()
    expect(page.locator(".loss-facts li").first).not_to_contain_text(f"step {paused_at + 1:,} of", timeout=PATIENCE)
    press_as_soon_as_it_can_be(page, "#train-stop")
    expect(status).to_contain_text("chosen in the Model menu", timeout=PATIENCE)


def test_two_runs_stand_in_one_plot_and_the_table_says_what_changed(page: Page) -> None:
    open_tab(page, "Training")
    set_steps(page, 40)
    start(page)
    expect(page.locator("#train-status")).to_contain_text("chosen in the Model menu", timeout=PATIENCE)
    set_steps(page, 60)
    page.locator("#train-start").click()
    expect(page.locator("#train-status")).to_contain_text("Done: 60 steps", timeout=PATIENCE)
    rows = page.locator("#train-runs tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("steps 40 → 60")
    page.locator(".loss-canvas").focus()
    page.keyboard.press("Home")
    expect(page.locator(".loss-read")).to_contain_text("Run 1 here:")
    page.keyboard.press("End")
    expect(page.locator(".loss-read")).to_contain_text("step 60: loss")
    expect(page.locator(".loss-read")).not_to_contain_text("Run 1")
    drawn = coloured_pixels(page)
    rows.nth(0).get_by_role("button", name="Hide").click()
    expect(rows.nth(0).get_by_role("button", name="Show")).to_be_visible()
    page.wait_for_function(f"({COLOURED})() < {drawn}")
    rows.nth(0).get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(1)


def test_the_moments_of_a_run_are_dragged_along_and_every_tab_follows(page: Page) -> None:
    open_tab(page, "Training")
    set_steps(page, 60)
    start(page)
    expect(page.locator("#train-status")).to_contain_text("chosen in the Model menu", timeout=PATIENCE)
    open_tab(page, "Model")
    title = page.locator("#map-frame .title")
    expect(title).to_contain_text("Yours")
    line = page.locator("#moments-line")
    expect(line.locator(".moments-now")).to_have_text("step 60 of 60")
    line.locator(".moments-range").focus()
    page.keyboard.press("Home")
    expect(line.locator(".moments-now")).to_have_text("step 0 of 60")
    expect(title).to_contain_text("Yours, step 0")
    page.wait_for_function("decodeURIComponent(location.search).includes('@0')")
    expect(page.locator("#map-frame [data-stale]")).to_have_count(0)
    line.get_by_role("button", name="Play the training").click()
    expect(title).to_contain_text("Yours, step 60", timeout=PATIENCE)
    page.wait_for_function("decodeURIComponent(location.search).includes('@60')")
    page.reload()
    expect(line.locator(".moments-now")).to_have_text("step 60 of 60")


def test_the_snapshots_that_ship_are_dragged_along_without_any_training(blank: Page, app_url: str) -> None:
    page = blank
    page.goto(f"{app_url}?tab=attention&model=growth-01300")
    line = page.locator("#moments-line")
    now = line.locator(".moments-now")
    expect(now).to_contain_text("of 2,000")
    title = page.locator("#attention-frame .title")
    expect(title).not_to_be_empty()
    line.locator(".moments-range").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    shown = (now.inner_text().split()[1]).replace(",", "")
    page.wait_for_function(f"location.search.includes('growth-{int(shown):05}')")
    expect(page.locator("#model input")).to_have_value(re.compile(rf"Growth, step {int(shown):,}"))
    expect(page.locator("[data-stale]").filter(visible=True)).to_have_count(0)


def test_what_a_run_has_come_to_is_said_with_its_evidence(untrained: Page) -> None:
    page = untrained
    verdict = page.locator("#train-verdict")
    expect(verdict.locator(".verdict-kind")).to_have_text("Memorising")
    passage = verdict.locator("mark").inner_text()
    unfold(page, "Text to learn")
    assert passage in page.locator("#train-text textarea").input_value()


def test_the_curve_is_read_by_keys_and_drawn_against_what_is_chosen(untrained: Page) -> None:
    page = untrained
    usual = page.locator(".loss-of").input_value()
    canvas, read = page.locator(".loss-canvas"), page.locator(".loss-read")
    canvas.focus()
    page.keyboard.press("Home")
    expect(read).to_contain_text("step 1: loss")
    page.keyboard.press("ArrowRight")
    expect(read).to_contain_text("step 2: loss")
    page.locator(".loss-of").select_option("norm")
    page.get_by_label("log scale").check()
    page.wait_for_function("location.search.includes('loss_of=norm') && location.search.includes('loss_log=true')")
    page.reload()
    expect(page.locator(".loss-of")).to_have_value("norm")
    page.locator(".loss-of").select_option(usual)
    page.get_by_label("log scale").uncheck()


def test_a_refused_text_is_kept_and_the_reason_seen(page: Page, tmp_path: Path) -> None:
    open_tab(page, "Training")
    unfold(page, "Text to learn")
    box = page.locator("#train-text textarea")
    box.fill("too short")
    page.locator("#train-start").click()
    expect(page.locator("#train-status")).to_contain_text("needs 650. Add more text")
    assert box.input_value() == "too short"
    expect(page.locator("#train-start")).to_be_enabled()

    picture = tmp_path / "picture.txt"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    page.locator("#train-upload input, input[type=file]").first.set_input_files(picture)
    expect(page.locator("#train-text-told")).to_contain_text("This file is not UTF-8 text")
    assert box.input_value() == "too short"


def test_a_file_opens_in_the_box_as_text_that_runs_nothing(page: Page, tmp_path: Path) -> None:
    open_tab(page, "Training")
    file = tmp_path / "mine.txt"
    unfold(page, "Text to learn")
    file.write_text("<img src=x onerror=alert(1)> ${alert(1)} 漢字 مرحبا\n" * 80, encoding="utf-8")
    page.locator("#train-upload input, input[type=file]").first.set_input_files(file)
    box = page.locator("#train-text textarea")
    page.wait_for_function("document.querySelector('#train-text textarea').value.startsWith('<img')")
    choose_size(page, "mini")
    set_steps(page, 3000)
    page.locator("#train-start").click()
    wait_until_running(page)
    expect(page.locator("#train-samples .sample-prompt").first).to_contain_text("<img")
    press_as_soon_as_it_can_be(page, "#train-stop")
    expect(page.locator("#train-status")).to_contain_text("Stopped after", timeout=PATIENCE)
    assert page.locator("img[src='x']").count() == 0
    assert box.input_value().startswith("<img")


def test_the_second_person_waits_and_a_closed_page_makes_room(page: Page, browser: Browser, app_url: str) -> None:
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(app_url)
    other.locator("#token-strip [role=option]").first.wait_for()
    open_tab(other, "Training")
    other.locator("#train-steps input[type=number]").fill("3000")
    start(other)
    wait_until_running(other)
    start(page)
    expect(page.locator("#train-status")).to_contain_text("Somebody else is training", timeout=PATIENCE)
    expect(page.locator("#train-status")).to_contain_text("queue: 1/1", timeout=PATIENCE)
    other.close()
    wait_until_running(page)
    press_as_soon_as_it_can_be(page, "#train-stop")
    expect(page.locator("#train-status")).to_contain_text("chosen in the Model menu", timeout=PATIENCE)
    assert page.locator("#model input").input_value().startswith("Yours 1")


def test_the_windows_are_walked_by_keys_and_follow_the_recipe(untrained: Page) -> None:
    page = untrained
    usual = page.locator("#train-size input").input_value()
    frame, read = page.locator("#windows-frame"), page.locator(".windows-read")
    expect(frame.locator(".summary")).to_contain_text("windows of 64 tokens, 64 apart")
    pairs = page.locator(".windows-pair")
    expect(pairs).to_have_count(64)
    pairs.first.click()
    page.keyboard.press("ArrowRight")
    asked = pairs.nth(1).locator(".windows-target").inner_text()
    expect(read).to_contain_text(f"it is asked for “{asked}”")
    assert asked == pairs.nth(2).locator(".windows-chip").first.inner_text()  # one apart
    choose_size(page, "small")
    expect(frame.locator(".summary")).to_contain_text("windows of 128 tokens, 128 apart")
    expect(page.locator("#train-estimate")).to_contain_text("2.89 M parameters")
    choose_size(page, usual)
    expect(frame.locator(".summary")).to_contain_text("windows of 64 tokens, 64 apart")


def test_a_case_of_the_detective_fills_the_boxes_and_keeps_its_answer_folded(page: Page) -> None:
    open_tab(page, "Training")
    page.get_by_role("button", name="Training detective").click()
    page.locator("#train-case input").click()
    page.get_by_role("option", name="Dropout of a half").click()
    expect(page.get_by_text("Which of the two losses will be lower?")).to_be_visible()
    expect(page.get_by_text("The held-back loss is the lower one")).to_be_hidden()
    page.locator("#train-case-take").click()
    page.wait_for_function("location.search.includes('train_drop_rate=0.5')")
    expect(page.locator("#train-case-told")).to_contain_text("dropout 0 → 0.5")
    page.get_by_role("button", name="After the run").click()
    expect(page.get_by_text("The held-back loss is the lower one")).to_be_visible()
    page.locator("#train-case-back").click()
    page.wait_for_function("!location.search.includes('train_drop_rate')")
    expect(page.locator("#train-case-told")).to_contain_text("the usual recipe")


def test_a_model_is_taken_along_and_brought_in_again(page: Page, tmp_path: Path) -> None:
    open_tab(page, "Training")
    page.get_by_role("button", name="Take it along").click()
    page.locator("#train-command summary").click()
    expect(page.locator("#train-command")).to_contain_text("python -m gpt2core.train --text text.txt")
    page.get_by_role("button", name="Log (JSONL)").click()
    expect(page.locator("#train-files-told")).to_contain_text("There is no run of yours yet")
    with page.expect_download() as saved:
        page.get_by_role("button", name="The model chosen above").click()
    assert saved.value.suggested_filename == "model.zip"
    file = tmp_path / "model.zip"
    saved.value.save_as(file)
    page.locator("#train-bring").locator("xpath=..").locator("input[type=file]").set_input_files(file)
    expect(page.locator("#train-files-told")).to_contain_text("chosen in the Model menu", timeout=PATIENCE)
    page.wait_for_function("location.search.includes('model=trained-')")
    expect(page.locator("#token-strip .token").first).to_have_text("One")


def test_a_step_is_taken_slowly_and_its_numbers_are_the_weights(page: Page) -> None:
    open_tab(page, "Training")
    page.get_by_role("button", name="One step in numbers").click()
    page.locator("#train-slow-take").click()
    expect(page.locator("#train-slow-told")).to_contain_text("No run can make a step")
    choose_size(page, "mini")
    page.locator("#train-step").click()
    expect(page.locator("#train-status")).to_contain_text("A new run: it has taken its first step", timeout=PATIENCE)
    page.locator("#train-slow-take").click()
    expect(page.locator("#train-slow-told")).to_contain_text("Step 2 is done")
    expect(page.locator(".loss-facts li").first).to_contain_text("step 2 of")
    rows = page.locator("#train-slow-table tbody tr")
    by_formula = rows.filter(has_text="by the formula").locator("td").last.inner_text().split("= ")[-1]
    in_the_model = rows.filter(has_text="in the model").locator("td").last.inner_text()
    assert float(by_formula.replace("−", "-")) == pytest.approx(float(in_the_model.replace("−", "-")), rel=1e-4)


def test_a_vocabulary_trained_on_the_tokens_tab_is_what_a_run_reads_by(blank: Page, app_url: str) -> None:
    page = blank
    page.goto(f"{app_url}?tab=training&train_vocab_size=0&train_size=mini&train_steps=20")
    refused = page.locator("[role=tabpanel] .sight").filter(visible=True)
    expect(refused).to_contain_text("train one on the Tokens tab")
    open_tab(page, "Tokens")
    page.locator("#bpe-start").click()
    expect(page.locator("#learned .now")).not_to_be_empty(timeout=PATIENCE)
    open_tab(page, "Training")
    expect(refused).to_have_count(0)
    expect(page.locator("#windows-frame .summary")).to_contain_text("windows of 64 tokens")
    page.locator("#train-start").click()
    expect(page.locator("#train-status")).to_contain_text("Done: 20 steps", timeout=PATIENCE)


def test_the_sentence_is_watched_while_a_model_learns(blank: Page, app_url: str) -> None:
    page = blank
    page.goto(f"{app_url}?tab=training&train_size=mini&layer=5&head=1")
    frame = page.locator("#watch-frame")
    expect(frame.locator(".summary")).to_contain_text("Press Train")
    sentence = page.locator("#sentence textarea, #sentence input").first.input_value()
    page.locator("#train-step").click()
    expect(page.locator("#train-status")).to_contain_text("A new run: it has taken its first step", timeout=PATIENCE)
    run = TrainingRun(sample_text(), Recipe("mini"))
    list(run.ticks(Wishes(), 1))
    found = watched(run.model, Watch(sentence, 5, 1))  # of a model with two layers the last
    assert found is not None
    expect(frame.locator(".summary")).to_contain_text(
        re.compile(f"After 1 step your model has {figure(float(found.losses.mean()))} nats a token")
    )
    grid = page.locator("#watch-losses .matrix-grid")
    grid.focus()
    page.keyboard.press("Home")
    expect(page.locator("#watch-losses .matrix-read")).to_contain_text("Nothing stands before the first token")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#watch-losses .matrix-read")).to_contain_text(
        re.compile("cost " + either(float(found.losses[0]), 1e-4, lambda near: f"{near:.3f}"[:4]))
    )
    expect(page.locator("#watch-pattern .matrix-title")).to_contain_text("head 1 of layer 1")
    type_sentence(page, "The mill and the mouse")
    expect(frame.locator(".summary")).to_contain_text(
        f"of which it predicts {len(run.tokenizer.encode('The mill and the mouse')) - 1} tokens"
    )


def test_characters_and_a_missing_mask_are_trained_from_a_link(blank: Page, app_url: str) -> None:
    page = blank
    page.goto(f"{app_url}?tab=training&train_size=mini&train_steps=40&train_vocab_size=1&train_causal=false")
    expect(page.locator("#windows-frame .summary")).to_contain_text("15,003 characters are 15,003 tokens")
    page.locator("#train-start").click()
    status = page.locator("#train-status")
    expect(status).to_contain_text("Done: 40 steps", timeout=PATIENCE)
    page.get_by_role("button", name="Take it along").click()
    page.locator("#train-command summary").click()
    expect(page.locator("#train-command")).to_contain_text("--vocabulary characters")
    expect(page.locator("#train-command")).to_contain_text("--no-causal")


def test_fine_tuning_takes_a_low_rate_and_shows_before_beside_after(blank: Page, app_url: str) -> None:
    page = blank
    page.goto(f"{app_url}?tab=training&train_steps=20&train_batch=4&train_train_only=head")
    page.get_by_role("button", name="Fine-tune: go on from a model").click()
    page.locator("#train-source input").click()
    page.get_by_role("option", name="TinyStories").first.click()
    page.get_by_role("button", name="All settings of the run").click()
    expect(page.locator("#train-rate input")).to_have_value("0.0003")
    page.locator("#train-start").click()
    expect(page.locator("#train-status")).to_contain_text("Done: 20 steps", timeout=PATIENCE)
    listed = page.locator("#train-samples li")
    expect(listed.nth(0)).to_contain_text("before fine-tuning")
    expect(listed.nth(1)).to_contain_text("after 20 steps")
    left, right = listed.evaluate_all("(all) => all.slice(0, 2).map((one) => one.getBoundingClientRect().toJSON())")
    assert left["top"] == pytest.approx(right["top"], abs=1)
    assert left["right"] <= right["left"]


def test_a_text_that_cannot_be_fetched_is_said_and_the_box_kept(blank: Page, app_url: str) -> None:
    page = blank
    page.goto(f"{app_url}?tab=training&train_known=the-verdict")
    unfold(page, "Text to learn")
    box = page.locator("#train-text textarea")
    before = box.input_value()
    page.locator("#train-known-take").click()
    expect(page.locator("#train-text-told")).to_contain_text("Connect to the internet", timeout=PATIENCE)
    assert box.input_value() == before
    box.fill("something else")
    page.locator("#train-known input").click()
    page.get_by_role("option", name="the stories of this project").click()
    page.locator("#train-known-take").click()
    expect(page.locator("#train-text-told")).to_contain_text("15,003 characters")
    assert box.input_value() == before
