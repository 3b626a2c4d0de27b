"""A real Chromium on a real app. Every test here also fails if the page asked another machine for anything or raised an error."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, Request, ViewportSize, expect, sync_playwright

from explorer.page.spec import find_tabs
from explorer.store.models import CHECKPOINTS
from explorer.wording.text import token_labels
from gpt2core import Pretrained, load_pretrained
from gpt2core.tokenizer import gpt2_tokenizer

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 120  # a patience, not a claim: two busy cores import torch and gradio slowly
expect.set_options(timeout=60_000)  # as above
WINDOW: ViewportSize = {"width": 1280, "height": 720}

TABS = [tab.title for tab in find_tabs()]
# What no page may ever take for markup or code, and every kind of character that a tokenizer cuts up.
HOSTILE = "<img src=x onerror=alert(1)> ${alert(1)} {{7*7}} <b>b</b> 👩‍👩‍👧 مرحبا 漢字\t\n|"
HOSTILE_TOKENS = 77
SHIPPED_VOCABULARY = gpt2_tokenizer(8192)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


def installed_chromium() -> str | None:
    """The program, the one without windows first: it opens a page for half the processor time (docs/log.md)."""
    names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
    return next(filter(None, map(shutil.which, names)), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def network_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the app's server wrote down each address it tried to reach."""
    return tmp_path_factory.mktemp("network") / "refused"


