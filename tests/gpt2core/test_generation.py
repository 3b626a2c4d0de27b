"""Text token by token. T tokens, V vocabulary."""

from dataclasses import replace

import pytest
import torch

from gpt2core import GPTConfig, GPTModel, KVCache, generate
from gpt2core.errors import EmptyPrompt, InvalidSetting, NotFinite, TokenOutOfRange
from gpt2core.generation import alternatives
from gpt2core.sampling import SamplingSettings, draw, falling_order, gumbel_noise, next_token_probabilities, pipeline
from tests.reference import hugging_face_twin, random_model

CONFIG = GPTConfig(97, 24, 32, 4, 3, qkv_bias=True, tied_head=True)
PROMPT = [5, 60, 7, 7, 31]


@pytest.fixture(scope="module")
def model():
    return random_model(CONFIG)


def token_ids(steps):
    return [step.token_id for step in steps]


def naive_generate(model, prompt, n, settings, seed):
    """No cache: the last context_length tokens are read from scratch for each new one."""
    text = list(prompt)
    for _ in range(n):
        with torch.no_grad():
            logits = model(torch.tensor([text[-model.config.context_length :]]))[0, -1]
        choice = pipeline(logits, settings, text)
        text.append(draw(choice.logits, gumbel_noise(logits.numel(), seed, len(text))))
    return text[len(prompt) :]


@pytest.mark.parametrize(
    "settings",
    [
        SamplingSettings(0.0),
        SamplingSettings(),
        SamplingSettings(3.0, 30, 0.95, 0.01, 1.3),
        SamplingSettings(0.0, repetition_penalty=1.5),
    ],
    ids=str,
)
@pytest.mark.parametrize("n_prompt", [1, 5, 23, 24, 25, 40])
def test_cached_generation_equals_the_naive_loop_also_past_the_context(model, settings, n_prompt):
    prompt = [(7 * i) % 97 for i in range(n_prompt)]
    ours = generate(
        model,
        prompt,
        30,
        temperature=settings.temperature,
        top_k=settings.top_k,
        top_p=settings.top_p,
        min_p=settings.min_p,
        repetition_penalty=settings.repetition_penalty,
        seed=4,
    )
    assert token_ids(ours) == naive_generate(model, prompt, 30, settings, seed=4)


@pytest.mark.parametrize("n_read_at_once", [1, 2, 7])
def test_reading_through_the_cache_gives_the_logits_of_reading_at_once(model, n_read_at_once):
    text = torch.randint(97, (1, 24), generator=torch.Generator().manual_seed(0))
    cache = KVCache(CONFIG, torch.float32, text.device)
    with torch.no_grad():
        piecewise = torch.cat([model(part, cache=cache) for part in text.split(n_read_at_once, 1)], 1)
        torch.testing.assert_close(piecewise, model(text), rtol=1e-4, atol=1e-4)
    assert cache.length == 24


@pytest.mark.parametrize("form", [{}, {"tied_head": False, "qkv_bias": False}, {"gelu": "erf"}], ids=str)
@pytest.mark.parametrize("penalty", [1.0, 1.4])
def test_greedy_tokens_are_those_of_transformers(form, penalty):
    model = random_model(replace(CONFIG, context_length=64, **form), seed=1)
    theirs = hugging_face_twin(model).generate(
        torch.tensor([PROMPT]),
        attention_mask=torch.ones(1, len(PROMPT)),
        do_sample=False,
        max_new_tokens=50,
        repetition_penalty=penalty,
        pad_token_id=0,
    )
    ours = generate(model, PROMPT, 50, temperature=0.0, repetition_penalty=penalty)
    assert token_ids(ours) == theirs[0, len(PROMPT) :].tolist()


def test_a_step_reports_the_probability_it_was_drawn_with_and_the_logits_before_the_filters(model):
    settings = SamplingSettings(2.0, 20)
    text = list(PROMPT)
    for step in generate(model, PROMPT, 6, temperature=2.0, top_k=20, seed=1):
        assert step.position == len(text)
        assert step.logits.shape == (97,)
        probabilities = next_token_probabilities(step.logits, settings)
        assert step.probability == pytest.approx(float(probabilities[step.token_id]))
        text.append(step.token_id)


def test_a_text_taken_up_again_from_any_of_its_tokens_goes_on_as_it_did(model):
    settings = {"temperature": 2.0, "top_p": 0.9, "repetition_penalty": 1.2, "seed": 6}
    whole = token_ids(generate(model, PROMPT, 30, **settings))  # past the context of 24
    for n_kept in (1, 10, 18, 19, 20, 29):
        kept = whole[:n_kept]
        assert kept + token_ids(generate(model, PROMPT + kept, 30 - n_kept, **settings)) == whole


