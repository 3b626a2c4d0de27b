"""One variable sets the size of all text: style sheets name no size of their own, and scripts read what the style sheets say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from explorer.page import theme
from tests.explorer.sayings import EXPLORER

SHEETS = sorted(EXPLORER.rglob("*.css"))
SCRIPTS = sorted(EXPLORER.rglob("*.js"))
by_name = pytest.mark.parametrize("path", [*SHEETS, *SCRIPTS], ids=lambda path: path.relative_to(EXPLORER).as_posix())


def own_sizes(source: str) -> list[str]:
    """Sizes of text in units that --text-size does not reach: font-size and font, in style sheets and on a canvas's pen; rem anywhere."""
    declared = re.findall(r"(?:\bfont(?:-size)?\s*:|\.font(?:Size)?\s*=)[^;{}]*?[\d.]+(?:px|pt|rem)\b", source)
    keywords = re.findall(r"\bfont-size\s*:\s*(?:xx?-small|small|medium|large|xx?-large|xxx-large)\b", source)
    return [*declared, *keywords, *re.findall(r"(?<![\w.])[\d.]+rem\b", source)]


@by_name
def test_no_text_has_a_size_of_its_own(path: Path) -> None:
    assert own_sizes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        (".a { font-size: 16px; }", True),
        (".a { font: 600 0.95rem/1.35 var(--font); }", True),
        (".a { font-size: large; }", True),
        (".a { grid-template-columns: minmax(9rem, 1fr); }", True),
        ("pen.font = `16px ${family}`;", True),
        ("pen.font = `${size}px ${family}`;", False),
        (".a { font-size: calc(0.9 * var(--text-size)); padding: 4px; }", False),
        (".a { font-size: 0.9em; }", False),
    ],
)
def test_the_scan_catches_what_it_is_for(source: str, caught: bool) -> None:
    assert bool(own_sizes(source)) == caught


def test_gradios_own_text_is_as_large_as_its_large_sizes_and_follows_the_variable() -> None:
    declared = dict(re.findall(r"--(text-\w+): calc\(([\d.]+) \* var\(--text-size\)\)", theme.theme()._get_theme_css()))
    pixels = {name: float(part) * float(theme.TEXT_SIZE.removesuffix("px")) for name, part in declared.items()}
    large = {"text-xxs": 10, "text-xs": 12, "text-sm": 14, "text-md": 16, "text-lg": 20, "text-xl": 24, "text-xxl": 28}
    assert pixels == large
