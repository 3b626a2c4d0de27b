"""What is written into the page before everything else, and what is left as it is."""

from __future__ import annotations

import pytest
from py_mini_racer import MiniRacer
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from explorer.page.stillness import LEAN_LISTENERS, NO_CLOCK, BeforeEverything

PAGE = "<!doctype html>\n<html><head>\n<script>first()</script></head><body><head>é</body></html>"
WITH_SCRIPT = PAGE.replace("<head>", "<head><script>0</script>", 1)


def answering(response: Response) -> TestClient:
    routes = [Route("/", lambda _: response)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(BeforeEverything, "<script>0</script>")]))


@pytest.mark.parametrize(
    "page",
    [
        HTMLResponse(PAGE),
        StreamingResponse((PAGE[at : at + 7] for at in range(0, len(PAGE), 7)), media_type="text/html"),
    ],
    ids=["whole", "in pieces"],
)
def test_a_page_begins_with_the_script_and_says_how_long_it_is(page):
    answer = answering(page).get("/")
    assert answer.text == WITH_SCRIPT
    assert int(answer.headers.get("content-length", len(answer.content))) == len(answer.content)


@pytest.mark.parametrize(
    "other",
    [
        JSONResponse({"page": PAGE}),
        PlainTextResponse(PAGE),
        HTMLResponse(PAGE, headers={"content-encoding": "br"}),
        HTMLResponse("<p>no head</p>"),
        HTMLResponse(""),
        StreamingResponse(iter(["data: <head>\n\n", "data: 2\n\n"]), media_type="text/event-stream"),
    ],
    ids=["JSON", "text", "encoded", "no head", "empty", "events"],
)
def test_whatever_else_is_answered_stays_as_it_is(other):
    with answering(other).stream("GET", "/") as answer:
        body = b"".join(answer.iter_raw())
    assert b"<script>0" not in body
    if "content-length" in other.headers:
        assert answer.headers["content-length"] == other.headers["content-length"] == str(len(body))


def script_of(element: str) -> str:
    return element.removeprefix("<script>").removesuffix("</script>")


@pytest.mark.parametrize(
    ("act", "frames"),
    [
        ("()=>{F(Pe,(performance.now()-w(de))/1e3),W&&ze()}", 0),
        ("() => { $a(b, (performance.now() - c($d)) / 1e3); e && f(); }", 0),
        ("() => { draw(); }", 1),
        ("(time)=>{F(Pe,(performance.now()-w(de))/1e3)}", 1),
        ("function draw() { return (performance.now() - start) / 1e3; }", 1),
    ],
)
def test_only_gradios_clock_is_given_no_frame(act, frames):
    engine = MiniRacer()
    engine.eval("let asked = 0; globalThis.requestAnimationFrame = (act) => { asked += 1; return 7; };")
    engine.eval(script_of(NO_CLOCK))
    assert engine.eval(f"requestAnimationFrame({act})") == (7 if frames else 0)
    assert engine.eval("asked") == frames


def test_what_listens_to_what_is_the_same_list_but_none_that_svelte_would_watch():
    engine = MiniRacer()
    engine.eval(script_of(LEAN_LISTENERS))
    engine.eval(
        """gradio_config = { root: '', dependencies: [{ id: 0, targets: [[3, 'change']] }, { id: 1, targets: [] }] };"""
    )
    assert engine.eval("JSON.stringify(gradio_config)") == (
        '{"root":"","dependencies":[{"id":0,"targets":[[3,"change"]]},{"id":1,"targets":[]}]}'
    )
    # What Svelte's proxy() asks before it watches a list, and what Gradio's copy of its configuration keeps.
    watched = "Object.getPrototypeOf(copy.dependencies) === Array.prototype"
    assert engine.eval(f"{{ const copy = {{ ...gradio_config }}; {watched} }}") is False
    assert engine.eval("gradio_config.dependencies.filter((one) => one.targets.length).length") == 1


def test_an_event_that_shows_its_progress_nowhere_has_nothing_to_mark_and_any_other_what_it_had():
    engine = MiniRacer()
    engine.eval(script_of(LEAN_LISTENERS))
    engine.eval("gradio_config = { dependencies: [[], [4], null].map((places) => ({ show_progress_on: places })) };")
    # As Gradio's LoadingStatus.resolve_args does, of outputs [9] and inputs [7].
    marked = "(one) => (one.show_progress_on || [9]).concat([7])"
    assert engine.eval(f"JSON.stringify([...gradio_config.dependencies.map({marked})])") == "[[],[4,7],[9,7]]"
    assert engine.eval("JSON.stringify(gradio_config.dependencies[0])") == '{"show_progress_on":[]}'


def test_every_second_walk_through_what_an_event_listens_to_finds_nobody_and_every_search_what_there_is():
    engine = MiniRacer()
    engine.eval(script_of(LEAN_LISTENERS))
    engine.eval(
        """gradio_config = { dependencies: [null, [], ['time_limit']].map(
          (args) => ({ targets: [[3, 'change'], [4, 'load']], event_specific_args: args })) };
        const walk = ({ targets }) => { const met = []; for (const [id, event] of targets) met.push(id + event); return met; };
        const found = ({ targets }) => [targets.find(([id]) => id === 4)[1], ...targets.map(([id]) => id), targets.length];"""
    )
    # To note who listens, then to hand out arguments (none); again when Gradio loads its list anew. Searches in between change nothing.
    everybody = '["3change","4load"]'
    for at, second in enumerate(("[]", "[]", everybody)):
        for met in (everybody, second) * 2:
            assert engine.eval(f"JSON.stringify(walk(gradio_config.dependencies[{at}]))") == met
            assert engine.eval(f"JSON.stringify(found(gradio_config.dependencies[{at}]))") == '["load",3,4,2]'
    assert engine.eval("JSON.stringify(gradio_config.dependencies[1].targets)") == '[[3,"change"],[4,"load"]]'


@pytest.mark.parametrize("config", ["undefined", "null", "{}", "{ dependencies: null }", "7"])
def test_a_configuration_without_listeners_stays_as_it_is(config):
    engine = MiniRacer()
    engine.eval(script_of(LEAN_LISTENERS))
    assert engine.eval(f"gradio_config = {config}; JSON.stringify(gradio_config) === JSON.stringify({config})")
