"""The sampling settings of the moment, kept in the browser: sliders and numbers write them, figures follow them.

An invisible widget of its own, because Gradio compares everything a widget holds, as JSON, whenever any of it changes: beside
50,257 logits that took 7 ms of every move of a slider.
"""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

from explorer.widgets.widget import widget
from gpt2core.sampling import SamplingSettings

SETTINGS = ("temperature", "top_k", "top_p", "min_p")
# What distribution/sampling.js calls them.
_NAMES = {"temperature": "temperature", "top_k": "topK", "top_p": "topP", "min_p": "minP"}
_VALUE = "{ temperature, topK, topP, minP }"
_TYPED = ", ".join(_NAMES[name] for name in SETTINGS)


def sampling_settings() -> gr.HTML:
    """value: {"temperature", "topK", "topP", "minP"}, whatever was typed: who follows it checks it."""
    return widget(Path(__file__).parent, "<span hidden></span>", value=_named(SamplingSettings()), elem_id="settings")


def slid(name: str) -> str:
    """JavaScript for inputs [slider of `name`, the four numbers], outputs [settings, number of `name`]; no request."""
    return f"(slid, {_TYPED}) => {{ {_NAMES[name]} = slid; return [{_VALUE}, slid]; }}"


def typed(name: str, maximum: float) -> str:
    """JavaScript for inputs [the four numbers], outputs [settings, slider of `name`], which goes as far as it can."""
    value = _NAMES[name]
    slider = f"typeof {value} === 'number' ? Math.min(Math.max({value}, 0), {maximum}) : {{ __type__: 'update' }}"
    return f"({_TYPED}) => [{_VALUE}, {slider}]"


def chosen(settings: SamplingSettings) -> str:
    """JavaScript without inputs, outputs [settings, the four sliders, the four numbers]."""
    values = json.dumps([getattr(settings, name) for name in SETTINGS])
    return f"() => [{json.dumps(_named(settings))}, ...{values}, ...{values}]"


def _named(settings: SamplingSettings) -> dict[str, float]:
    return {_NAMES[name]: getattr(settings, name) for name in SETTINGS}
