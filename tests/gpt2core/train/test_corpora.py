"""Texts from files, folders and a server of our own on this machine."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gpt2core.errors import CorpusNotText, DownloadFailed, UnknownCorpus
from gpt2core.train import corpora
from gpt2core.train.corpora import SOURCES, Source, fetched, read_corpus

TEXT = "".join(f"line {number} of a text\n" for number in range(500)).encode()
HASH = hashlib.sha256(TEXT).hexdigest()


class Server(ThreadingHTTPServer):
    """sent: the body; stops_after: hangs up there, once; knows_ranges: whether it sends parts."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.sent, self.stops_after, self.knows_ranges = TEXT, None, True
        self.asked: list[str | None] = []


class Answer(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.knows_ranges else 0
        body = self.server.sent[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        stop, self.server.stops_after = self.server.stops_after, None
        self.wfile.write(body[:stop])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{running.server_address[1]}/text.txt"
        monkeypatch.setitem(SOURCES, "lines", Source(address, len(TEXT), HASH, "made up"))
        yield running
        running.shutdown()


def test_a_named_text_is_fetched_once_and_then_read_from_the_folder(server: Server, tmp_path: Path) -> None:
    told: list[str] = []
    for _ in range(2):
        assert read_corpus("lines", tmp_path / "kept", told.append).encode() == TEXT
    assert server.asked == [None]
    assert len(told) == 1


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_broken_download_is_continued_and_begun_again_only_where_the_server_sends_no_parts(
    server: Server, tmp_path: Path, knows_ranges: bool
) -> None:
    server.stops_after, server.knows_ranges = 4000, knows_ranges
    with pytest.raises(DownloadFailed, match="try again"):
        fetched("lines", tmp_path)
    assert fetched("lines", tmp_path).read_bytes() == TEXT
    assert server.asked == [None, "bytes=4000-"]


def test_a_download_tells_how_far_it_is_and_one_that_was_ended_goes_on_from_there(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpora, "_CHUNK", 1000)
    seen: list[tuple[int, int]] = []

    def progress(have: int, size: int) -> None:
        seen.append((have, size))
        if len(seen) == 2:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        fetched("lines", tmp_path, progress=progress)
    assert corpora.kept("lines", tmp_path) is None
    assert fetched("lines", tmp_path, progress=progress).read_bytes() == TEXT
    assert corpora.kept("lines", tmp_path) == tmp_path / "lines.txt"
    assert [have for have, _ in seen] == sorted(have for have, _ in seen)
    assert seen[-1] == (len(TEXT), len(TEXT))
    assert server.asked[1].startswith("bytes=")


@pytest.mark.parametrize("sent", [b"x" + TEXT[1:], TEXT + b"more", b""], ids=["changed", "longer", "empty"])
def test_a_file_that_is_not_the_pinned_one_is_refused_and_never_gets_its_name(
    server: Server, tmp_path: Path, sent: bytes
) -> None:
    server.sent = sent
    with pytest.raises(DownloadFailed):
        fetched("lines", tmp_path)
    assert not (tmp_path / "lines.txt").exists()
    server.sent = TEXT
    assert fetched("lines", tmp_path).read_bytes() == TEXT


def test_a_kept_file_that_was_changed_is_fetched_again(server: Server, tmp_path: Path) -> None:
    fetched("lines", tmp_path).write_bytes(b"y" * len(TEXT))
    assert fetched("lines", tmp_path).read_bytes() == TEXT
    assert len(server.asked) == 2


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_is_pinned_by_size_and_hash(name: str) -> None:
    assert SOURCES[name].n_bytes > 0
    assert re.fullmatch(r"[0-9a-f]{64}", SOURCES[name].sha256)


def test_without_a_connection_one_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpora, "_SECONDS", 1)
    monkeypatch.setitem(SOURCES, "lines", Source("http://127.0.0.1:1/text.txt", 10, HASH, "made up"))
    with pytest.raises(DownloadFailed, match=r"Connect to the internet.*file of your own"):
        fetched("lines", tmp_path)


def test_a_folder_is_its_texts_in_order_with_end_of_text_between(tmp_path: Path) -> None:
    for name, text in (("b.txt", "second"), ("a.txt", "first"), ("c.md", "no text")):
        (tmp_path / name).write_text(text)
    assert read_corpus(str(tmp_path), tmp_path) == "first\n<|endoftext|>\nsecond"


def test_what_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "broken.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CorpusNotText, match=r"broken\.txt"):
        read_corpus(str(tmp_path), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnknownCorpus, match=r"no \.txt file"):
        read_corpus(str(tmp_path / "empty"), tmp_path)
    with pytest.raises(UnknownCorpus, match="the-verdict"):
        read_corpus("nowhere", tmp_path)


def test_what_is_pinned_is_pinned_whole() -> None:
    for name, source in SOURCES.items():
        assert source.address.startswith("https://"), name
        assert source.sha256 is None or len(source.sha256) == 64
        assert source.sha256 is not None or any(len(part) == 40 for part in source.address.split("/"))


def test_the_verdict_that_is_pinned_is_the_one_in_the_classroom() -> None:
    copy = Path(__file__).parents[3].parent / "shared" / "data" / "the-verdict.txt"
    if not copy.exists():
        pytest.skip("The Verdict is not beside this repository (../shared/data/the-verdict.txt)")
    source = SOURCES["the-verdict"]
    assert (len(copy.read_bytes()), hashlib.sha256(copy.read_bytes()).hexdigest()) == (source.n_bytes, source.sha256)
