"""What the Training tab answers: refusals in a sentence, a run from press to menu, sessions that share nothing."""

import pytest

from explorer.answers import training
from explorer.answers.training import Progress, Recipe, TrainingSession
from explorer.store.services import Services
from explorer.tabs.training import TrainingHandlers, clock, facts, only_if_asked, opened_file, size_choice, stopped
from gpt2core import GPTConfig

TEXT = "The cat sat on the mat. The dog sat on the log. " * 40
TOY = GPTConfig(training.VOCAB_SIZE, 8, 16, 2, 1, drop_rate=0.0, qkv_bias=True, tied_head=True)


@pytest.fixture(autouse=True)
def toy_size(monkeypatch):
    monkeypatch.setitem(training.SIZES, "toy", TOY)
    monkeypatch.setattr(training, "TICK_SECONDS", 0.0)
    monkeypatch.setattr(training, "SAMPLE_TOKENS", 3)


@pytest.fixture
def handlers():
    return TrainingHandlers(Services())


def ask(handlers, session, text=TEXT, steps=4):
    return handlers.ask(session, text, "toy", steps, 1e-2, 4)


def is_skipped(update):
    return isinstance(update, dict) and update == {"__type__": "update"}


def test_a_text_too_short_is_refused_in_a_sentence_and_takes_no_place(handlers):
    session = TrainingSession()
    _, told, *buttons = ask(handlers, session, "too short")
    assert told["kind"] == "refusal"
    assert told["text"].endswith("Add more text, or choose a shorter window or a larger share.")
    assert all(map(is_skipped, buttons))
    with pytest.raises(Exception):  # noqa: B017, PT011 (gradio's own, invisible)
        only_if_asked(session)


def test_a_run_shows_a_growing_curve_and_ends_with_the_model_in_the_menu(handlers):
    session = TrainingSession()
    ask(handlers, session)
    only_if_asked(session)
    shown = list(handlers.run(session))
    curves = [update[1]["step"] for update in shown]
    assert curves == [0, 1, 2, 3, 4, 4]
    assert shown[-1][0]["text"].startswith("Done: 4 steps")
    menu, told = handlers.offer(session, "The cat")
    assert menu["value"].startswith("trained-")
    assert menu["choices"][-1] == ("Yours 1 · 4 steps · 0.0 M", menu["value"])
    assert "chosen in the Model menu" in told["text"]
    assert handlers._services.read("The cat", menu["value"]).token_ids


def test_a_sentence_too_long_for_the_new_model_keeps_the_old_one_chosen(handlers):
    session = TrainingSession()
    ask(handlers, session)
    list(handlers.run(session))
    menu, told = handlers.offer(session, "one two three four five six seven eight nine ten")
    assert "value" not in menu
    assert "it reads 8" in told["text"]


def test_stop_ends_a_run_and_keeps_its_model(handlers):
    session = TrainingSession()
    ask(handlers, session, steps=1000)
    for number, update in enumerate(handlers.run(session)):
        if number == 2:
            assert stopped(session)[0]["text"] == "Stopping …"
        last = update
    assert last[0]["text"] == "Stopped after 2 of 1,000 steps."
    assert len(session.trained) == 1


def test_leaving_the_line_means_that_the_run_never_begins(handlers):
    session = TrainingSession()
    ask(handlers, session)
    assert stopped(session)[0]["text"] == "Stopped before it began."
    assert all(all(map(is_skipped, update)) for update in handlers.run(session))
    assert session.trained == []


def test_the_next_person_is_told_to_wait_until_the_run_is_over_or_its_page_closed(handlers):
    first, second = TrainingSession(), TrainingSession()
    ask(handlers, first)
    running = handlers.run(first)
    next(running)
    assert ask(handlers, second)[1]["text"].startswith("Somebody else is training")
    running.close()
    assert ask(handlers, second)[1]["text"] == "Getting ready …"


def test_sessions_share_nothing(handlers):
    first, second = TrainingSession(), TrainingSession()
    ask(handlers, first)
    list(handlers.run(first))
    assert second.trained == []
    assert all(map(is_skipped, handlers.offer(second, "The cat")))


def test_a_file_that_is_no_text_is_refused_and_the_box_kept(tmp_path):
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_bytes("naïve 漢字".encode())
    bad.write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    assert opened_file(str(good))[0] == "naïve 漢字"
    text, told = opened_file(str(bad))
    assert is_skipped(text)
    assert told["text"].startswith("This file is not UTF-8 text")


def test_no_choice_among_more_tokens_than_there_are_is_told():
    progress = Progress(Recipe(), step=2, held_out=[(0, 7.4)])
    assert "not better than guessing among all 1,024 tokens" in facts(progress)[-1]
    assert "a choice among 7.4 tokens" in facts(Progress(Recipe(), step=2, held_out=[(0, 2.0)]))[-1]


@pytest.mark.parametrize(("seconds", "shown"), [(0.4, "0:00"), (65, "1:05"), (599.6, "10:00"), (float("nan"), "0:00")])
def test_durations_are_minutes_and_seconds(seconds, shown):
    assert clock(seconds) == shown


def test_sizes_are_named_with_what_they_are():
    assert size_choice("tiny") == "tiny · 0.9 M parameters · reads 64"
