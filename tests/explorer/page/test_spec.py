"""How tabs are found: a module each, known by the module's name."""

from pathlib import Path

from explorer import tabs
from explorer.page import spec
from explorer.page.spec import find_tabs
from explorer.tabs import tokens

MODULES = {path.stem for path in Path(tabs.__path__[0]).glob("*.py")} - {"__init__"}


def test_every_module_in_the_folder_is_a_tab_known_by_its_name():
    assert {found.id for found in find_tabs()} == MODULES
    assert {found.id: found.build.__module__.rpartition(".")[2] for found in find_tabs()} == {
        name: name for name in MODULES
    }


def test_a_title_in_another_language_leaves_links_as_they_were(monkeypatch):
    monkeypatch.setattr(tokens, "TAB", spec.TabSpec("Zerlegung", 10, tokens.build))
    assert {found.title: found.id for found in find_tabs()}["Zerlegung"] == "tokens"


def test_tabs_stand_in_the_order_that_they_ask_for_and_no_two_ask_for_the_same():
    orders = [found.order for found in find_tabs()]
    assert orders == sorted(set(orders))
