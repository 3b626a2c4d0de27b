"""Which text is learned: typed, from a file, or one of a few that are known; two of them are fetched on request, with progress and Stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.sample_texts import NAMES, STORIES, megabytes, opened
from explorer.answers.training import sample_text
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.links import any_text, one_of
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.store import services
from explorer.store.traces import RunKey
from explorer.widgets.notice import info, new_job, notice_line, refusal, underway
from explorer.wording.refusals import refusal_in_words
from gpt2core import Gpt2CoreError
from gpt2core.data import decode_text

say = catalogue("training")
MAX_BYTES = 8 * 2**20  # of a file: more than any text that a run takes
_MB = 1e6


def build(ctx: TabContext) -> gr.Textbox:
    """The box that holds the text, and what fills it."""
    text = gr.Textbox(
        sample_text(),
        label=say("text"),
        show_label=False,
        info=say("text_info"),
        lines=7,
        max_lines=7,
        elem_id="train-text",
    )
    upload = gr.UploadButton(say("upload"), file_types=[".txt"], size="sm", elem_id="train-upload")
    known = gr.Dropdown(
        [(title(name), name) for name in NAMES],
        value=STORIES,
        label=say("known"),
        info=say("known_info"),
        elem_id="train-known",
    )
    with gr.Row():
        take = gr.Button(say("known_take"), size="sm", elem_id="train-known-take", min_width=140)
        stop = stop_button("train-known-stop", min_width=80)
    told = notice_line("train-text-told")

    def taken(_: RunKey, __: int, name: Any) -> Iterator[dict[Any, Any]]:
        """Into the box, from the network if it must be."""
        if name not in NAMES:
            raise ValueError(f"no known text is called {name!r}")
        found, job = opened(name, services.DOWNLOADS), new_job()
        if found is None:
            for now in ctx.services.text_downloads[name].follow():
                arrived = say("known_arriving", have=now.have / _MB, size=megabytes(name))
                yield {told: underway(arrived if now.have else say("known_asking"), job)}
            found = opened(name, services.DOWNLOADS)
        assert found is not None
        yield {text: found, told: info(say("known_taken", n=len(found)))}

    ctx.streams(
        taken,
        [text],
        told=told,
        starts=[take.click],
        controls=[known],
        waits=True,
        stop=stop,
        stopped=say("known_stopped"),
        concurrency_id="text-download",
        concurrency_limit=8,
    )
    ctx.linked(text, "train_text", any_text)
    ctx.linked(known, "train_known", one_of(NAMES))
    upload.upload(opened_file, upload, [text, told], **QUICK)
    return text


def title(name: str) -> str:
    return say("known_stories") if name == STORIES else say(f"known_{name}", megabytes=megabytes(name))


def opened_file(path: str) -> tuple[Any, Any]:
    """The file's text for the box; a file that is no text leaves the box as it was."""
    try:
        if Path(path).stat().st_size > MAX_BYTES:
            return gr.skip(), refusal(say("file_too_long", megabytes=MAX_BYTES >> 20))
        return decode_text(Path(path).read_bytes()), info("")
    except Gpt2CoreError as error:
        return gr.skip(), refusal(refusal_in_words(error))
