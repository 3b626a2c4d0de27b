"""Who trains and who waits: refusals in a sentence, a run from press to menu, sessions that share nothing."""

import gc
from dataclasses import fields

import pytest
import torch
from torch import nn

from explorer.answers.recipe import CHARACTERS, OWN_VOCABULARY, Recipe
from explorer.answers.training import Progress
from explorer.answers.training_desk import TrainingDesk, TrainingSession
from explorer.answers.training_words import changes_in_words, clock, facts, size_choice
from explorer.store.services import Services
from gpt2core.bpe_training import bpe_merges
from gpt2core.errors import UnknownModel
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
    assert [step for step, _, _ in seen] == [0, 1, 2, 3, 4]
    assert [said is not None for _, said, _ in seen] == [True, False, False, False, True]
    assert seen[-1][1].text.startswith("Done: 4 steps")
    assert seen[-1][1].running is False
    offer = desk.offer(session, "The cat")
    assert offer.chosen.startswith("trained-")
    own = [label for label, name in offer.choices if name.startswith("trained-")]
    assert own == ["Yours 1 · 4 steps · 0.0 M", *(f"Yours 1 · after {step} steps" for step in (0, 1, 2, 3, 4))]
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
    assert desk._services.models.get(session.current.name)
    assert [step for step, _ in last.progress.held_out] == [0, 2]
    assert last.progress.held_out[1][1] != last.progress.held_out[0][1]


def test_leaving_the_line_means_that_the_run_never_begins(desk):
    session = TrainingSession()
    ask(desk, session)
    assert desk.stop(session).text == "Stopped before it began."
    assert list(desk.run(session)) == []
    assert desk.offer(session, "The cat") is None


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
    assert second.runs == []
    assert desk.offer(second, "The cat") is None


def test_a_paused_run_takes_single_steps_and_stops_where_it_is(desk):
    session = TrainingSession()
    ask(desk, session, steps=1000)
    for number, _ in enumerate(desk.run(session)):
        if number == 2:
            assert desk.pause(session).text == "Pausing …"
    assert session.current.progress.step == 2
    *_, last = desk.run(session, 1)
    assert last.progress.step == 3
    assert last.said.text.startswith("Paused after 3 steps")
    assert desk.stop(session).text == "Stopped after 3 of 1,000 steps."
    moments = desk._services.models.moments(session.current.name)
    assert [step for step, _ in moments] == [0, 2, 3]
    assert list(desk.run(session)) == []


def test_one_step_that_begins_a_run_says_so(desk):
    session = TrainingSession()
    for _ in range(2):
        ask(desk, session, steps=3)
        *_, last = desk.run(session, 1)
        assert last.said.text.startswith("A new run: it has taken its first step")
        list(desk.run(session))
    assert len(session.runs) == 2


def test_a_page_loaded_anew_takes_its_runs_up_by_their_names(desk):
    session, other = TrainingSession(), TrainingSession()
    ask(desk, session, steps=1000)
    running = desk.run(session)
    next(running), next(running)
    running.close()  # the page was closed
    said = desk.take_up(other, session.names)
    assert (said.running, other.taken_up) == (True, True)
    step = session.current.progress.step
    next(desk.run(other))
    assert other.current.progress.step >= step
    assert desk.take_up(other, session.names) is None  # what it has


def test_a_link_to_a_run_that_is_gone_says_so(desk):
    session, other = TrainingSession(), TrainingSession()
    ask(desk, session)
    desk.forget(session, session.current.name)
    assert session.runs == []
    said = desk.take_up(other, "trained-made-up")
    assert said.refused
    assert said.text.startswith("1 of the 1 run in this link is no longer kept")


def test_the_rate_can_be_changed_only_while_there_is_a_run_and_within_reason(desk):
    session = TrainingSession()
    assert desk.change_rate(session, 0.5).text.startswith("The rate can be changed once")
    ask(desk, session)
    assert desk.change_rate(session, "fast").refused
    assert desk.change_rate(session, 0.5).text == "From step 0 on the schedule's peak is 0.005."


def test_a_run_may_start_from_a_model_on_the_menu_and_from_no_other(desk):
    session = TrainingSession()
    ask(desk, session)
    list(desk.run(session))
    name = session.current.name
    fine = {field.name: field.default for field in fields(Recipe)}
    fine |= {"size": "toy", "steps": 4, "batch_size": 4, "learning_rate": 1e-4}
    assert desk.ask(session, TO_LEARN, tuple((fine | {"source": "nobody"}).values())).refused
    assert not desk.ask(session, TO_LEARN, tuple((fine | {"source": name}).values())).refused
    first = next(desk.run(session)).progress.held_out[0][1]
    assert first == pytest.approx(session.runs[0].progress.held_out[-1][1])