@pytest.mark.parametrize(
    "settings", [{}, {"temperature": 0.0}, {"temperature": 3.0, "top_k": 2, "repetition_penalty": 30.0}], ids=str
)
def test_alternatives_are_the_likeliest_to_be_drawn_with_the_models_own_numbers_beside(model, settings):
    text = list(PROMPT)
    for step in generate(model, PROMPT, 8, seed=2, **settings):
        found = alternatives(step, 5)
        drawn_from = next_token_probabilities(step.logits, SamplingSettings(**settings), text)
        own = torch.softmax(step.logits.double(), -1)
        listed = {one.token_id for one in found}
        assert len(found) == len(listed) == 5 + (step.token_id not in [one.token_id for one in found[:5]])
        assert step.token_id in listed
        assert [one.probability for one in found] == [float(drawn_from[one.token_id]) for one in found]
        left_out = [float(drawn_from[token_id]) for token_id in range(97) if token_id not in listed]
        assert max(left_out) <= found[min(4, int((drawn_from > 0).sum()) - 1)].probability
        for one in found:
            assert one.log_probability == pytest.approx(float(own[one.token_id].log()))
            assert falling_order(step.logits).tolist()[one.rank - 1] == one.token_id
        text.append(step.token_id)


def test_a_chosen_token_that_is_not_among_the_likeliest_is_listed_last(model):
    for step in generate(model, PROMPT, 20, temperature=1e6, seed=0):
        found = alternatives(step, 3)
        assert step.token_id in [one.token_id for one in found]
        assert [one.probability for one in found[:3]] == sorted((one.probability for one in found[:3]), reverse=True)
        if len(found) == 4:
            break
    assert found[3].token_id == step.token_id


def test_a_seed_fixes_the_text_and_another_seed_changes_it(model):
    first, again, other = (token_ids(generate(model, PROMPT, 20, temperature=3.0, seed=s)) for s in (1, 1, 2))
    assert first == again != other


def test_without_a_seed_every_call_draws_its_own(model):
    texts = {tuple(token_ids(generate(model, PROMPT, 20, temperature=1e6))) for _ in range(3)}
    assert len(texts) == 3


def test_generation_stops_after_a_stop_token_and_yields_it(model):
    free = token_ids(generate(model, PROMPT, 20, temperature=0.0))
    stop = free[4]
    assert token_ids(generate(model, PROMPT, 20, temperature=0.0, stop_ids=[stop])) == free[: free.index(stop) + 1]


def test_nothing_is_read_before_a_token_is_asked_for(model):
    steps = generate(model, PROMPT, 1_000_000, seed=0)
    assert next(steps).position == len(PROMPT)
    assert next(steps).position == len(PROMPT) + 1


def test_two_generations_interleaved_do_not_disturb_each_other(model):
    alone = token_ids(generate(model, PROMPT, 12, seed=3))
    pairs = zip(generate(model, PROMPT, 12, seed=3), generate(model, [1, 2], 12, seed=5), strict=True)
    assert [one.token_id for one, _ in pairs] == alone


def test_dropout_is_off_while_generating_and_the_mode_is_left_as_it_was():
    model = random_model(replace(CONFIG, drop_rate=0.5))
    expected = token_ids(generate(model, PROMPT, 10, seed=0))
    model.train()
    assert token_ids(generate(model, PROMPT, 10, seed=0)) == expected
    assert model.training


def test_no_tokens_asked_for_gives_none(model):
    assert token_ids(generate(model, PROMPT, 0)) == []


def test_what_cannot_be_continued_is_refused_at_the_call(model):
    with pytest.raises(EmptyPrompt):
        generate(model, [], 5)
    for outside in (-1, 97):
        with pytest.raises(TokenOutOfRange, match="0 to 96"):
            generate(model, [1, outside], 5)
    with pytest.raises(InvalidSetting, match="max_new_tokens"):
        generate(model, PROMPT, -1)
    with pytest.raises(InvalidSetting, match="temperature"):
        generate(model, PROMPT, 5, temperature=-1.0)


def test_a_damaged_model_is_refused_not_sampled():
    model = GPTModel(CONFIG)
    with torch.no_grad():
        model.final_norm.scale[0] = float("nan")
    with pytest.raises(NotFinite, match="load the model again"):
        next(generate(model, PROMPT, 5))


def test_reordered_rows_of_the_cache_continue_their_own_texts(model):
    texts = torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    cache = KVCache(CONFIG, torch.float32, texts.device, batch_size=3)
    rows = [2, 0, 2]
    added = torch.tensor([[10], [11], [12]])
    with torch.no_grad():
        model(texts, cache=cache)
        cache.reorder(rows)
        expected = model(torch.cat([texts[rows], added], 1))[:, -1]
        torch.testing.assert_close(model(added, cache=cache)[:, -1], expected, rtol=1e-4, atol=1e-4)
