"""One download for everybody: it is joined and not begun twice, told as it goes, and ends when nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from explorer.page.download_panel import downloading, progress_sentence, wanted
from explorer.store import download
from explorer.store.download import Arrival, Download
from explorer.store.services import Services
from gpt2core.errors import DownloadFailed, DownloadStopped, NoConnection

PATIENCE = 20


class Source:
    """A download that goes on only when the test says so."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = threading.Event()
        self.error: BaseException | None = None
        self._turn = threading.Semaphore(0)
        self._done = threading.Semaphore(0)

    def __call__(self, progress: Callable[[int, int], None]) -> None:
        self.begun += 1
        try:
            for have in (0, 50, 100):
                assert self._turn.acquire(timeout=PATIENCE)
                progress(have, 100)
                self._done.release()
        except BaseException as error:
            self.error = error
            raise
        finally:
            self._done.release()
            self.ended.set()

    def goes_on(self) -> None:
        self._turn.release()
        assert self._done.acquire(timeout=PATIENCE)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "SECONDS_BETWEEN_UPDATES", 0.001)


def follow_until(followed: Iterator[Arrival], have: int) -> None:
    assert any(arrival.have == have for arrival in followed)


def test_two_who_ask_share_one_download_and_see_the_same_progress() -> None:
    source = Source()
    shared = Download(source)
    one, other = shared.follow(), shared.follow()
    assert next(one) == next(other) == Arrival(0, 0)
    source.goes_on()
    source.goes_on()
    follow_until(one, 50)
    follow_until(other, 50)
    source.goes_on()
    assert all(arrival.size in (0, 100) for arrival in one)
    assert all(arrival.size in (0, 100) for arrival in other)
    assert source.begun == 1
    assert source.error is None


def test_it_goes_on_while_one_waits_and_stops_when_the_last_has_left() -> None:
    source = Source()
    shared = Download(source)
    one, other = shared.follow(), shared.follow()
    next(one), next(other)
    one.close()
    source.goes_on()
    source.goes_on()
    follow_until(other, 50)
    other.close()
    source.goes_on()
    assert source.ended.wait(PATIENCE)
    assert isinstance(source.error, DownloadStopped)


def test_after_a_stop_the_next_press_begins_anew() -> None:
    source = Source()
    shared = Download(source)
    first = shared.follow()
    next(first)
    first.close()
    second = shared.follow()
    next(second)
    for _ in range(4):
        source.goes_on()
    assert list(second)[-1:] in ([], [Arrival(100, 100)])
    assert source.begun == 2


def test_a_download_is_bounded_in_time() -> None:
    source = Source()
    followed = Download(source, max_seconds=-1).follow()
    next(followed)
    source.goes_on()
    with pytest.raises(DownloadStopped, match="What has arrived is kept: press"):
        list(followed)


def test_without_a_network_everybody_is_told_in_one_sentence() -> None:
    def fails(progress: object) -> None:
        raise NoConnection("whatever gpt2core says of it")

    services = Services()
    services.gpt2_download = Download(fails)
    for _ in range(2):
        *_, told = downloading(services)
        assert told["kind"] == "refusal"
        assert (
            "huggingface.co does not answer. All other models work without it; connect to the internet" in told["text"]
        )


def test_another_trouble_is_told_in_its_own_words() -> None:
    def fails(progress: object) -> None:
        raise DownloadFailed("model.safetensors arrived damaged. Try again.")

    services = Services()
    services.gpt2_download = Download(fails)
    *_, told = downloading(services)
    assert told == {"kind": "refusal", "text": "model.safetensors arrived damaged. Try again."}


def test_an_unknown_error_is_kept_in_the_log() -> None:
    def breaks(progress: object) -> None:
        raise RuntimeError("secret")

    services = Services()
    services.gpt2_download = Download(breaks)
    *_, told = downloading(services)
    assert told["kind"] == "refusal"
    assert "secret" not in told["text"]


def test_progress_is_said_in_megabytes() -> None:
    assert "huggingface.co" in progress_sentence(Arrival())
    assert progress_sentence(Arrival(123_400_000, 548_000_000)) == "GPT-2: 123 of 548 MB have arrived."
    assert "being checked" in progress_sentence(Arrival(548_000_000, 548_000_000))


def test_the_panel_is_shown_only_where_gpt2_is_chosen_and_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services()
    monkeypatch.setattr(services.models, "is_here", lambda name: name != "gpt2")
    assert wanted(services, "tinystories", "gpt2").visible
    assert not wanted(services, "tinystories", None, ["gpt2"]).visible
    monkeypatch.setattr(services.models, "is_here", lambda name: True)
    assert not wanted(services, "gpt2").visible
