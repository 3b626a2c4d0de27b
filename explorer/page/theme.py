"""The only place where colours and sizes are chosen. Colour-blind safe, light and dark; colour never stands alone.

Learners know query blue, key red, value green and output purple from the best-known explainer; tokens keep one of twelve
tints by id; probabilities run along a sequential scale, signed values along one that diverges around 0.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

# Okabe and Ito's colour-blind safe palette, darkened where text of that colour must be read on white.
QUERY, KEY, VALUE, OUTPUT = "#0072b2", "#c4461a", "#00795a", "#8a4b9e"
ACCENT = QUERY
SEQUENTIAL = "Viridis"  # plotly's names; perceptually even, readable in grey
DIVERGING = "RdBu"
# The same for a dark page, on which 0 is as dark as the paper and what is far from it bright.
DIVERGING_DARK = ("#ffd2bd", "#f0764a", "#2a2e37", "#3d97d3", "#c0e2f8")

# Backgrounds for tokens: twelve hues of even lightness, each read with near-black text (contrast above 10).
TOKEN_TINTS = (
    "#ffd6d6", "#ffe0bf", "#fff0b3", "#e6f5b8", "#c9f0c9", "#bff0e0",
    "#c2ecf7", "#cbdfff", "#d9d6ff", "#ecd2ff", "#ffd1ef", "#e3dccf",
)  # fmt: skip
TOKEN_INK = "#1b1b1f"
# Backgrounds for tokens shaded by a number, from little to much: one hue, each read with the same ink (contrast above 5).
HEAT = ("#f2f6fb", "#d3e4f5", "#a9cdea", "#79b0de", "#4f93cb")
# Backgrounds for tokens by the rank a model gave them, up to 10, 100, 1,000 and beyond (widgets/scored_text underlines them too).
BANDS = ("#c3e8dc", "#fff0a6", "#ffbd8f", "#d9a3e3")
REPEAT = "#a3261a"  # a line under tokens that repeat, read on all of them

PRINT_INK, PRINT_PAPER = "#16181d", "#ffffff"  # in both themes: saved pictures, plotly's hover labels
TEXT_SIZE = "16px"  # of running text, labels on canvases included

SANS = ("system-ui", "-apple-system", "Segoe UI", "Noto Sans", "Liberation Sans", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Noto Sans Mono", "DejaVu Sans Mono", "monospace")


# What widgets, style sheets and canvases draw with, as variables of these names.
LIGHT = {
    "query": QUERY, "key": KEY, "value": VALUE, "output": OUTPUT, "accent": ACCENT,
    "ink": PRINT_INK, "ink-soft": "#4b515c", "paper": PRINT_PAPER, "rule": "#c9ced8", "wash": "#f3f5f8",
    "bar": QUERY, "bar-cut": "#b9bfca", "bar-soft": "#9fcbe8", "curve-lightness": "0.52",
    "warn-ink": "#7a1f00", "warn-paper": "#fff1e8",
}  # fmt: skip
DARK = {
    "query": "#5db4e8", "key": "#ff9470", "value": "#3fc79f", "output": "#cf9be0", "accent": "#5db4e8",
    "ink": "#eceef2", "ink-soft": "#b5bbc7", "paper": "#111318", "rule": "#464c59", "wash": "#1b1f27",
    "bar": "#5db4e8", "bar-cut": "#555c69", "bar-soft": "#1d5379", "curve-lightness": "0.8",
    "warn-ink": "#ffc7ab", "warn-paper": "#3a1d10",
}  # fmt: skip

STYLES = Path(__file__).parent / "styles"
CONFINED = ("page", "figures", "progress")
IN_HEAD = ("header", "tabs", "screens", "drawer")


def token_tint(token_id: int) -> int:
    """Which of TOKEN_TINTS a token wears, everywhere: neighbours in the vocabulary differ."""
    return token_id * 7 % len(TOKEN_TINTS)


def theme() -> gr.themes.Base:
    """Gradio's base theme in system fonts (no request leaves the machine), large enough for the back row."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.gray,
        text_size=_text_sizes(),
        font=SANS,
        font_mono=MONO,
    ).set(
        body_background_fill=LIGHT["paper"],
        body_background_fill_dark=DARK["paper"],
        body_text_color=LIGHT["ink"],
        body_text_color_dark=DARK["ink"],
        body_text_color_subdued=LIGHT["ink-soft"],
        body_text_color_subdued_dark=DARK["ink-soft"],
        block_label_text_color=LIGHT["ink"],
        block_label_text_color_dark=DARK["ink"],
        block_title_text_color=LIGHT["ink"],
        block_title_text_color_dark=DARK["ink"],
        button_primary_background_fill=ACCENT,
        button_primary_background_fill_dark=ACCENT,
        button_primary_text_color="#ffffff",
        slider_color=ACCENT,
        slider_color_dark=DARK["accent"],
    )


def _text_sizes() -> gr.themes.Size:
    """Gradio's large sizes, as parts of --text-size."""
    large = gr.themes.sizes.text_lg
    names = ("xxs", "xs", "sm", "md", "lg", "xl", "xxl")
    parts = {
        name: float(getattr(large, name).removesuffix("px")) / float(large.md.removesuffix("px")) for name in names
    }
    return gr.themes.Size(
        name="text_of_the_page", **{name: f"calc({part} * var(--text-size))" for name, part in parts.items()}
    )


def css() -> str:
    """What widgets draw with as variables, so that a canvas and a style sheet agree, and the rules that Gradio confines to the page."""
    return _variables() + _styles(*CONFINED)


def head_css() -> str:
    """The rules of the header, of the tabs, for narrow screens and for the room beside the drawer. In the page's head, because Gradio
    would take the media rules of `css` for rules inside the page."""
    return _styles(*IN_HEAD)


def _variables() -> str:
    numbered = {"token": TOKEN_TINTS, "heat": HEAT, "band": BANDS}
    colours = {
        f"{name}-{number}": colour for name, scale in numbered.items() for number, colour in enumerate(scale)
    } | {"token-ink": TOKEN_INK, "repeat": REPEAT, "print-ink": PRINT_INK, "print-paper": PRINT_PAPER}
    return "".join(
        f"{scope} {{ {' '.join(f'--{name}: {value};' for name, value in variables.items())} }}\n"
        for scope, variables in ((":root", {"text-size": TEXT_SIZE, **colours, **LIGHT}), (".dark", DARK))
    )


def _styles(*names: str) -> str:
    return "\n".join((STYLES / f"{name}.css").read_text(encoding="utf-8") for name in names)
