"""How quickly the Model tab follows: python -m tests.benchmarks.model_map. Measures and prints; asserts no time.

In headless Chromium, on the model that ships and the sentence that the page opens with: the cursor moves, a sentence is typed, a part is
switched off; each timed from its event to the end of the frame in which the map is painted anew. On 124M with random weights and 64
tokens: what the map costs beside the bare trace, how large its value is, and 12 x 12 heads under a moving finger.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from playwright.sync_api import Page, expect

from explorer.answers.machine import Luck, guesses_of, machine_of
from explorer.answers.sizes import counts_of
from explorer.store.services import DEFAULT_MODEL, RunKey, Services
from explorer.widgets.map import map_value
from gpt2core import PRESETS, GPTModel, SamplingSettings, gpt2_tokenizer, save_pretrained, trace
from tests.benchmarks.page import app_page, chromium_page, counted_posts
from tests.benchmarks.slider_latency import percentile

AIMS = {"cursor": 17.0, "typed": 250.0, "switch": 150.0}

# Answers with the milliseconds from `act` to the end of the frame after the map's last painting, or after the first one at which
# `shown`, an expression over the map's element and what was given, holds.
_TIMED = """([act, given, quiet, shown]) => new Promise((done) => {
  const picture = document.querySelector('.map-picture');
  const pen = picture.getContext('2d');
  const started = performance.now();
  const isShown = shown && new Function('map', 'given', `return ${shown}`);
  const map = document.querySelector('.map');
  let waiting = null, last = null;
  const begin = pen.setTransform; // what every painting begins with
  pen.setTransform = function (...values) {
    begin.apply(pen, values);
    if (isShown && (waiting !== null || !isShown(map, given))) return;
    clearTimeout(waiting);
    cancelAnimationFrame(last);
    if (isShown) waiting = 0;
    last = requestAnimationFrame(() => {
      const after = new MessageChannel();
      after.port1.onmessage = () => {
        const taken = performance.now() - started;
        clearTimeout(waiting);
        waiting = setTimeout(() => { delete pen.setTransform; done(taken); }, quiet);
      };
      after.port2.postMessage(0);
    });
  };
  new Function('given', act)(given);
})"""
_MOVE = "document.dispatchEvent(new CustomEvent('page-wish', { detail: given }))"
_PAINTED = """(given) => {
  const started = performance.now();
  document.dispatchEvent(new CustomEvent('page-wish', { detail: given }));
  document.querySelector('.map-picture').getContext('2d').getImageData(0, 0, 1, 1); // what was drawn is there
  return performance.now() - started;
}"""
_TYPE = """const box = document.querySelector('#sentence textarea');
box.value = given;
box.dispatchEvent(new Event('input', { bubbles: true }));
document.dispatchEvent(new CustomEvent('sentence-typed', { detail: { text: given, now: true } }));"""
_HOVER = """() => new Promise((done) => {
  const grid = document.querySelector('.map-grid');
  const { left, top, width } = grid.getBoundingClientRect();
  const times = [];
  let step = 0, before = performance.now();
  const frame = (now) => {
    times.push(now - before);
    before = now;
    if (step > 180) return done(times.slice(1));
    const clientX = left + 150 + ((7 * step) % (width - 400)), clientY = top + 30 + ((3 * step) % 60);
    grid.dispatchEvent(new PointerEvent('pointermove', { clientX, clientY, bubbles: true }));
    step += 1;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})"""


def told(name: str, times: list[float], aim: float) -> None:
    p50, p95 = percentile(times, 50), percentile(times, 95)
    verdict = "met" if p95 <= aim else "FALLS SHORT"
    print(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms ({len(times)}); aim p95 <= {aim:.0f} ms: {verdict}")


def timed(page: Page, act: str, given: object, quiet: int = 30, shown: str = "") -> float:
    return page.evaluate(_TIMED, [act, given, quiet, shown])


def in_the_browser(page: Page, n: int) -> None:
    moves = [{"token": (7 * i) % 22, "layer": (5 * i) % 6, "head": i % 6} for i in range(n + 10)]
    with counted_posts(page) as asked:
        told("cursor moved, until painted", [page.evaluate(_PAINTED, move) for move in moves][10:], AIMS["cursor"])
        told(
            "the same to the end of the next frame",
            [timed(page, _MOVE, move) for move in moves][10:],
            2 * AIMS["cursor"],
        )
    print(f"  requests a move: {len(asked) / (2 * len(moves)):.2f}")
    words = ["dog", "cat", "bird", "ball", "tree", "fish", "hat", "car"]
    texts = [f"One day, Lily and Tom found a {one} in the garden. Lily opened it and saw a" for one in words]
    typed = [timed(page, _TYPE, texts[i % len(texts)], 400) for i in range(n // 3 + 3)]
    told("a sentence of 22 tokens typed, map repainted", typed[3:], AIMS["typed"])
    edits = [f"head:{i % 6}.{(i // 2) % 6}" if i % 2 else "" for i in range(1, n // 2)]
    told(
        "a head switched off or on, new bars",
        [timed(page, _MOVE, {"edits": one}, 300, "map.dataset.edits === given.edits") for one in edits][3:],
        AIMS["switch"],
    )


def beside_the_bare_trace(services: Services, run: RunKey, n: int) -> None:
    model = services.models.get("gpt").model

    def bare() -> None:
        trace(model, run.token_ids)

    def whole() -> None:
        services.traces._entries.clear()
        machine = machine_of(services, run)
        guesses_of(services, run, Luck(SamplingSettings(), 42), [len(run.token_ids) - 1])
        map_value(machine, services.labels(run), counts_of(machine.config), None, {})

    times: dict[Callable[[], None], list[float]] = {bare: [], whole: []}
    for _ in range(n):  # in turns, so that both meet the same machine
        for one, taken in times.items():
            started = time.perf_counter()
            one()
            taken.append(1e3 * (time.perf_counter() - started))
    p50 = {one.__name__: percentile(taken, 50) for one, taken in times.items()}
    print(f"124M, 64 tokens: bare trace {p50['bare']:.0f} ms, with the map's value {p50['whole']:.0f} ms")
    print(f"  ratio {p50['whole'] / p50['bare']:.2f}; aim <= 1.5")
    machine = machine_of(services, run)
    value = map_value(machine, services.labels(run), counts_of(machine.config), None, {})
    print(f"  the map's value: {len(json.dumps(value)) / 1e6:.2f} MB; aim <= 1.5")


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.benchmarks.model_map", description=__doc__)
    arguments.add_argument("--moves", type=int, default=100, help="moves of the cursor (default: %(default)s)")
    arguments.add_argument("--large", action="store_true", help="124M too: it takes half a gigabyte of disk")
    options = arguments.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with app_page("tab=model") as page:
        expect(page.locator(".map-read")).not_to_be_empty()
        in_the_browser(page, options.moves)
    if options.large:
        with tempfile.TemporaryDirectory() as folder, chromium_page() as page:
            large(Path(folder) / "models", page)


def large(folder: Path, page: Page) -> None:
    from explorer.app import build_app, launch_options  # noqa: PLC0415 only where it is wanted
    from explorer.store.models import CHECKPOINTS  # noqa: PLC0415

    folder.mkdir()
    (folder / DEFAULT_MODEL).symlink_to(CHECKPOINTS / DEFAULT_MODEL)
    torch.manual_seed(0)
    save_pretrained(GPTModel(PRESETS["124M"]).eval(), folder / "gpt", tokenizer=gpt2_tokenizer())
    services = Services(folder)
    text = "One day, Lily and Tom found a box in the garden. " * 6
    run = services.read(gpt2_tokenizer().decode(gpt2_tokenizer().encode(text)[:64]), "gpt")
    beside_the_bare_trace(services, run, 9)
    blocks = build_app(services)
    _, url, _ = blocks.launch(prevent_thread_lock=True, quiet=True, **launch_options())
    page.goto(f"{url}?tab=model&model=gpt&text={run.text}")
    expect(page.locator("#map-frame .title")).to_contain_text("12 layers of 12 heads")
    frames = page.evaluate(_HOVER)
    print(
        f"12 x 12 heads, {len(run.token_ids)} tokens, a moving finger: p50 {percentile(frames, 50):.1f} ms a frame, p95 {percentile(frames, 95):.1f}"
    )
    blocks.close()


if __name__ == "__main__":
    main()
