"""What stands below a model menu while GPT-2 is chosen there and is not on this machine: a button, and how far the download is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from explorer.catalogue import catalogue
from explorer.page.events import UNMARKED
from explorer.page.stopping import stops
from explorer.store.download import Arrival
from explorer.store.models import GPT2
from explorer.store.services import Services
from explorer.widgets.notice import info, new_job, notice_line, refusal, underway
from explorer.wording.refusals import refusal_in_words
from gpt2core import Gpt2CoreError
from gpt2core.errors import NoConnection

log = logging.getLogger(__name__)
say = catalogue("models")
MOST_WAITING = 16  # each holds a thread of the server


@dataclass(frozen=True)
class DownloadPanel:
    """row: hidden until `wanted` shows it. ended: fires when a download has ended, however it did."""

    row: gr.Column
    ended: Dependency


def download_panel(services: Services, elem_id: str) -> DownloadPanel:
    with gr.Column(visible=False, elem_id=elem_id) as row:
        with gr.Row():
            start = gr.Button(say("download"), variant="primary", min_width=160)
            stop = gr.Button(say("stop"), variant="stop", min_width=160)
        told = notice_line(f"{elem_id}-status")

    def download() -> Iterator[dict[str, Any]]:
        yield from downloading(services)

    running = start.click(download, None, told, concurrency_limit=MOST_WAITING, api_visibility="private", **UNMARKED)
    stops(stop, running, told, say("halted"))
    return DownloadPanel(row, running)


def wanted(services: Services, *names: Any) -> Any:
    """The panel's row: shown if one of the models chosen is GPT-2 and it is not here."""
    return gr.Column(visible=GPT2 in names and not services.models.is_here(GPT2))


def downloading(services: Services) -> Iterator[dict[str, Any]]:
    """What the panel says until GPT-2 is here, or why it is not."""
    job = new_job()
    try:
        for arrival in services.gpt2_download.follow():
            yield underway(progress_sentence(arrival), job)
        yield info(say("arrived"))
    except NoConnection:
        yield refusal(say("no_connection"))
    except Gpt2CoreError as error:
        yield refusal(refusal_in_words(error))
    except Exception:
        log.exception("the download of GPT-2 failed")
        yield refusal(catalogue("page")("broken"))


def progress_sentence(arrival: Arrival) -> str:
    if arrival.size == 0:
        return say("starting")
    if arrival.have >= arrival.size:
        return say("checking")
    return say("arriving", have=arrival.have / 1e6, size=arrival.size / 1e6)
