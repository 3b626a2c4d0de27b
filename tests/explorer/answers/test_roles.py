"""The heads' role scores: gpt2core's own, on the sentence and on the text that never changes."""

from __future__ import annotations

import pytest
import torch

from explorer.answers.roles import MOST_TOKENS, PERIOD, REFERENCE, SEED, roles_of
from explorer.store.services import Services
from gpt2core import analysis, trace
from gpt2core.errors import NotInVocabulary
from gpt2core.roles import ROLES, role_scores


def told(scores: torch.Tensor) -> list[list[float]]:
    return [pytest.approx(row, abs=1e-6) for row in scores.tolist()]


def test_the_scores_are_gpt2cores_here_and_on_the_reference(services: Services) -> None:
    run = services.read("The dog. The dog", services.models.default, "head:0.1")
    found, gpt = roles_of(services, run), services.models.get(run.model)
    assert found["run"] == run.to_json()
    here = role_scores(trace(gpt.model, run.token_ids, edits=run.pass_edits))
    assert found["here"] == {role: told(here[role]) for role in ROLES}
    ids = services.models.tokenizer(run.model).encode(REFERENCE.read_text(encoding="utf-8"))
    config = gpt.model.config
    there = role_scores(trace(gpt.model, ids[: min(MOST_TOKENS, config.context_length)]))
    twice = analysis.repeated_tokens(config.vocab_size, min(PERIOD, config.context_length // 2), SEED)
    there["induction"] = analysis.induction_scores(trace(gpt.model, twice))
    assert found["reference"] == {role: told(there[role]) for role in ROLES}


def test_what_cannot_be_measured_has_no_number(services: Services) -> None:
    found = roles_of(services, services.read("a", services.models.default))["here"]
    assert all(score is None for table in found.values() for row in table for score in row)


def test_a_vocabulary_that_cannot_write_the_reference_has_none(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Letters:
        def encode(self, text: str) -> list[int]:
            raise NotInVocabulary("The letter L is not in this vocabulary.")

        def decode(self, ids) -> str:
            return ""

    run = services.read("The dog. The dog", services.models.default)
    monkeypatch.setattr(type(services.models), "tokenizer", lambda self, name: Letters())
    found = roles_of(services, run)
    assert found["here"]["previous"][0][0] is not None
    assert all(score is None for row in found["reference"]["previous"] for score in row)
    assert found["reference"]["induction"][0][0] is not None
