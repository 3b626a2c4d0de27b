"""Fetching a published vocabulary: kept only if it is the one that is pinned, told as it arrives, ended by the one who is told."""

from __future__ import annotations

import contextlib
import hashlib
import io
import urllib.error
from dataclasses import replace

import pytest

from gpt2core import published
from gpt2core.errors import DownloadFailed, DownloadStopped, NoConnection, UnknownModel

DATA = b"YQ== 0\n" * 20_000


class Answer(io.BytesIO):
    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Length": str(len(DATA))}


@pytest.fixture
def net(monkeypatch, tmp_path):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "kept"))
    about = replace(published.PUBLISHED["cl100k_base"], sha256=hashlib.sha256(DATA).hexdigest())
    monkeypatch.setitem(published.PUBLISHED, "cl100k_base", about)
    asked = []

    def answer(address, timeout):
        asked.append(address)
        return contextlib.closing(Answer(DATA))

    monkeypatch.setattr(published.urllib.request, "urlopen", answer)
    return asked


def test_what_arrives_is_told_and_kept_and_not_asked_for_again(net):
    told = []
    published.download("cl100k_base", lambda have, size: told.append((have, size)))
    assert told[-1] == (len(DATA), len(DATA))
    assert [have for have, _ in told] == sorted({have for have, _ in told})
    assert published.is_here("cl100k_base")
    published.download("cl100k_base")
    assert net == [published.PUBLISHED["cl100k_base"].address]


def test_another_file_is_not_kept(net, monkeypatch):
    about = replace(published.PUBLISHED["cl100k_base"], sha256="0" * 64)
    monkeypatch.setitem(published.PUBLISHED, "cl100k_base", about)
    with pytest.raises(DownloadFailed, match="sha256 differs"):
        published.download("cl100k_base")
    assert not published.file_of("cl100k_base").exists()


def test_who_is_told_can_end_it_and_nothing_is_kept(net):
    def stop(have: int, size: int) -> None:
        raise DownloadStopped("enough")

    with pytest.raises(DownloadStopped):
        published.download("cl100k_base", stop)
    assert not published.file_of("cl100k_base").exists()


def test_without_a_connection_it_says_so(net, monkeypatch):
    def refuse(address, timeout):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(published.urllib.request, "urlopen", refuse)
    with pytest.raises(NoConnection, match="Connect to the internet"):
        published.download("cl100k_base")


def test_a_name_that_there_is_not_is_refused():
    with pytest.raises(UnknownModel):
        published.file_of("p50k")
