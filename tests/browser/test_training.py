from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import open_tab, type_sentence

PATIENCE = 120_000  # a run shares the processor with whatever else the machine does


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


def coloured_pixels(page: Page) -> int:
    """Pixels of the plot that are neither grey nor white: the two curves."""
    return page.evaluate(
        """() => {
          const canvas = document.querySelector('.loss-canvas');
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          let coloured = 0;
          for (let i = 0; i < data.length; i += 4)
            if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) coloured += 1;
          return coloured;
        }"""
    )


def wait_until_running(page: Page) -> None:
    page.wait_for_function(
        """() => document.querySelector('.loss-origin').textContent === ''
          && document.querySelector('.loss-facts').textContent.includes('tokens a second')""",
        timeout=PATIENCE,
    )


def test_nobody_meets_an_empty_screen_and_the_example_says_that_it_was_recorded(page: Page) -> None:
    open_tab(page, "Training")
    expect(page.locator(".loss-origin")).to_contain_text("Recorded earlier on our machine")
    expect(page.locator("#train-samples li").last).to_contain_text("before any training")
    page.wait_for_function("document.querySelector('.loss-canvas').width > 100")
    assert coloured_pixels(page) > 500


def test_a_run_grows_stops_when_told_and_opens_in_every_tab(page: Page) -> None:
    type_sentence(page, "The mill and the mouse")
    start(page)
    wait_until_running(page)
    early_step, early_pixels = steps_done(page), coloured_pixels(page)
    page.wait_for_function(
        "/after 50 steps/.test(samples.innerText) && !/after 400 steps/.test(samples.innerText)".replace(
            "samples", "document.querySelector('#train-samples')"
        ),
        timeout=PATIENCE,
    )
    assert steps_done(page) > early_step
    assert coloured_pixels(page) > early_pixels
    expect(page.locator("#train-samples li").last).to_contain_text("before any training")
    expect(page.locator("#train-start")).to_be_disabled()

    page.locator("#train-stop").click()
    expect(page.locator("#train-status")).to_contain_text("chosen in the Model menu", timeout=PATIENCE)
    stopped_at = steps_done(page)
    page.wait_for_timeout(1500)
    assert steps_done(page) == stopped_at
    assert stopped_at < 400
    expect(page.locator("#train-status")).to_contain_text(f"Stopped after {stopped_at} of 400 steps")
    expect(page.locator("#train-start")).to_be_enabled()

    assert page.get_by_label("Model", exact=True).input_value().startswith(f"Yours 1 · {stopped_at} steps")
    expect(page.locator("#status .notice")).to_contain_text("of 64 tokens")
    open_tab(page, "Tokens")
    expect(page.locator("#token-cards .token-text").first).to_have_text("The")
    shown = "".join(page.locator("#token-cards .token-text").all_inner_texts())
    assert shown == "The·mill·and·the·mouse"


def test_a_page_loaded_anew_during_a_training_says_that_it_was_lost(page: Page) -> None:
    start(page)
    wait_until_running(page)
    page.reload()
    expect(page.locator("#train-status")).to_contain_text("that run ended with the page and is lost")
    page.reload()
    expect(page.locator("#token-strip .token").first).to_be_visible()
    expect(page.locator("#train-start")).to_be_enabled()
    expect(page.locator("#train-status .notice")).to_have_text("")


def test_a_refused_text_is_kept_and_the_reason_seen(page: Page, tmp_path: Path) -> None:
    open_tab(page, "Training")
    box = page.locator("#train-text textarea")
    box.fill("too short")
    page.locator("#train-start").click()
    expect(page.locator("#train-status")).to_contain_text("needs 650. Add more text")
    assert box.input_value() == "too short"
    expect(page.locator("#train-start")).to_be_enabled()

    picture = tmp_path / "picture.txt"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    page.locator("#train-upload input, input[type=file]").first.set_input_files(picture)
    expect(page.locator("#train-status")).to_contain_text("This file is not UTF-8 text")
    assert box.input_value() == "too short"


def test_a_file_opens_in_the_box_as_text_that_runs_nothing(page: Page, tmp_path: Path) -> None:
    open_tab(page, "Training")
    file = tmp_path / "mine.txt"
    file.write_text("<img src=x onerror=alert(1)> ${alert(1)} 漢字 مرحبا\n" * 80, encoding="utf-8")
    page.locator("#train-upload input, input[type=file]").first.set_input_files(file)
    box = page.locator("#train-text textarea")
    page.wait_for_function("document.querySelector('#train-text textarea').value.startsWith('<img')")
    choose_size(page, "mini")
    page.locator("#train-start").click()
    wait_until_running(page)
    expect(page.locator("#train-samples .sample-prompt").first).to_contain_text("<img")
    page.locator("#train-stop").click()
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
    page.locator("#train-stop").click()
    expect(page.locator("#train-status")).to_contain_text("chosen in the Model menu", timeout=PATIENCE)
    assert page.locator("#model input").input_value().startswith("Yours 1")
