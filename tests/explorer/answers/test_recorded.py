"""The run shown before anyone has trained: recorded, not invented, and of the text that ships."""

import json
import math

from explorer.answers.recipe import Recipe
from explorer.answers.recorded import RECORDED_FILE, recorded_run, sample_sha256, write


def test_the_recorded_run_is_of_the_text_and_the_settings_that_the_page_offers():
    assert json.loads(RECORDED_FILE.read_text(encoding="utf-8"))["text_sha256"] == sample_sha256()
    assert recorded_run().recipe == Recipe()


def test_the_recorded_run_is_whole_and_begins_at_chance():
    run = recorded_run()
    assert run.end == "finished"
    assert [step for step, _ in run.train] == list(range(1, run.recipe.steps + 1))
    assert abs(run.held_out[0][1] - math.log(1024)) < 0.1
    assert run.samples[0].step == 0
    assert run.samples[-1].step == run.recipe.steps


def test_what_is_written_is_read_back(tmp_path):
    run = recorded_run()
    write(run, tmp_path / "again.json")
    assert recorded_run(tmp_path / "again.json") == run
