"""What stands above the tabs: title, model, sentence, its tokens, and the lines that say what is being read. Layout only."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from explorer.catalogue import catalogue
from explorer.page.download_panel import DownloadPanel, download_panel
from explorer.store.services import Services
from explorer.widgets.edits_line import edits_line
from explorer.widgets.moments import moments_line
from explorer.widgets.notice import notice_line
from explorer.widgets.tokens import token_keys

MOST_LINES = 3  # of the sentence; what is longer scrolls, so that the figures below stay where they are


@dataclass(frozen=True)
class Header:
    """The header's components; nothing is wired yet.

    status: what the model reads, or why it refuses. link_notice: what a link asked for and could not have. edits: the
    changes made to the model. These two take no room while they are empty. copy: copies the link to what is on screen.
    download: offered below the menu while GPT-2 is chosen and missing. strip: the sentence's tokens as keys. moments: those of the
    training that the model is a moment of.
    """

    sentence: gr.Textbox
    model: gr.Dropdown
    status: gr.HTML
    copy: gr.Button
    link_notice: gr.HTML
    edits: gr.HTML
    download: DownloadPanel
    strip: gr.HTML
    moments: gr.HTML


def build_header(services: Services) -> Header:
    """Lay the header out; its grid is in page/styles/header.css."""
    say = catalogue("page")
    with gr.Column(elem_id="page-head"):
        gr.Markdown(f"# {say('title')}\n{say('subtitle')}", elem_id="page-title")
        status = notice_line("status")
        model = gr.Dropdown(
            services.models.choices(),
            value=services.models.default,
            label=say("model"),
            allow_custom_value=True,  # our own check answers a foreign name in a sentence
            elem_id="model",
            elem_classes="label-beside",
        )
        sentence = gr.Textbox(
            say("example"),
            label=say("sentence"),
            lines=1,
            max_lines=MOST_LINES,
            elem_id="sentence",
            elem_classes="label-beside",
        )
        copy = gr.Button(say("copy_link"), size="md", elem_id="copy-link")
        link_notice = notice_line("link-notice")
        download = download_panel(services, "download")
        edits = edits_line("edits-line")
        moments = moments_line("moments-line")
        strip = token_keys("token-strip")
    return Header(sentence, model, status, copy, link_notice, edits, download, strip, moments)
