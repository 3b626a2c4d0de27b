"""Model: the whole machine on one screen with the sentence in it, and a switch for every part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from explorer.answers.machine import (
    Machine,
    asked_luck,
    compared,
    guesses_of,
    inside_of,
    machine_of,
    tells_all,
    unedited,
)
from explorer.answers.sizes import counts_of
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.intro import intro
from explorer.page.links import flag, number_between
from explorer.page.spec import TabSpec
from explorer.page.wiring import TabContext
from explorer.panels import laws, ranking, sizes
from explorer.store.services import Services
from explorer.store.traces import RunKey
from explorer.widgets.exchange import answered, asked_of, exchange
from explorer.widgets.frame import frame, frame_value
from explorer.widgets.map import N_STOPS, answer_value, map_value, model_map, rows_value, strips_value
from explorer.wording.numbers import fixed, in_units, is_whole, percent, signed
from explorer.wording.text import token_labels
from gpt2core.errors import InvalidSetting

say = catalogue("model")
EXCHANGE, COSTS = "map-exchange", "map-costs"


def build(ctx: TabContext) -> None:
    intro(say)
    with frame("map-frame", name="model", main=True) as figure:
        shown = model_map("model-map", ctx.tab, EXCHANGE, COSTS)
    asking = exchange(EXCHANGE)

    def draw(run: RunKey) -> dict[Any, Any]:
        machine = machine_of(ctx.services, run)
        before = machine_of(ctx.services, unedited(run)) if run.edits else None
        guesses = first_guesses(ctx.services, run)
        picture = map_value(machine, ctx.services.labels(run), counts_of(machine.config), before, guesses)
        return {shown: picture, figure.bar: title_of(ctx.services, machine, before, guesses)}

    def answer(run: RunKey, value: Any) -> dict[Any, Any]:
        return {asking: answered(answer_to(ctx.services, run, asked_of(value)))}

    ctx.draws(draw, [shown, figure.bar])
    ctx.draws(answer, asking, controls=[asking])
    ctx.linked(None, "opened", flag, "0")
    ctx.linked(None, "next", number_between(0, 10**6, whole=True), "")
    ctx.linked(None, "walk", number_between(1, N_STOPS, whole=True), "")
    longer = "(value, text) => value.longer ?? text"
    shown.submit(None, [shown, ctx.sentence], ctx.sentence, js=longer, **QUICK)
    with gr.Row(equal_height=False):
        with gr.Column(scale=6, min_width=320):
            ranking.build(ctx, shown.select, COSTS)
        with gr.Column(scale=5, min_width=320):
            laws.build(ctx)
    sizes.build(ctx)


def first_guesses(services: Services, run: RunKey) -> dict[str, Any]:
    """What comes next at every token, or at the last one where all would take too long."""
    n = len(run.token_ids)
    every = tells_all(services.models.get(run.model).model.config, n)
    return told_of(services, run, range(n) if every else [n - 1], {})


def told_of(services: Services, run: RunKey, tokens: Sequence[int], asked: dict[str, Any]) -> dict[str, Any]:
    """What comes next at each of `tokens`, under the settings that are asked for. Raises: InvalidSetting."""
    luck = asked_luck(asked.get("settings"))
    now, before = compared(services, run, luck, tokens) if run.edits else (guesses_of(services, run, luck, tokens), [])
    ids = sorted({one for guess in [*now, *before] for one in (*guess.first, *guess.bars, guess.drawn)})
    names = dict(zip(ids, token_labels(ids, services.models.tokenizer(run.model)), strict=True))
    return answer_value(now, before, names, {"settings": asked.get("settings")})


def answer_to(services: Services, run: RunKey, asked: dict[str, Any]) -> dict[str, Any]:
    """What the map asks for: {"settings", "token", "inside": [layer, head, token]}, each of them or none. Raises: InvalidSetting."""
    limits = services.cursor_limits(run)
    answer: dict[str, Any] = {"run": run.to_json()}
    if asked.get("settings") is not None or asked.get("token") is not None:
        n = limits["token"]
        config = services.models.get(run.model).model.config
        every = tells_all(config, n)
        at = asked.get("token")
        tokens = range(n) if every else [_checked(n - 1 if at is None else at, n)]
        answer["answers"] = told_of(services, run, tokens, asked)
        if at is not None:
            answer["rows"] = rows_value(machine_of(services, run), _checked(at, n))
    if asked.get("inside") is not None:
        places = asked["inside"]
        if not isinstance(places, list) or len(places) != 3:
            raise InvalidSetting(say("bad_place"))
        pairs = zip(places, ("layer", "head", "token"), strict=True)
        layer, head, token = (_checked(place, limits[part]) for place, part in pairs)
        answer["inside"] = strips_value(inside_of(services, run, layer, head, token), layer, token, head)
    return answer


def title_of(services: Services, machine: Machine, before: Machine | None, guesses: dict[str, Any]) -> dict[str, Any]:
    """The frame's title and summary. guesses: `first_guesses`."""
    run, config = machine.run, machine.config
    counts = counts_of(config)
    layers = say("one_layer") if config.n_layers == 1 else say("layers", n=config.n_layers)
    heads = say("one_head") if config.n_heads == 1 else say("heads", n=config.n_heads)
    model, every = services.models.title(run.model), in_units(counts["all"])
    title = say("map_title", model=model, parameters=every, layers=layers, heads=heads)
    if before is not None and machine.mean_loss is not None and before.mean_loss is not None:
        change = signed(machine.mean_loss - before.mean_loss, 3)
        was, now = fixed(before.mean_loss, 3), fixed(machine.mean_loss, 3)
        return frame_value(title, say("map_changed", before=was, now=now, change=change))
    last = len(run.token_ids) - 1
    likeliest, share = guesses["guesses"][last]["bars"][0], guesses["guesses"][last]["bar_shares"][0]
    parts = {"mlp": counts["mlps"], "attention": counts["attention"], "table": counts["token_table"]}
    told = {name: in_units(n) for name, n in parts.items()}
    shares = {f"{name}_share": percent(n / counts["all"]) for name, n in parts.items()}
    best, token = guesses["names"][likeliest][0], services.labels(run)[last].text
    summary = say("map_summary", token=token, best=best, share=percent(share), parameters=every, **told, **shares)
    return frame_value(title, summary)


def _checked(place: Any, n: int) -> int:
    if not is_whole(place, 0, n - 1):
        raise InvalidSetting(say("bad_place"))
    return int(place)


TAB = TabSpec(say("title"), 5, build)
