"""Downloading, against a server of our own on this machine that answers as Hugging Face's does."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from huggingface_hub import constants

from gpt2core import load_pretrained
from gpt2core.errors import (
    DownloadFailed,
    DownloadStopped,
    NoConnection,
    UnknownModel,
    UnreadableCheckpoint,
    UnsupportedModel,
)
from gpt2core.foreign.hub import ALIASES, downloaded, in_cache, is_model_id
from tests.reference import hugging_face_twin

COMMIT = "a" * 40


class Hub(ThreadingHTTPServer):
    """files: what the model `repo` holds. sent: what is sent in place of a file. cuts: how often it hangs up half-way through the
    weights. goes_on: while it is not set, the second half of the weights is kept back."""

    def __init__(self, repo: str = "me/tiny", port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Answer)
        self.repo = repo
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.files: dict[str, bytes] = {}
        self.sent: dict[str, bytes] = {}
        self.cuts = 0
        self.ranges: list[str | None] = []
        self.fetched: list[str] = []


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        name = path.rpartition("/")[2]
        repo = self.server.repo
        if path.startswith(f"/api/models/{repo}/tree/"):
            self._send(json.dumps([self._entry(name) for name in self.server.files]).encode())
        elif path.startswith(f"/api/models/{repo}"):
            self._send(json.dumps({"id": repo, "sha": COMMIT, "siblings": []}).encode())
        elif path.startswith(f"/{repo}/resolve/") and name in self.server.files:
            self._send_file(name)
        else:
            missing = "EntryNotFound" if path.startswith(f"/{repo}/") else "RepoNotFound"
            self._send(b"", 404, {"X-Error-Code": missing})

    def _entry(self, name: str) -> dict[str, object]:
        data = self.server.files[name]
        large = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 1}
        return {"type": "file", "path": name, "size": len(data), "oid": _git_hash(data)} | (
            {"lfs": large} if name.endswith(".safetensors") else {}
        )

    def _send_file(self, name: str) -> None:
        data = self.server.files[name]
        large = name.endswith(".safetensors")
        etag = hashlib.sha256(data).hexdigest() if large else _git_hash(data)
        data = self.server.sent.get(name, data)
        wanted = self.headers.get("Range")
        if self.command == "GET":
            self.server.fetched.append(name)
        if wanted and self.command == "GET":
            self.server.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            extra = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
            self._send(
                data[start:],
                206,
                extra | {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT},
                self._stop(name, data[start:]),
            )
            return
        self._send(data, 200, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}, self._stop(name, data))

    def _stop(self, name: str, data: bytes) -> int | None:
        if self.server.cuts == 0 or self.command != "GET" or name != "model.safetensors":
            return None
        self.server.cuts -= 1
        return len(data) // 2

    def _send(
        self, body: bytes, status: int = 200, headers: dict[str, str] | None = None, stop_at: int | None = None
    ) -> None:
        self.send_response(status)
        for key, value in ({"Content-Length": str(len(body)), "Accept-Ranges": "bytes"} | (headers or {})).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            body = body[:stop_at]
            most = len(body) // 2
            self.wfile.write(body[:most])
            self.server.goes_on.wait()
            self.wfile.write(body[most:])


def _git_hash(data: bytes) -> str:
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


@pytest.fixture
def hub(tmp_path, tiny_model, monkeypatch):
    hugging_face_twin(tiny_model).save_pretrained(tmp_path / "theirs")
    server = Hub()
    server.files = {path.name: path.read_bytes() for path in (tmp_path / "theirs").iterdir()}
    server.files["README.md"] = b"not asked for"
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "AGENT_HARNESSES_PATH", str(tmp_path / "agents.json"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the library waits a second before it tries again
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_model_is_downloaded_once_and_opens_without_a_network_after_that(hub, tiny_model):
    opened = load_pretrained("me/tiny")
    assert torch.equal(opened.model.tok_emb.weight, tiny_model.tok_emb.weight)
    assert "README.md" not in hub.fetched
    hub.fetched.clear()
    hub.files.clear()
    assert load_pretrained("me/tiny").model.config == opened.model.config
    assert hub.fetched == []


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_file_that_arrives_damaged_is_refused_and_not_kept(hub, name):
    whole = hub.files[name]
    hub.sent[name] = bytes([whole[0], whole[1] ^ 1]) + whole[2:]
    with pytest.raises(DownloadFailed, match=f"{name} arrived damaged: its hash is not"):
        load_pretrained("me/tiny")
    hub.sent.clear()
    assert load_pretrained("me/tiny").model.config.n_heads == 3


def test_a_download_that_was_cut_is_continued_and_not_begun_again(hub):
    hub.cuts = 1
    assert load_pretrained("me/tiny").model.config.n_heads == 3
    assert hub.ranges == [f"bytes={_half(hub)}-"]


def test_a_download_that_was_given_up_is_continued_by_the_next_attempt(hub):
    hub.cuts = 100
    with pytest.raises(DownloadFailed, match="what has arrived is kept"):
        load_pretrained("me/tiny")
    hub.cuts, hub.ranges = 0, []
    assert load_pretrained("me/tiny").model.config.n_heads == 3
    assert [int(wanted[6:-1]) >= _half(hub) for wanted in hub.ranges] == [True]


def test_whether_a_model_is_here_is_found_out_without_the_network(hub):
    assert in_cache("me/tiny") is None
    assert hub.fetched == []
    folder = downloaded("me/tiny")
    hub.files.clear()
    assert in_cache("me/tiny") == folder
    with pytest.raises(UnknownModel, match="is no name of a model"):
        in_cache("a b/c")


def test_weights_without_the_rest_are_no_model_yet(hub):
    del hub.files["config.json"]
    with pytest.raises(UnreadableCheckpoint):
        downloaded("me/tiny")
    assert in_cache("me/tiny") is None


def test_progress_is_told_and_can_stop_a_download_that_is_continued_later(hub):
    size = len(hub.files["model.safetensors"])
    told = []

    def stop_half_way(have: int, of: int) -> None:
        told.append((have, of))
        if have > size // 2:
            raise DownloadStopped("enough")

    with pytest.raises(DownloadStopped):
        downloaded("me/tiny", stop_half_way)
    assert in_cache("me/tiny") is None
    assert told[0] == (0, size)
    assert [have for have, _ in told] == sorted({have for have, _ in told})
    again = []
    downloaded("me/tiny", lambda have, of: again.append((have, of)))
    assert again[0] == told[-1]
    assert again[-1] == (size, size)
    assert hub.ranges == [f"bytes={told[-1][0]}-"]


def _half(hub: Hub) -> int:
    """Where the server hangs up, rounded down to the pieces in which the library reads."""
    return len(hub.files["model.safetensors"]) // 2 // 1000 * 1000


def test_without_a_connection_one_sentence_says_what_to_do(hub, monkeypatch):
    hub.shutdown()
    hub.server_close()
    with pytest.raises(NoConnection, match=r"me/tiny is not on this machine and could not be downloaded .* Connect"):
        load_pretrained("me/tiny")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadFailed, match="openai-community/gpt2 is not on this machine"):
        load_pretrained("gpt2")


def test_a_model_that_does_not_exist_is_refused(hub):
    with pytest.raises(UnknownModel, match="no folder 'me/other' here and no public model of that name"):
        load_pretrained("me/other")
    with pytest.raises(UnknownModel, match="There is no model 'no such name'"):
        load_pretrained("no such name")


def test_a_model_without_safetensors_is_refused(hub):
    del hub.files["model.safetensors"]
    with pytest.raises(UnreadableCheckpoint, match=r"me/tiny has no config.json and model.safetensors"):
        load_pretrained("me/tiny")


def test_a_model_with_an_adapter_is_refused_as_its_folder_is(hub):
    hub.files["adapter_config.json"] = b"{}"
    hub.files["adapter_model.safetensors"] = b"not asked for"
    with pytest.raises(UnsupportedModel, match=r"holds adapter_config.json: an adapter"):
        load_pretrained("me/tiny")
    assert "adapter_model.safetensors" not in hub.fetched


def test_names_of_models_are_told_from_other_words():
    assert all(is_model_id(name) and is_model_id(full) for name, full in ALIASES.items())
    for word in ("", "gpt3", "a/b/c", "../x", "/etc/passwd", "a b/c", "me/", "./me"):
        assert not is_model_id(word)
