"""The texts that the Training tab knows by name: only what lies whole on this machine is opened, and no more than the page takes."""

from __future__ import annotations

import hashlib

from explorer.answers.sample_texts import NAMES, STORIES, beginning, opened
from explorer.answers.training import sample_text
from gpt2core.train import corpora
from gpt2core.train.corpora import SOURCES, Source


def test_a_text_that_is_not_here_or_not_the_pinned_one_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(corpora.urllib.request, "urlopen", lambda *_, **__: 1 / 0)
    assert opened(STORIES, tmp_path) == sample_text()
    for name in NAMES[1:]:
        assert opened(name, tmp_path) is None
        (tmp_path / f"{name}.txt").write_text("something else")
        assert opened(name, tmp_path) is None


def test_a_text_that_is_here_is_opened_as_far_as_the_page_takes_it(tmp_path, monkeypatch):
    data = b"One day.\r\n<|endoftext|>\n" * 60_000
    monkeypatch.setitem(SOURCES, "tinystories", Source("", len(data), hashlib.sha256(data).hexdigest(), ""))
    (tmp_path / "tinystories.txt").write_bytes(data)
    text = opened("tinystories", tmp_path)
    assert text.endswith("One day.\n<|endoftext|>")
    assert 999_000 < len(text) <= 1_000_000


def test_the_beginning_ends_with_a_document_where_there_are_several():
    text = "a<|endoftext|>b<|endoftext|>c"
    assert beginning(text, 100) == text
    assert beginning(text, 28) == "a<|endoftext|>b<|endoftext|>"
    assert beginning(text, 20) == "a<|endoftext|>"
    assert beginning("x" * 50, 20) == "x" * 20
    assert beginning("x" * 10 + "<|endoftext|>y", 15) == "x" * 10 + "<|end"
