"""Training a byte-pair vocabulary on a text: its merges as they are learned, the text cut by any number of them, compression against size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.answers.training import sample_text
from explorer.answers.vocabulary_training import (
    LEAST,
    MOST,
    USUAL,
    checked_text,
    in_words,
    last_merges,
    learned_from_sample,
    learning,
    told,
)
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.links import number_between
from explorer.page.stopping import stop_button
from explorer.page.wiring import TabContext
from explorer.store.traces import RunKey
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.learned import going_value, learned, learned_value
from explorer.widgets.notice import info, new_job, notice_line, refusal, underway
from explorer.wording.refusals import refusal_in_words
from gpt2core import Gpt2CoreError
from gpt2core.data import decode_text

say = catalogue("vocabulary_training")
# In the browser, once what was under way when Stop was pressed has arrived: what was learned before is on show again.
_AS_BEFORE = "() => new Promise((answer) => setTimeout(() => answer({ going: null }), 500))"


def build(ctx: TabContext) -> None:
    done, first = learned_from_sample(sample_text())
    with gr.Row(equal_height=False):
        with gr.Column(scale=7, min_width=320), frame("learned-frame", name="learned-merges") as figure:
            shown = learned("learned", "learned_merge", learned_value(first))
        with gr.Column(scale=3, min_width=280):
            gr.Markdown(say("line"))
            text = gr.Textbox(
                sample_text(), label=say("text"), info=say("text_info"), lines=8, max_lines=8, elem_id="bpe-text"
            )
            size = gr.Slider(LEAST, MOST, USUAL, step=1, label=say("size"), info=say("size_info"), elem_id="bpe-size")
            with gr.Row():
                start = gr.Button(say("train"), variant="primary", size="sm", elem_id="bpe-start")
                stop = stop_button("bpe-stop")
            upload = gr.UploadButton(say("upload"), file_types=[".txt"], size="sm", elem_id="bpe-upload")
            status = notice_line("bpe-status")
    figure.bar.value = frame_value(say("title"), f"{in_words(done)} {say('summary')}")

    def learn(run: RunKey, token: int, text: Any, size: Any) -> Iterator[dict[Any, Any]]:
        job, own = new_job(), ctx.page.vocabulary
        yield {status: underway(say("waiting"), job)}
        for now in learning(text, size):
            n = len(now.merges)
            if now.over:
                yield {status: underway(say("comparing"), job, n)}
                key = ctx.services.vocabularies.add(now.merges)
                value = learned_value(told(now, checked_text(text)))
                bar = frame_value(say("title"), f"{in_words(now)} {say('summary')}")
                yield {status: info(f"{in_words(now)} {say('kept')}"), shown: value, figure.bar: bar, own: key}
            else:
                lines = going_value(last_merges(now.merges), n, now.n_wanted)
                yield {status: underway(say("going", n=n, of=now.n_wanted), job, n), shown: lines}

    ctx.streams(
        learn,
        [shown, figure.bar, ctx.page.vocabulary],
        told=status,
        starts=[start.click],
        controls=[text, size],
        waits=True,
        stop=stop,
        stopped=say("stopped"),
        concurrency_id="vocabulary",
    )
    stop.click(None, None, shown, js=_AS_BEFORE, **QUICK)
    upload.upload(_opened, upload, [text, status], **QUICK)
    ctx.linked(size, "bpe_size", number_between(LEAST, MOST, whole=True))
    ctx.linked(None, "learned_merge", number_between(-1, MOST, whole=True), -1)


def _opened(path: str) -> tuple[Any, Any]:
    """The file's text for the box; a file that is no text leaves the box as it was."""
    try:
        return decode_text(Path(path).read_bytes()), info("")
    except Gpt2CoreError as error:
        return gr.skip(), refusal(refusal_in_words(error))
