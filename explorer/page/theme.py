"""The only place where colours and sizes are chosen. Colour-blind safe, light and dark; colour never stands alone.

Learners know query blue, key red, value green and output purple from the best-known explainer; tokens keep one of twelve
tints by id; probabilities run along a sequential scale, signed values along one that diverges around 0.
"""

from __future__ import annotations

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

SANS = ("system-ui", "-apple-system", "Segoe UI", "Noto Sans", "Liberation Sans", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Noto Sans Mono", "DejaVu Sans Mono", "monospace")


def token_tint(token_id: int) -> int:
    """Which of TOKEN_TINTS a token wears, everywhere: neighbours in the vocabulary differ."""
    return token_id * 7 % len(TOKEN_TINTS)


def theme() -> gr.themes.Base:
    """Gradio's base theme in system fonts (no request leaves the machine), large enough for the back row."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.gray,
        text_size=gr.themes.sizes.text_lg,
        font=SANS,
        font_mono=MONO,
    ).set(
        body_background_fill="#ffffff",
        body_background_fill_dark="#111318",
        body_text_color="#16181d",
        body_text_color_dark="#eceef2",
        body_text_color_subdued="#4b515c",
        body_text_color_subdued_dark="#b5bbc7",
        block_label_text_color="#16181d",
        block_label_text_color_dark="#eceef2",
        block_title_text_color="#16181d",
        block_title_text_color_dark="#eceef2",
        button_primary_background_fill=ACCENT,
        button_primary_background_fill_dark=ACCENT,
        button_primary_text_color="#ffffff",
        slider_color=ACCENT,
        slider_color_dark="#5db4e8",
    )


def css() -> str:
    """Variables that widgets draw with (so that a canvas and a style sheet agree), and the few rules of the page itself."""
    tints = "".join(f"--token-{number}: {tint};" for number, tint in enumerate(TOKEN_TINTS))
    heat = "".join(f"--heat-{step}: {colour};" for step, colour in enumerate(HEAT))
    bands = "".join(f"--band-{number}: {tint};" for number, tint in enumerate(BANDS))
    return f"""
:root {{
  {tints} {heat} {bands} --token-ink: {TOKEN_INK}; --repeat: {REPEAT};
  --query: {QUERY}; --key: {KEY}; --value: {VALUE}; --output: {OUTPUT}; --accent: {ACCENT};
  --ink: #16181d; --ink-soft: #4b515c; --paper: #ffffff; --rule: #c9ced8; --wash: #f3f5f8; --bar: {QUERY}; --bar-cut: #b9bfca;
  --bar-soft: #9fcbe8; --curve-lightness: 0.52; --warn-ink: #7a1f00; --warn-paper: #fff1e8;
}}
.dark {{
  --query: #5db4e8; --key: #ff9470; --value: #3fc79f; --output: #cf9be0; --accent: #5db4e8;
  --ink: #eceef2; --ink-soft: #b5bbc7; --paper: #111318; --rule: #464c59; --wash: #1b1f27; --bar: #5db4e8; --bar-cut: #555c69;
  --bar-soft: #1d5379; --curve-lightness: 0.8; --warn-ink: #ffc7ab; --warn-paper: #3a1d10;
}}
.gradio-container {{ min-width: 0 !important; width: 100%; max-width: 1400px !important; margin: 0 auto; padding: 12px 20px !important; }}
.gradio-container .prose p {{ max-width: 100ch; margin-top: 0; }}
.gradio-container .tabs button {{ font-size: 1.05rem; }}
.gradio-container .main, .gradio-container .wrap, .gradio-container .contain, .gradio-container .column {{ min-width: 0; max-width: 100%; }}
.gradio-container .html-container {{ padding: 2px 0; }}
.no-number .tab-like-container {{ display: none; }}
.gradio-container .main .column {{ gap: 12px; }}
#page-title .prose {{ display: flex; flex-wrap: wrap; gap: 0 16px; align-items: baseline; }}
#page-title h1 {{ margin: 0; font-size: 1.4rem; }}
#page-title p {{ margin: 0; color: var(--ink-soft); font-size: 1rem; }}
.js-plotly-plot .plotly .main-svg {{ background: transparent !important; }}
.js-plotly-plot .plotly text {{ fill: var(--ink) !important; }}
.js-plotly-plot .plotly .hoverlayer text {{ fill: #16181d !important; }}
.js-plotly-plot .plotly .hoverlayer path {{ fill: #ffffff !important; stroke: #16181d !important; }}
.js-plotly-plot .plotly .modebar-btn.plotlyjsicon {{ display: none; }}
.js-plotly-plot .plotly .modebar--hover .modebar-group {{ opacity: 1 !important; }}
.js-plotly-plot .plotly .modebar-btn path {{ fill: var(--ink-soft) !important; }}
.plot-square [data-testid=plotly] {{ aspect-ratio: 1 / 1.2; max-height: 900px; }}
.plot-strips [data-testid=plotly] {{ height: 360px; }}
.plot-small [data-testid=plotly] {{ height: 340px; }}
.plot-small .js-plotly-plot .js-line {{ stroke: var(--accent) !important; }}
.plot-small .js-plotly-plot .point {{ fill: var(--accent) !important; }}
.plot-two-lines [data-testid=plotly] {{ height: 360px; }}
.plot-two-lines :is(.trace, .traces):nth-child(1) .js-line {{ stroke: var(--key) !important; }}
.plot-two-lines :is(.trace, .traces):nth-child(1) :is(.point, .scatterpts) {{ fill: var(--key) !important; }}
.plot-two-lines :is(.trace, .traces):nth-child(2) .js-line {{ stroke: var(--query) !important; }}
.plot-two-lines :is(.trace, .traces):nth-child(2) :is(.point, .scatterpts) {{ fill: var(--query) !important; }}
/* every handler says in words what went wrong; Gradio 6.31 also takes the answer to a cancelled call for an "Error" */
[data-testid="status-tracker"]:has(> .error) {{ display: none !important; }}
/* a person's place in the line for training: a line of its own, which Gradio would clip to nothing in a small block */
#train-status [data-testid="status-tracker"] {{
  position: static !important; overflow: visible; align-items: flex-start; padding: 0 10px !important;
}}
#train-status .progress-text {{ position: static; transform: none; padding: 0; font-weight: 600; color: var(--ink); }}
#train-status .pending {{ opacity: 1; }}
@media (prefers-reduced-motion: reduce) {{ * {{ transition: none !important; animation: none !important; }} }}
"""


def head_css() -> str:
    """For wide and for narrow screens. In the page's head, because Gradio confines the media rules of `css` to what is inside the page."""
    return """
@media (min-width: 900px) {
  .gradio-container.gradio-container { padding: 0 20px !important; }
  .gradio-container .main { padding-top: 8px !important; }
  .gradio-container .main > .wrap > .contain > .column { gap: 4px; }
  .label-beside { padding: 4px 10px !important; }
  fieldset.label-beside, .label-beside > .container { display: flex; align-items: center; gap: 10px; }
  .label-beside [data-testid="block-info"] { flex: none; margin: 0 !important; }
  .label-beside .input-container, .label-beside .container > :is(.wrap, input) { flex: 1; min-width: 4em; }
}
@media (max-width: 640px) {
  .gradio-container { padding: 4px !important; }
  .gradio-container .main { padding: 8px 6px !important; }
  .gradio-container .tab-wrapper button, .gradio-container .tab-container button { font-size: 1rem !important; padding: 0 10px !important; }
  .gradio-container .tab-wrapper { overflow-x: auto; scrollbar-width: thin; }
  .gradio-container .tab-container {
    padding: 0 !important; gap: 0 !important; width: max-content !important; min-width: 960px; overflow: visible !important;
  }
  .plot-square [data-testid=plotly] { aspect-ratio: 1 / 1.5 !important; }
  .last-on-a-phone { order: 1; }
}
"""
