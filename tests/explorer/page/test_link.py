import pytest

from explorer.page.link import read_link

TABS = ["tokens", "attention"]


def test_a_link_gives_back_what_it_was_made_of() -> None:
    link = read_link({"text": "a & b", "model": "m", "token": "2", "layer": "1", "head": "0", "tab": "attention"}, TABS)
    assert (link.text, link.model, link.tab, link.positions) == (
        "a & b",
        "m",
        "attention",
        {"token": 2, "layer": 1, "head": 0},
    )


def test_an_empty_address_says_nothing() -> None:
    link = read_link({}, TABS)
    assert (link.text, link.model, link.tab, link.positions) == (None, None, None, {})


@pytest.mark.parametrize("position", ["-1", "x", "", "1.5", "²", "٣", "1e9"])
def test_a_position_that_is_no_number_is_left_out(position: str) -> None:
    assert read_link({"token": position}, TABS).positions == {}


def test_an_unknown_tab_is_left_out() -> None:
    assert read_link({"tab": "<script>"}, TABS).tab is None
