"""Single neurons of an MLP, the strongest first: how active, which tokens each promotes and suppresses, and a switch for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.neurons import Neuron, Neurons
from explorer.catalogue import catalogue
from explorer.page.theme import token_tint
from explorer.widgets.widget import widget
from explorer.wording.numbers import fixed, signed
from explorer.wording.text import TokenLabel
from gpt2core.errors import InvalidSetting

HOWS = ("zero", "mean")
_WORDS = ("list", "to", "off", "on", "promotes", "suppresses", "before", "after", "hint", "switch")
say = catalogue("block")


def neuron_list(elem_id: str) -> gr.HTML:
    """An empty list; set it to `neuron_rows(...)`. A row's switch tells the page the edits with its own turned (`page-wish`)."""
    words = {key: say(f"neuron_{key}") for key in _WORDS}
    skeleton = '<div class="neurons"><div class="neurons-heads"></div><ol></ol></div>'
    return widget(Path(__file__).parent, skeleton, {"words": words}, elem_id=elem_id)


def neuron_rows(found: Neurons, how: Any) -> dict[str, Any]:
    """how: what a switch does to its neuron, one of HOWS. Raises: InvalidSetting."""
    if how not in HOWS:
        raise InvalidSetting(say("bad_neuron_off"))
    strongest = max((one.strength for one in found.rows), default=0.0)
    rows = [_row(one, found, str(how), strongest) for one in found.rows]
    # one string, because Gradio wraps every object of a value in proxies
    heads = [say("neuron"), say("neuron_gelu"), say("neuron_strength"), "", say("neuron_adds", answer=found.answer), ""]
    return {"rows": json.dumps({"heads": heads, "answer": found.answer, "rows": rows}, ensure_ascii=False)}


def _row(one: Neuron, found: Neurons, how: str, strongest: float) -> dict[str, Any]:
    name = f"neuron:{found.layer}.{one.number}"
    index = [found.position, one.number]
    return {
        "number": one.number,
        "edits": [f"mean-{name}", name] if how == "mean" else [name, f"mean-{name}"],
        "before": {"shown": fixed(one.before, 2), "origin": _place("mlp_pre", found.layer, index)},
        "after": {"shown": fixed(one.after, 2), "origin": _place("mlp_post", found.layer, index)},
        "strength": fixed(one.strength, 2),
        "part": one.strength / strongest if strongest > 0 else 0.0,
        "adds": signed(one.adds, 2),
        "promoted": _tokens(one.promoted),
        "suppressed": _tokens(one.suppressed),
    }


def _place(site: str, layer: int, index: Sequence[int]) -> dict[str, Any]:
    return {"site": site, "layer": layer, "index": list(index)}


def _tokens(labels: Sequence[TokenLabel]) -> list[dict[str, Any]]:
    return [{"text": label.text, "tint": token_tint(label.token_id)} for label in labels]
