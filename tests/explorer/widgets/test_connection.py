"""Requests that meet no server, asked again. The server is a list of what it answers; a while takes no time."""

from __future__ import annotations

import json

import pytest

from tests.explorer.widgets.scripts import engine_with

# asked(answers, servers, n): n requests at once, each of which meets `answers` in turn (null: no server; the last one for ever), while
# isSame answers `servers` in turn (null: no server). What came of it is in `done`.
SETTING = """
const answer = ({ status, type = 'text/html' }) => ({ status, headers: { get: () => type } });
let done;
function asked(answers, servers, n = 1, url = '/run/predict') {
  done = { tries: 0, said: [], came: [], anew: 0 };
  const next = (list) => (list.length > 1 ? list.shift() : list[0]);
  const ask = async () => {
    done.tries += 1;
    const met = next(answers);
    if (met === null) throw new Error('no network');
    return answer(met);
  };
  const isSame = async () => {
    const met = next(servers);
    if (met === null) throw new Error('no network');
    return met;
  };
  const fetch = insistent(ask, {
    concerns: (address) => address.startsWith('/run/'), isSame, rest: () => Promise.resolve(),
    isSilent: (silent) => done.said.push(silent), startAnew: () => { done.anew += 1; }, most: 5,
  });
  for (let i = 0; i < n; i++) {
    fetch(url, {}).then(({ status }) => done.came.push(status), (reason) => done.came.push(reason.message));
  }
}
"""
FINE = {"status": 200}


@pytest.fixture
def outcome():
    engine = engine_with("connection/insistent.js", more=SETTING)

    def of(answers: list, servers: list, n: int = 1, url: str = "/run/predict") -> dict:
        engine.eval(f"asked({json.dumps(answers)}, {json.dumps(servers)}, {n}, {json.dumps(url)})")
        return json.loads(engine.eval("JSON.stringify(done)"))

    return of


def test_a_request_that_is_answered_is_made_once_and_nothing_is_said(outcome):
    assert outcome([FINE], [True]) == {"tries": 1, "said": [], "came": [200], "anew": 0}


def test_until_the_server_is_there_again_it_is_said_once_and_every_request_is_answered_then(outcome):
    found = outcome([None, None, FINE], [None, None, None, True], n=2)
    assert found == {"tries": 4, "said": [True, False], "came": [200, 200], "anew": 0}


@pytest.mark.parametrize("status", [502, 503, 504])
def test_what_stands_before_the_server_and_misses_it_is_no_answer(outcome, status):
    assert outcome([{"status": status}, FINE], [True]) == {"tries": 2, "said": [], "came": [200], "anew": 0}


@pytest.mark.parametrize("met", [{"status": 503, "type": "application/json"}, {"status": 500}, {"status": 422}])
def test_what_the_server_itself_refuses_is_its_answer(outcome, met):
    assert outcome([met, FINE], [True]) == {"tries": 1, "said": [], "came": [met["status"]], "anew": 0}


def test_a_request_that_fails_and_fails_though_the_server_is_there_is_given_up(outcome):
    assert outcome([None], [True]) == {"tries": 6, "said": [], "came": ["no network"], "anew": 0}
    assert outcome([{"status": 502}], [True])["came"] == [502]


def test_another_server_is_asked_nothing(outcome):
    assert outcome([None], [None, False], n=2) == {"tries": 2, "said": [True], "came": [], "anew": 1}


def test_what_is_no_question_to_a_handler_is_not_insisted_on(outcome):
    assert outcome([None, FINE], [True], url="/assets/a.js")["came"] == ["no network"]
