"""One update in numbers: what one weight of the run becomes, and from what."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pandas as pd

from explorer.answers.slow_step import PARTS, SlowStep, slow_step
from explorer.answers.training_desk import TrainingDesk, TrainingSession
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.guard import in_words
from explorer.page.links import one_of
from explorer.page.wiring import TabContext
from explorer.panels.training_live import Handlers, Shown
from explorer.widgets.frame import table_value
from explorer.widgets.notice import info, notice_line, refusal
from explorer.widgets.plain_table import plain_table
from explorer.wording.text import token_labels

say = catalogue("training")
FEW = 8  # predictions of the window that are listed


def build(ctx: TabContext, desk: TrainingDesk, session: gr.State, shown: Shown, handlers: Handlers) -> None:
    with gr.Accordion(say("slow"), open=False, elem_id="train-slow"):
        gr.Markdown(say("slow_words"))
        with gr.Row():
            part = gr.Dropdown(
                [(say(f"slow_part_{number}"), name) for number, name in enumerate(PARTS)],
                value=PARTS[0],
                label=say("slow_which"),
                elem_id="train-slow-part",
            )
            press = gr.Button(say("slow_take"), size="sm", elem_id="train-slow-take")
        told = notice_line("train-slow-told")
        table = plain_table("train-slow-table", say("slow"), of_text=True)
    ctx.linked(part, "train_slow", one_of(PARTS))

    def take(session: TrainingSession | None, part: Any) -> dict[Any, Any]:
        live = session.current if session else None
        if session is None or live is None or live.run is None or not live.can_go_on:
            return {told: refusal(say("slow_none"))}
        if not live.driver.acquire(blocking=False):
            return {told: refusal(say("slow_runs"))}
        try:
            found = slow_step(live.run, str(part))
            tokenizer = live.run.tokenizer
        except Exception as error:
            return {told: refusal(in_words(error))}
        finally:
            live.driver.release()
        live.started = live.is_paused = True
        labels = token_labels([token for pair in found.losses[:FEW] for token in pair[:2]], tokenizer)
        pairs = [
            (labels[2 * n].text, labels[2 * n + 1].text, loss) for n, (_, _, loss) in enumerate(found.losses[:FEW])
        ]
        told_now = info(say("slow_done", step=found.step, loss=found.batch_loss))
        return {told: told_now, table: table_value(in_rows(found, pairs)), **handlers.whole(session)}

    press.click(take, [session, part], [told, table, *shown.all()], **QUICK)


def in_rows(found: SlowStep, pairs: list[tuple[str, str, float]]) -> pd.DataFrame:
    """What happens, in letters, and with the numbers of this step put in."""
    first, second = found.betas
    asked = "; ".join(f"{before} → {after}: {loss:.3f}" for before, after, loss in pairs)
    w, g = _written(found.before), _written(found.gradient * found.factor)
    m, v = _written(found.mean), _written(found.square)
    mean, square = (_written(found.mean / (1 - first**found.step)), _written(found.square / (1 - second**found.step)))
    move, new = _written(found.move), _written(found.rebuilt)
    rows = [
        (say("slow_losses"), "−ln p", asked),
        (say("slow_loss"), "mean of B · T", f"{found.batch_loss:.4f}"),
        (say("slow_weight"), "w", f"{found.name}[{', '.join(map(str, found.index))}] = {w}"),
        (say("slow_gradient"), "∂loss / ∂w", _written(found.gradient)),
        (say("slow_clip"), "g = ∂ · min(1, clip / length)", f"length {found.norm:.3f}: × {found.factor:.4f} = {g}"),
        (say("slow_mean"), "m = β₁ m + (1 − β₁) g", f"{first} · {_written(found.mean_before)} + {1 - first:.3g} · {g} = {m}"),
        (say("slow_square"), "v = β₂ v + (1 − β₂) g²", f"{second} · {_written(found.square_before)} + {1 - second:.3g} · {g}² = {v}"),
        (say("slow_corrected"), "m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)", f"t = {found.step}: {mean}, {square}"),
        (say("slow_move"), "rate · m̂ / (√v̂ + ε)", f"{found.rate:.4g} · {mean} / √{square} = {move}"),
        (say("slow_new"), "w (1 − rate · decay) − move", f"{w} · (1 − {found.rate:.3g} · {found.decay:g}) − ({move}) = {new}"),
        (say("slow_is"), "w", _written(found.after)),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=say("slow_columns").split(", "))


def _written(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")
