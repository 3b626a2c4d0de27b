"""How fluently the map of a vocabulary moves: python -m tests.benchmarks.vocabulary_map. Measures and prints; asserts no time.

In headless Chromium, on GPT-2's whole vocabulary of 50,257 tokens (a small model with random weights, for their number is what counts):
the map is dragged by a mouse, turned in 3D, zoomed; each a change a frame. And, on the model that ships, how soon a picked token is on it.
Frames a second, which a browser caps at 60, and what a frame
costs the page's own thread: the event and the painting that follows it.
"""

from __future__ import annotations

import argparse
import os

import torch
from playwright.sync_api import Page, expect

from gpt2core import GPTConfig, GPTModel, gpt2_tokenizer
from tests.benchmarks.page import chromium_page, serving
from tests.benchmarks.slider_latency import percentile

AIM = 50.0  # frames a second
CONFIG = GPTConfig(
    vocab_size=50_257, context_length=64, emb_dim=96, n_heads=3, n_layers=1, qkv_bias=True, tied_head=True
)

_FRAMES = """([act, n]) => new Promise((done) => {
  const grid = document.querySelector('.vm-grid');
  const { left, top, width, height } = grid.getBoundingClientRect();
  const at = (step) => ({
    clientX: left + width / 2 + 160 * Math.sin(step / 17), clientY: top + height / 2 + 90 * Math.cos(step / 23),
    bubbles: true, pointerType: 'mouse', pointerId: 7, button: 0,
  });
  grid.setPointerCapture = () => {}; // the pointer is not a real one
  if (act === 'drag') grid.dispatchEvent(new PointerEvent('pointerdown', at(0)));
  const frames = [], costs = [];
  let step = 0, before = null, event = 0;
  const own = window.requestAnimationFrame;
  const ask = own.bind(window);
  window.requestAnimationFrame = (act) => ask((now) => { // whatever the page paints in a frame
    const began = performance.now();
    act(now);
    costs.push(performance.now() - began + event);
  });
  const frame = (now) => {
    if (before !== null) frames.push(now - before);
    before = now;
    if (step >= n) {
      if (act === 'drag') grid.dispatchEvent(new PointerEvent('pointerup', at(step)));
      window.requestAnimationFrame = own;
      return done({ frames: frames.slice(5), costs: costs.slice(5) });
    }
    const began = performance.now();
    if (act === 'drag') grid.dispatchEvent(new PointerEvent('pointermove', at(step)));
    else grid.dispatchEvent(new WheelEvent('wheel', { ...at(step), ctrlKey: true, deltaY: step % 60 < 30 ? -8 : 8 }));
    event = performance.now() - began;
    step += 1;
    ask(frame);
  };
  ask(frame);
})"""


_PICKED = """([token, id]) => new Promise((done) => {
  const began = performance.now();
  let painted = null;
  document.dispatchEvent(new CustomEvent('page-wish', { detail: { token } }));
  requestAnimationFrame(() => { // asked for after the map asked for its own
    const after = new MessageChannel();
    after.port1.onmessage = () => { painted = performance.now() - began; };
    after.port2.postMessage(0);
  });
  const look = () => {
    const said = document.querySelector('.vm-read').textContent;
    if (painted !== null && said.includes(`id ${id}:`) && said.includes('Nearest')) done([painted, performance.now() - began]);
    else setTimeout(look, 2);
  };
  look();
})"""


def picked(page: Page, n: int) -> None:
    """The sentence that the page opens with, on the model that ships."""
    ids = page.locator("#token-strip .token").evaluate_all(
        "(all) => all.map((one) => Number(one.title.split('id ')[1]))"
    )
    at = [(5 * i) % len(ids) for i in range(n + 5)]
    times = [page.evaluate(_PICKED, [token, ids[token]]) for token in at][5:]
    for name, place, aim in (("painted", 0, 60.0), ("its nearest, which the server finds, lit", 1, 60.0)):
        taken = [one[place] for one in times]
        p95 = percentile(taken, 95)
        verdict = "met" if p95 <= aim else "FALLS SHORT"
        print(
            f"a picked token {name}: p50 {percentile(taken, 50):.1f} ms, p95 {p95:.1f} ms ({n}); aim p95 <= {aim:.0f} ms: {verdict}"
        )


def told(page: Page, name: str, act: str, n: int) -> None:
    page.evaluate(_FRAMES, [act, 20])
    taken = page.evaluate(_FRAMES, [act, n])
    frames, costs = taken["frames"], taken["costs"]
    rate = 1e3 * len(frames) / sum(frames)
    verdict = "met" if rate >= AIM else "FALLS SHORT"
    print(
        f"{name}: {rate:.1f} frames a second (p95 {percentile(frames, 95):.1f} ms a frame, {len(frames)} frames); aim >= {AIM:.0f}: {verdict}"
    )
    print(f"  the page's thread: p50 {percentile(costs, 50):.1f} ms, p95 {percentile(costs, 95):.1f} ms a frame")


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.benchmarks.vocabulary_map", description=__doc__)
    arguments.add_argument("--frames", type=int, default=240, help="of each movement (default: %(default)s)")
    options = arguments.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    torch.manual_seed(0)
    model = GPTModel(CONFIG).eval()
    with serving(model, gpt2_tokenizer(), "wide") as url, chromium_page() as page:
        page.goto(f"{url}?tab=embeddings")
        expect(page.locator("#vocabulary-frame .title")).to_contain_text("8,192", timeout=60_000)
        expect(page.locator(".vm-read")).to_contain_text("Nearest", timeout=60_000)
        picked(page, 40)
        page.goto(f"{url}?tab=embeddings&model=wide")
        expect(page.locator("#vocabulary-frame .title")).to_contain_text("50,257", timeout=60_000)
        expect(page.locator(".vm-read")).not_to_be_empty()
        told(page, "50,257 points dragged", "drag", options.frames)
        told(page, "50,257 points zoomed", "zoom", options.frames)
        page.get_by_role("button", name="PCA in 3D").click()
        page.wait_for_function("document.querySelectorAll('.vm-labelled:not([hidden]) select').length === 4")
        page.wait_for_timeout(3000)
        told(page, "50,257 points turned in 3D", "drag", options.frames)


if __name__ == "__main__":
    main()
