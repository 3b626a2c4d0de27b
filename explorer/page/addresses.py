"""Addresses longer than the server's HTTP library takes apart: the page opens and says so, where a bare "Invalid HTTP request" was."""

from __future__ import annotations

from uvicorn.config import HTTP_PROTOCOLS
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST = 60_000  # httptools refuses to take an address of 65,536 bytes apart
TOO_LONG = "address_too_long"  # what stands in the query instead: how long it was


class LongAddresses(HttpToolsProtocol):
    """uvicorn's reader of HTTP, for which an address beyond LONGEST says only its length."""

    def on_headers_complete(self) -> None:
        if len(self.url) > LONGEST:
            path, _, _ = self.url.partition(b"?")
            self.url = path[:LONGEST] + f"?{TOO_LONG}={len(self.url)}".encode()
        super().on_headers_complete()


def answer_long_addresses() -> None:
    """For every server that this process starts from now on. Gradio lets nobody choose how its uvicorn reads HTTP."""
    HTTP_PROTOCOLS["auto"] = f"{__name__}:{LongAddresses.__name__}"
