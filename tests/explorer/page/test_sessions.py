"""A session is Gradio's own, but for what nobody reads."""

from __future__ import annotations

import gradio as gr
import pytest
from gradio import state_holder

from explorer.page.sessions import LeanSession, keep_sessions_lean

Usual = LeanSession.__mro__[1]


@pytest.fixture
def page() -> gr.Blocks:
    with gr.Blocks() as made:
        gr.Textbox("a", label="first")
        gr.State(1)
    return made


def test_nothing_is_described_before_an_answer_needs_it_and_then_as_gradio_does(page: gr.Blocks) -> None:
    lean, usual = LeanSession(page), Usual(page)
    assert lean.config_values == {}
    assert len(usual.config_values) == len(page.blocks)
    box, state = (
        next(key for key, one in page.blocks.items() if isinstance(one, kind)) for kind in (gr.Textbox, gr.State)
    )
    for session in (lean, usual):
        session._update_value_in_config(box, "b")
        session[state] = 2
    assert lean.config_values[box] == usual.config_values[box]
    assert lean.config_values[box]["props"]["value"] == "b"
    assert lean[state] == usual[state] == 2
    assert (box in lean, 10**6 in lean) == (True, False)


def test_two_sessions_share_nothing(page: gr.Blocks) -> None:
    first, second = LeanSession(page), LeanSession(page)
    box = next(key for key, one in page.blocks.items() if isinstance(one, gr.Textbox))
    first[box] = gr.Textbox("changed", render=False)
    assert second[box].value == "a"
    assert page.blocks[box].value == "a"


def test_servers_begin_lean_sessions(page: gr.Blocks) -> None:
    keep_sessions_lean()
    holder = state_holder.StateHolder()
    holder.set_blocks(page)
    assert isinstance(holder["somebody"], LeanSession)