def test_a_vocabulary_of_ones_own_is_what_the_model_reads_by(desk):
    session = TrainingSession()
    recipe = {field.name: field.default for field in fields(Recipe)}
    recipe |= {"size": "toy", "steps": 4, "batch_size": 4, "vocab_size": OWN_VOCABULARY}
    assert "train one on the Tokens tab" in desk.ask(session, TO_LEARN, tuple(recipe.values())).text
    key = desk._services.vocabularies.add(list(bpe_merges(TO_LEARN, 300)))
    assert not desk.ask(session, TO_LEARN, tuple((recipe | {"vocabulary": key}).values())).refused
    list(desk.run(session))
    trained = desk._services.models.get(session.current.name)
    own = desk._services.vocabularies.get(key).tokenizer
    assert trained.model.config.vocab_size == own.vocab_size
    assert trained.tokenizer.encode(TO_LEARN) == own.encode(TO_LEARN)
    assert desk.ask(session, TO_LEARN, tuple((recipe | {"vocabulary": "gone"}).values())).refused


def test_memory_returns_to_where_it_was_after_twenty_runs(desk):
    def held() -> int:
        gc.collect()
        return sum(
            one.untyped_storage().nbytes() for one in gc.get_objects() if type(one) in (torch.Tensor, nn.Parameter)
        )

    def one_run() -> None:
        session = TrainingSession()
        ask(desk, session)
        list(desk.run(session))
        assert desk.offer(session, "The cat")
        desk.forget(session, session.current.name)

    one_run()
    before = held()
    for _ in range(20):
        one_run()
    assert held() == before


def test_the_models_of_many_runs_are_bounded(desk):
    desk._services.models._trained._most_runs = 3
    sessions = [TrainingSession() for _ in range(5)]
    for session in sessions:
        ask(desk, session)
        list(desk.run(session))
    with pytest.raises(UnknownModel, match="no longer kept"):
        desk._services.models.get(sessions[0].current.name)
    assert desk._services.models.get(sessions[-1].current.name)


def test_what_changed_between_two_runs_is_said(desk):
    before, now = Recipe("toy", 4, 1e-2, 4), Recipe("toy", 8, 1e-3, 4)
    assert changes_in_words(now, before) == "steps 4 → 8; learning rate 0.01 → 0.001"
    assert changes_in_words(now, now).startswith("nothing")
    assert changes_in_words(now, None) == "toy, 8 steps, rate 0.001"


def test_no_choice_among_more_tokens_than_there_are_is_told():
    progress = Progress(Recipe(), step=2, held_out=[(0, 7.4)])
    assert "not better than guessing among all 1,024 tokens" in facts(progress)[-1]
    assert "a choice among 7.4 tokens" in facts(Progress(Recipe(), step=2, held_out=[(0, 2.0)]))[-1]


@pytest.mark.parametrize(("seconds", "shown"), [(0.4, "0:00"), (65, "1:05"), (599.6, "10:00"), (float("nan"), "0:00")])
def test_durations_are_minutes_and_seconds(seconds, shown):
    assert clock(seconds) == shown


def test_sizes_are_named_with_what_they_are():
    assert size_choice("tiny") == "tiny · 4 × 4 heads · 933 k"


def test_a_vocabulary_of_characters_is_the_texts_own_and_a_sentence_it_cannot_write_is_said(desk):
    session = TrainingSession()
    recipe = [getattr(Recipe("toy", 2, 1e-2, 4, vocab_size=CHARACTERS), field.name) for field in fields(Recipe)]
    assert desk.ask(session, TO_LEARN, recipe).running
    *_, last = desk.run(session)
    assert last.progress.vocab_size == len(set(TO_LEARN)) + 1
    offer = desk.offer(session, "Zebra!")
    assert offer.chosen is None
    assert "no token for 'Z'" in offer.said.text
    assert desk._services.read("The cat", session.current.name).token_ids
    many = "".join(map(chr, range(0x4E00, 0x4E00 + 9000))) * 2
    assert "8,192" in desk.ask(session, many, recipe).text


def test_fine_tuning_is_measured_on_the_text_of_before_unless_it_is_read_again(desk):
    session = TrainingSession()
    assert ask(desk, session).running
    *_, _ = desk.run(session)
    first = session.current.name
    for source, text, kind in (
        (first, "A hen met a fox. " * 60, "own"),
        (f"{first}@4", "A hen met a fox. " * 60, "own"),
        (first, TO_LEARN, ""),
        ("tinystories", "A hen met a fox. " * 600, "sample"),
        ("", TO_LEARN, ""),
    ):
        recipe = [getattr(Recipe("toy", 2, 1e-3, 4, source=source), field.name) for field in fields(Recipe)]
        said = desk.ask(session, text, recipe)
        assert said.running, said.text
        assert session.current.progress.old_kind == kind, source
