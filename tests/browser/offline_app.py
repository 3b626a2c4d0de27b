"""Run app.py with every connection that would leave this machine refused and written down: python offline_app.py PORT LOG."""

from __future__ import annotations

import ipaddress
import os
import runpy
import socket
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


def guard(log: Path) -> None:
    """From now on only loopback addresses and local sockets can be reached."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def stays_here(host: object) -> bool:
        try:
            return host in (None, "localhost", "") or ipaddress.ip_address(str(host)).is_loopback
        except ValueError:
            return False

    def refuse(host: object) -> None:
        with log.open("a") as file:
            file.write(f"{host}\n")
        raise OSError(f"this test lets nothing leave the machine: {host}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not stays_here(address[0]):
            refuse(address[0])
        connect(self, address)

    def guarded_resolve(host: Any, *arguments: Any, **named: Any) -> Any:
        if not stays_here(host) and host != "0.0.0.0":
            refuse(host)
        return resolve(host, *arguments, **named)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_resolve


def add_a_failing_tab() -> None:
    """One tab more, whose figure is refused or breaks when it is told to."""
    import gradio as gr  # noqa: PLC0415 only where the tab is wanted

    from explorer.page import spec  # noqa: PLC0415
    from gpt2core.errors import InvalidSetting  # noqa: PLC0415

    def build(ctx: Any) -> None:
        wish = gr.Textbox("fine", label="Wish")
        figure, good = gr.Textbox(elem_id="failing-figure"), gr.Textbox(elem_id="good-figure")

        def draw(_: Any, wish: str) -> str:
            if wish == "refuse":
                raise InvalidSetting("This one is refused. Choose another.")
            if wish == "break":
                raise ValueError("a defect")
            return f"drawn: {wish}"

        ctx.draws(draw, figure, controls=[wish])
        ctx.draws(lambda _, wish: f"good: {wish}", good, controls=[wish])

    found = spec.find_tabs
    spec.find_tabs = lambda: [*found(), spec.TabSpec("Failing", 99, build, id="failing")]


def add_tabs_of(folder: str) -> None:
    """The tabs whose modules lie in `folder`, as if they lay in explorer/tabs."""
    from explorer import tabs  # noqa: PLC0415 only where tabs are wanted

    tabs.__path__.append(folder)


if __name__ == "__main__":
    port, log_path = sys.argv[1:]
    guard(Path(log_path))
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    if os.environ.get("WITH_A_FAILING_TAB"):
        add_a_failing_tab()
    if folder := os.environ.get("WITH_TABS_OF"):
        add_tabs_of(folder)
    sys.argv = ["app.py", "--port", port]
    runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
