"""What the README says one writes to add a tab is all that one writes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from explorer.catalogue import catalogue
from gpt2core import Pretrained, trace
from tests.browser.conftest import TABS, open_tab, running_app

README = Path(__file__).parents[2] / "README.md"


def example_of_a_tab() -> str:
    """The code that the README shows under "Add a tab"."""
    (section,) = re.findall(r"^### Add a tab\n(.+?)^##", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (code,) = re.findall(r"^```python\n(.+?)^```", section, re.MULTILINE | re.DOTALL)
    return code


@pytest.fixture(scope="module")
def url_with_my_tab(network_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("more_tabs")
    (folder / "my_topic.py").write_text(example_of_a_tab(), encoding="utf-8")
    output = tmp_path_factory.mktemp("with_my_tab") / "output"
    with running_app(network_log, output, WITH_TABS_OF=str(folder)) as url:
        yield url


def saved_numbers(page: Page) -> np.ndarray:
    """What the frame saves as CSV: a row a token, its name first."""
    with page.expect_download() as download:
        page.locator("#my-frame").get_by_role("button", name="CSV", exact=True).click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    return np.array([[float(number) for number in row[1:]] for row in list(csv.reader(io.StringIO(text)))[1:]])


def test_the_readmes_tab_draws_the_residual_stream_of_the_layer_that_is_picked(
    browser: Browser, url_with_my_tab: str, shipped: Pretrained
) -> None:
    with torch.no_grad():
        seen = trace(shipped.model, shipped.tokenizer.encode(catalogue("page")("example")), {"resid_post"})
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(url_with_my_tab)
    page.locator("#token-strip [role=option]").first.wait_for()
    places = page.get_by_role("tab").all_inner_texts()
    assert [title for title in places if title != "My tab"] == TABS
    assert places.index("My tab") == places.index("Attention") + 1  # by its number, 35
    for layer in (0, 4):
        open_tab(page, "Attention")
        page.locator("#layer").get_by_label(str(layer), exact=True).check()
        open_tab(page, "My tab")
        expect(page.locator("#my-frame .title")).to_have_text(f"The stream after layer {layer}")
        page.wait_for_function("document.querySelector('#my-matrix .matrix-grid canvas').width > 300")
        np.testing.assert_allclose(saved_numbers(page), seen["resid_post", layer].numpy(), rtol=0, atol=1e-5)
    page.wait_for_url("**tab=my_topic**")  # its module's name
    page.close()
