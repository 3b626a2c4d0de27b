"""Evaluating a widget's modules outside a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from py_mini_racer import MiniRacer

import explorer.widgets
from explorer.widgets.bundle import bundled

WIDGETS = Path(explorer.widgets.__file__).parent
# What V8 lacks outside a browser.
ATOB = """function atob(text) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bits = [...text.replaceAll('=', '')].map((c) => letters.indexOf(c).toString(2).padStart(6, '0')).join('');
  return (bits.match(/.{8}/g) ?? []).map((byte) => String.fromCharCode(parseInt(byte, 2))).join('');
}"""


def engine_with(*modules: str | Path, more: str = "") -> MiniRacer:
    """An engine in which everything that the modules (as "shared/numbers.js") export is known by its name, and then `more`."""
    engine = MiniRacer()
    engine.eval(ATOB)
    for module in modules:
        engine.eval(f"Object.assign(globalThis, {bundled(WIDGETS / module)});")
    engine.eval(more)
    return engine


def evaluator(*modules: str | Path, more: str = "") -> Callable[[str], Any]:
    """A function from an expression to its value, as JSON has it."""
    engine = engine_with(*modules, more=more)
    return lambda code: json.loads(engine.eval(f"JSON.stringify({code})"))
