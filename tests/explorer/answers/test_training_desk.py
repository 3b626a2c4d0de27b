"""Who trains and who waits: refusals in a sentence, a run from press to menu, sessions that share nothing."""

import pytest

from explorer.answers.training import Progress, Recipe, TrainingSession
from explorer.answers.training_desk import TrainingDesk
from explorer.answers.training_words import clock, facts, size_choice
from explorer.store.services import Services
from tests.explorer.answers.conftest import TO_LEARN

pytestmark = pytest.mark.usefixtures("toy_size")


@pytest.fixture
def desk():
    return TrainingDesk(Services())


def ask(desk, session, text=TO_LEARN, steps=4):
    return desk.ask(session, text, ("toy", steps, 1e-2, 4))


@pytest.mark.parametrize(
    ("text", "told"),
    [("too short", "Add more text, or choose a shorter window or a larger share."), (None, "share."), (7, "share.")],
)
def test_a_text_that_cannot_be_learned_is_refused_in_a_sentence_and_takes_no_place(desk, text, told):
    session = TrainingSession()
    said = ask(desk, session, text)
    assert said.refused
    assert said.text.endswith(told)
    assert said.running is None
    assert list(desk.run(session)) == []


@pytest.mark.parametrize(
    "recipe", [("vast", 4, 1e-2, 4), ("toy", 0, 1e-2, 4), ("toy", 4, None, 4), ("toy", 4, 1e-2, 2.5)]
)
def test_a_recipe_that_the_page_does_not_offer_is_refused(desk, recipe):
    assert desk.ask(TrainingSession(), TO_LEARN, recipe).refused


def test_a_run_shows_a_growing_curve_and_ends_with_the_model_on_offer(desk):
    session = TrainingSession()
    assert ask(desk, session).running
    seen = [(now.progress.step, now.said, now.new_samples) for now in desk.run(session)]
    assert [step for step, _, _ in seen] == [0, 1, 2, 3, 4, 4]
    assert [said is not None for _, said, _ in seen] == [True, False, False, False, False, True]
    assert seen[-1][1].text.startswith("Done: 4 steps")
    assert seen[-1][1].running is False
    offer = desk.offer(session, "The cat")
    assert offer.chosen.startswith("trained-")
    assert offer.choices[-1] == ("Yours 1 · 4 steps · 0.0 M", offer.chosen)
    assert "chosen in the Model menu" in offer.said.text
    assert desk._services.read("The cat", offer.chosen).token_ids
    assert desk.offer(session, "The cat") is None  # once


@pytest.mark.parametrize(
    ("sentence", "told"), [("one two three four five six seven eight nine ten", "it reads 8"), ("", "Type a sentence")]
)
def test_a_sentence_that_the_new_model_cannot_read_keeps_the_old_one_chosen(desk, sentence, told):
    session = TrainingSession()
    ask(desk, session)
    list(desk.run(session))
    offer = desk.offer(session, sentence)
    assert offer.chosen is None
    assert told in offer.said.text


def test_stop_ends_a_run_keeps_its_model_and_tells_the_loss_where_it_stopped(desk):
    session = TrainingSession()
    ask(desk, session, steps=1000)
    for number, now in enumerate(desk.run(session)):
        if number == 2:
            assert desk.stop(session).text == "Stopping …"
        last = now
    assert last.said.text == "Stopped after 2 of 1,000 steps."
    assert len(session.trained) == 1
    assert [step for step, _ in last.progress.held_out] == [0, 2]
    assert last.progress.held_out[1][1] != last.progress.held_out[0][1]


def test_leaving_the_line_means_that_the_run_never_begins(desk):
    session = TrainingSession()
    ask(desk, session)
    assert desk.stop(session).text == "Stopped before it began."
    assert list(desk.run(session)) == []
    assert session.trained == []


def test_stop_without_a_run_says_so(desk):
    assert desk.stop(None).text == desk.stop(TrainingSession()).text == "Nothing is training on this page."


def test_the_next_person_is_told_to_wait_until_the_run_is_over_or_its_page_closed(desk):
    first, second = TrainingSession(), TrainingSession()
    ask(desk, first)
    running = desk.run(first)
    next(running)
    assert ask(desk, second).text.startswith("Somebody else is training")
    running.close()
    assert ask(desk, second).text == "Getting ready …"


def test_sessions_share_nothing(desk):
    first, second = TrainingSession(), TrainingSession()
    ask(desk, first)
    list(desk.run(first))
    assert second.trained == []
    assert desk.offer(second, "The cat") is None


def test_no_choice_among_more_tokens_than_there_are_is_told():
    progress = Progress(Recipe(), step=2, held_out=[(0, 7.4)])
    assert "not better than guessing among all 1,024 tokens" in facts(progress)[-1]
    assert "a choice among 7.4 tokens" in facts(Progress(Recipe(), step=2, held_out=[(0, 2.0)]))[-1]


@pytest.mark.parametrize(("seconds", "shown"), [(0.4, "0:00"), (65, "1:05"), (599.6, "10:00"), (float("nan"), "0:00")])
def test_durations_are_minutes_and_seconds(seconds, shown):
    assert clock(seconds) == shown


def test_sizes_are_named_with_what_they_are():
    assert size_choice("tiny") == "tiny · 933 k parameters · reads 64"
