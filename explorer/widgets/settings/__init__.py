"""How the next token is chosen, and by which luck: one set of settings for the whole page, shown by a panel in every tab that needs it.

The settings live in the browser, and in the address bar. A moved slider costs no request: the panels and the figures on the page
follow an event of the document, `sampling-settings`; a handler takes a panel as an input and checks what it gets.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import gradio as gr

from explorer.answers.settings import START
from explorer.catalogue import catalogue
from explorer.widgets.widget import widget
from gpt2core.sampling import SamplingSettings

SLIDERS = {
    "temperature": (0.0, 2.0, 0.01),  # least, most, step; the box beside a slider takes any number
    "top_k": (0, 200, 1),
    "top_p": (0.0, 1.0, 0.01),
    "min_p": (0.0, 1.0, 0.01),
    "repetition_penalty": (1.0, 2.0, 0.01),
}
PRESETS = {
    "precise": SamplingSettings(0.3, 10),
    "balanced": SamplingSettings(0.7, 50),
    "creative": SamplingSettings(1.0, 100),
    "experimental": SamplingSettings(1.2),
    "greedy": SamplingSettings(0.0),
}

_SKELETON = """
<div class="settings">
  <div class="presets" role="group"></div>
  <div class="controls"></div>
  <div class="luck"></div>
</div>
"""


def sampling_panel(elem_id: str) -> gr.HTML:
    """value: {"temperature", "top_k", "top_p", "min_p", "repetition_penalty", "seed"}, whatever was typed: see
    answers.settings.checked_settings.

    All panels of a page hold the same values. Its event `input` fires on the panel that a person moved, not on the others.
    """
    say = catalogue("settings")
    sliders = {
        name: {
            "label": say(f"{name}_label"),
            "info": say(f"{name}_info"),
            "number": say(f"{name}_number"),
            "range": span,
        }
        for name, span in SLIDERS.items()
    }
    presets = [{"label": _preset_label(name), "settings": asdict(preset)} for name, preset in PRESETS.items()]
    words = {key: say(key) for key in ("presets", "seed", "seed_info", "shared_reroll")}
    constants = {"words": words, "sliders": sliders, "presets": presets, "start": START}
    return widget(Path(__file__).parent, _SKELETON, constants, value=START, elem_id=elem_id)


def _preset_label(name: str) -> str:
    preset, say = PRESETS[name], catalogue("settings")
    shape = "preset_greedy" if not preset.temperature else "preset" if preset.top_k else "preset_off"
    return say(shape, name=say(name), temperature=preset.temperature, top_k=preset.top_k)
