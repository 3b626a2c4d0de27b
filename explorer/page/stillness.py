"""What Gradio does for nothing: clocks, watchers of what never changes, marks that nobody shows (docs/decisions/028)."""

from __future__ import annotations

from typing import Any

import gradio as gr

# The loader that Gradio (6.31) shows before the page comes counts its seconds once a frame, and goes on when it has gone: sixty frames
# a second, for as long as the page stands open. Gradio takes the browser's function when its first module runs, so this comes before.
NO_CLOCK = """<script>{
  const nextFrame = globalThis.requestAnimationFrame;
  const clock = /^\\(\\)\\s*=>\\s*\\{\\s*[\\w$]+\\(\\s*[\\w$]+,\\s*\\(performance\\.now\\(\\)\\s*-\\s*[\\w$]+\\([\\w$]+\\)\\)\\s*\\/\\s*1e3/;
  globalThis.requestAnimationFrame = (act) => (clock.test(act) ? 0 : nextFrame.call(globalThis, act));
}</script>"""

# Of the list of what listens to what, Gradio (6.31) makes Svelte watch every entry, and then looks through all of it once for each of the
# page's components: a quarter of the time that a page takes to open. It changes none of it, and Svelte watches plain lists only.
# And it keeps a mark for every input of every event that was ever answered, though none of ours shows its progress anywhere (events.UNMARKED),
# and brings all of them up to date twice an event: with every tab visited, 0.3 s for a picked token. To join the places where progress
# is shown to the inputs is how it comes by them; an event without such places joins nothing.
# And it walks through the components that an event listens to twice: to note who listens, and to hand each the event's own arguments,
# for which it searches all components, and which ours do not have. Every second walk finds nobody; a third of a page's opening was that.
LEAN_LISTENERS = """<script>{
  let config;
  class Listeners extends Array {}
  class Nowhere extends Array {
    concat() {
      return [];
    }
  }
  class Targets extends Array {
    static [Symbol.species] = Array;
    #walks = 0;
    [Symbol.iterator]() {
      this.#walks += 1;
      return this.#walks % 2 ? super[Symbol.iterator]() : [].values();
    }
  }
  const targetsOf = ({ targets, event_specific_args: given }) =>
    Array.isArray(targets) && !given?.length ? { targets: Targets.from(targets) } : {};
  const lean = (one) => ({
    ...one,
    ...targetsOf(one),
    ...(one.show_progress_on?.length === 0 ? { show_progress_on: new Nowhere() } : {}),
  });
  Object.defineProperty(globalThis, 'gradio_config', {
    configurable: true,
    get: () => config,
    set: (given) => {
      config = Array.isArray(given?.dependencies) ? { ...given, dependencies: Listeners.from(given.dependencies, lean) } : given;
    },
  });
}</script>"""

QUEUE_REST = 0.01  # seconds; a thousand looks a second, as Gradio has it, are 5 to 10 % of a core


def let_the_queue_rest(blocks: gr.Blocks) -> None:
    """Look for new work a hundred times a second. Only what is streamed waits in Gradio's queue."""
    blocks._queue.sleep_when_free = QUEUE_REST


class BeforeEverything:
    """ASGI middleware: writes `script` into every page of HTML, before whatever else its head holds."""

    def __init__(self, app: Any, script: str) -> None:
        self.app = app
        self.script = script.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start: dict[str, Any] = {}
        body = b""

        async def written(message: Any) -> None:
            nonlocal body
            if message["type"] == "http.response.start" and _is_html(message):
                start.update(message)
            elif message["type"] == "http.response.body" and start:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    page = body.replace(b"<head>", b"<head>" + self.script, 1)
                    await send({**start, "headers": _resized(start["headers"], len(page))})
                    await send({"type": "http.response.body", "body": page})
            else:
                await send(message)

        await self.app(scope, receive, written)


def _is_html(message: Any) -> bool:
    headers = dict(message["headers"])
    return headers.get(b"content-type", b"").startswith(b"text/html") and b"content-encoding" not in headers


def _resized(headers: Any, length: int) -> list[tuple[bytes, bytes]]:
    return [(name, str(length).encode() if name == b"content-length" else value) for name, value in headers]