@pytest.fixture(scope="session")
def app_url(network_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app as users start it, except that nothing it does can leave this machine."""
    with running_app(network_log, tmp_path_factory.mktemp("app") / "output") as url:
        yield url


@contextlib.contextmanager
def running_app(network_log: Path, output: Path, **environment: str) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with output.open("wb") as sink:
        command = [sys.executable, str(Path(__file__).parent / "offline_app.py"), str(port), str(network_log)]
        app = subprocess.Popen(
            command, stdout=sink, stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": "1", **environment}
        )
        try:
            _wait_for(url, app, output)
            yield url
        finally:
            app.terminate()
            app.wait(20)


def _wait_for(url: str, app: subprocess.Popen, output: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and app.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.3)
        else:
            return
    pytest.fail(f"the app did not start:\n{output.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="session")
def shipped() -> Pretrained:
    """The model that the page opens with, here in the tests' own process."""
    return load_pretrained(CHECKPOINTS / "tinystories")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    system = installed_chromium()
    if system is None and not Path(playwright.chromium.executable_path).exists():
        pytest.fail(
            "No Chromium found. Install one: apt-get install chromium-headless-shell, or: .venv/bin/playwright install chromium"
        )
    running = playwright.chromium.launch(executable_path=system, args=QUIET)
    yield running
    running.close()


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


class Visit:
    """A page in a fresh profile, and what it did that no page may do."""

    def __init__(self, browser: Browser, app_url: str) -> None:
        self.context = browser.new_context(viewport=WINDOW)
        self.page = opened = self.context.new_page()
        self.foreign: list[str] = []
        self.errors: list[str] = []
        opened.on(
            "request", lambda request: self.foreign.append(request.url) if _leaves(request.url, app_url) else None
        )
        opened.on("pageerror", lambda error: self.errors.append(str(error)))
        opened.on(
            "console", lambda told: self.errors.append(told.text) if "js_on_load" in told.text else None
        )  # a widget that did not start
        opened.on("dialog", lambda dialog: (self.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        opened.set_default_timeout(30_000)

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.page.locator("#token-strip [role=option]").first.wait_for()

    def wait_for_the_last(self) -> None:
        self.page.wait_for_timeout(100)  # lets the last requests and errors arrive

    def check(self) -> None:
        assert not self.foreign, f"the page asked another machine for {self.foreign}"
        assert not self.errors, f"the page raised {self.errors}"


@pytest.fixture
def blank(browser: Browser, app_url: str) -> Iterator[Page]:
    """A fresh profile in which a test opens the link it is about: every opening takes seconds of processor time."""
    visit = Visit(browser, app_url)
    yield visit.page
    visit.wait_for_the_last()
    visit.context.close()
    visit.check()


@pytest.fixture
def page(blank: Page, app_url: str) -> Page:
    """The app opened in a fresh profile, its example drawn."""
    blank.goto(app_url)
    blank.locator("#token-strip [role=option]").first.wait_for()
    return blank


class Shelf:
    """Where the tests of a file keep their page."""

    def __init__(self) -> None:
        self.visit: Visit | None = None

    def clear(self) -> None:
        if self.visit:
            self.visit.context.close()
        self.visit = None


@pytest.fixture(scope="module")
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    yield shelf
    shelf.clear()


@pytest.fixture
def kept(shelf: Shelf, browser: Browser, app_url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The app, opened once for all tests of a file that ask for this, by the file's LINK if it has one.

    Sentence, cursor, tab and settings are as the test before left them: who asks puts them where a test begins (`put_back`), so
    that every test passes alone and after any other. What a page may not do is looked for after every test, and the page of a
    test that failed is kept no longer. A test that needs a fresh session, or leaves behind what is not easily put back, takes
    `page` or `blank`.
    """
    try:
        if shelf.visit is None:
            shelf.visit = Visit(browser, app_url)
            shelf.visit.open(f"{app_url}/{getattr(request.module, 'LINK', '')}")
        visit = shelf.visit
        yield visit.page
        visit.wait_for_the_last()
        visit.check()
        visit.page.unroute_all()
        visit.context.clear_permissions()
    except BaseException:
        shelf.clear()
        raise
    if request.node.stash.get(FAILED, False):
        shelf.clear()


# The drawer closed, no figure enlarged and no table open, nothing focused, scrolled to the top.
_AS_OPENED = """() => {
  if (document.documentElement.dataset.drawer !== undefined) document.querySelector('.drawer .close').click();
  for (const tool of document.querySelectorAll('.figure-frame .tool:is([aria-pressed=true], [aria-expanded=true])')) tool.click();
  document.activeElement?.blur();
  scrollTo(0, 0);
}"""


def put_back(page: Page, sentence: str, tab: str) -> None:
    """The window, the sentence with its last token picked, and the tab: as if a link had opened them. Does what is left to do only."""
    page.bring_to_front()  # a page that stood behind another's may draw no frames, and a click waits for two
    if page.viewport_size != WINDOW:
        page.set_viewport_size(WINDOW)
    page.mouse.move(0, 0)
    page.evaluate(_AS_OPENED)
    labels = [label.text for label in token_labels(SHIPPED_VOCABULARY.encode(sentence), SHIPPED_VOCABULARY)]
    keys = page.locator("#token-strip .token")
    if sentence_box(page).input_value() != sentence:
        type_unread(page, sentence)
    expect(keys).to_have_text(labels)
    if keys.last.get_attribute("aria-selected") != "true":
        keys.last.click()
    expect(keys.last).to_have_attribute("aria-selected", "true")
    open_tab(page, tab)


def put_edits_back(page: Page) -> None:
    """All of the model is switched on, as it was trained."""
    edits = page.locator("#edits-line .edit")
    while n := edits.count():
        edits.last.click()  # the only one, or "Undo all"
        expect(edits).not_to_have_count(n)


# The sampling settings as the page opens with them, by the names of their boxes.
USUAL_SETTINGS = {"T =": "1", "k =": "0", "p =": "1", "min =": "0", "r =": "1", "Seed": "42"}


def put_settings_back(panel: Locator) -> None:
    for label, usual in USUAL_SETTINGS.items():
        box = panel.get_by_label(label, exact=True)
        if box.input_value() != usual:
            box.fill(usual)


def _leaves(url: str, app_url: str) -> bool:
    return not url.startswith((app_url, "data:", "blob:", app_url.replace("http", "ws")))


def sentence_box(page: Page) -> Locator:
    """By its id: to find it by its label, of which test_header tells, every element that was ever drawn is asked for labels of its own."""
    return page.locator("#sentence").locator("input, textarea")


def type_sentence(page: Page, text: str) -> None:
    """Replace what stands in the sentence box, and wait until the tokens above the tabs are the new sentence's.

    A token that is picked sooner is one of the older sentence.
    """
    type_unread(page, text)
    labels = token_labels(SHIPPED_VOCABULARY.encode(text), SHIPPED_VOCABULARY)
    expect(page.locator("#token-strip .token")).to_have_text([label.text for label in labels])


def type_unread(page: Page, text: str) -> None:
    """Replace what stands in the sentence box with what will be refused, or is to be looked at before it is read."""
    sentence_box(page).fill(text)


def open_tab(page: Page, title: str) -> None:
    page.locator("#tabs [role=tablist]").get_by_role("tab", name=title, exact=True).click()


def main_figure(page: Page) -> Locator:
    """What the open tab is about, once it is drawn and nothing on the tab is of an earlier state."""
    figure = page.locator("[role=tabpanel] .main-figure").filter(visible=True).first
    expect(figure).to_be_visible()
    filled = """(figure) => {
      if (figure.tagName === 'CANVAS') return figure.width > 0;
      const drawn = [...figure.querySelectorAll('canvas')].some((canvas) => canvas.width !== 300); // 300: nobody has drawn on it
      return drawn || figure.querySelectorAll('*').length > 3;
    }"""
    page.wait_for_function(filled, arg=figure.element_handle())
    expect(page.locator("[data-stale]").filter(visible=True)).to_have_count(0)
    return figure


def press_as_soon_as_it_can_be(page: Page, selector: str) -> None:
    """A button that works only while something goes on, pressed by the page itself in the frame in which it is enabled: under load,
    what goes on may be over before Playwright has made up its mind."""
    page.wait_for_function(
        """(selector) => {
          const button = document.querySelector(selector);
          if (!button || button.disabled) return false;
          button.click();
          return true;
        }""",
        arg=selector,
        polling="raf",
    )


AT_REST = """(element) => new Promise((resolve) => {
    const told = () => JSON.stringify([element.getBoundingClientRect(), element.dataset.box ?? null]);
    let before = told(), still = 0;
    const look = () => {
        const now = told();
        still = now === before && document.readyState === 'complete' && document.fonts.status === 'loaded' ? still + 1 : 0;
        before = now;
        if (still < 12) requestAnimationFrame(look);
        else resolve(element.getBoundingClientRect().toJSON());
    };
    look();
})"""


def at_rest(element: Locator) -> dict[str, float]:
    """Where it is on the page, once it has stood still over a dozen painted frames: what a finger is pointed by."""
    return element.evaluate(AT_REST)


def unfold(page: Page, label: str) -> None:
    """Open what is folded under `label`, once it stands still: in a tab that is still being filled, what was pressed has moved on
    before the finger is lifted, and nothing opens."""
    button = page.get_by_role("button", name=label)
    at_rest(button)
    button.click()
    expect(button).to_have_class(re.compile(r"\bopen\b"))


def cells_of(grid: Locator) -> tuple[float, ...]:
    """Where in a matrix's grid its cells lie, once they are drawn, in the window and stand still: left, top, width, height."""
    expect(grid).to_have_attribute("data-box", re.compile("."))
    grid.scroll_into_view_if_needed()  # a finger that points beside the window points at nothing, and nothing says so
    at_rest(grid)
    return tuple(map(float, (grid.get_attribute("data-box") or "").split()))


@contextlib.contextmanager
def no_request(page: Page) -> Iterator[None]:
    """Nothing is asked of the server inside; what was under way before is waited for: until two seconds bring nothing."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.wait_for_timeout(2000)
    while asked:
        asked.clear()
        page.wait_for_timeout(2000)
    yield
    page.wait_for_timeout(300)
    page.remove_listener("request", note)
    assert not asked, f"the page asked for {asked}"
