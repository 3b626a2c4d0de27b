"""What the Training tab adds to its answers: the file that is opened, and a chain that ends without a word."""

import pytest

from explorer.answers.training import sample_text
from explorer.answers.training_desk import TrainingDesk, TrainingSession
from explorer.panels.training_live import only_if_it_can_go_on
from explorer.panels.training_texts import opened_file
from explorer.store.services import Services


def test_only_a_press_that_was_taken_goes_on():
    session, desk = TrainingSession(), TrainingDesk(Services())
    for nobody in (None, session):
        with pytest.raises(Exception):  # noqa: B017, PT011 (gradio's own, invisible)
            only_if_it_can_go_on(nobody)
    desk.ask(session, sample_text(), ())
    only_if_it_can_go_on(session)
    desk.stop(session)
    with pytest.raises(Exception):  # noqa: B017, PT011
        only_if_it_can_go_on(session)


def test_a_file_that_is_no_text_is_refused_and_the_box_kept(tmp_path):
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_bytes("naïve 漢字".encode())
    bad.write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    assert opened_file(str(good))[0] == "naïve 漢字"
    text, told = opened_file(str(bad))
    assert text == {"__type__": "update"}
    assert told["text"].startswith("This file is not UTF-8 text")
