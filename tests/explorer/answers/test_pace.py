"""When something long is told of, and when it has taken long enough."""

from explorer.answers import pace
from explorer.answers.pace import Pace


def at(monkeypatch, seconds):
    monkeypatch.setattr(pace.time, "monotonic", lambda: seconds)


def test_telling_is_due_once_a_pause_counted_from_the_last_telling(monkeypatch):
    at(monkeypatch, 100.0)
    clock = Pace(between=2.0, at_most=60.0)
    assert not clock.due()
    at(monkeypatch, 103.0)
    assert clock.due()
    assert not clock.due()
    at(monkeypatch, 104.5)
    assert not clock.due()
    at(monkeypatch, 105.0)
    assert clock.due()


def test_time_is_over_after_the_most_and_not_at_it(monkeypatch):
    at(monkeypatch, 100.0)
    clock = Pace(between=2.0, at_most=60.0)
    at(monkeypatch, 160.0)
    assert not clock.out_of_time()
    at(monkeypatch, 160.5)
    assert clock.out_of_time()
    assert clock.seconds == 60.5
