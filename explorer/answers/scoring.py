"""How well a model predicts a text, token by token and as a whole; told as it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explorer.answers.pace import Pace
from explorer.catalogue import catalogue
from explorer.store.services import MAX_CHARACTERS, RunKey, Services, TextTooLong
from explorer.wording.numbers import nats_and_bits, percent
from explorer.wording.text import TokenLabel, token_labels
from gpt2core import Tokenizer
from gpt2core.edits import all_causal
from gpt2core.errors import InvalidSetting
from gpt2core.scoring import TextScore, score_windows

say = catalogue("scoring")

MAX_TOKENS = 3000
MAX_SECONDS = 60.0
SECONDS_BETWEEN_UPDATES = 0.5


@dataclass(frozen=True)
class Summary:
    """facts: (name, value) pairs; meaning: what they mean; chart: the chart in a sentence."""

    facts: tuple[tuple[str, str], ...]
    meaning: str
    chart: str


@dataclass(frozen=True)
class Scored:
    """How far the scoring is. told: in words; over: it has ended. score: what there is to draw, None where nothing is new.

    labels: of every token of the text and of every alternative; selected: the token picked; follows: whether the text is the
    sentence, whose cursor it then shares; explained: whether its losses are those of the run on screen, which the drawer explains.
    """

    told: str
    over: bool
    score: TextScore | None = None
    labels: Sequence[TokenLabel] = ()
    vocab_size: int = 0
    summary: Summary | None = None
    selected: int = 0
    follows: bool = False
    explained: bool = False


def checked_ids(text: str, tokenizer: Tokenizer) -> list[int]:
    """The text's tokens. Raises: TextTooLong, InvalidSetting for too many or a single one, NotInVocabulary."""
    if len(text) > MAX_CHARACTERS:
        raise TextTooLong(len(text))
    token_ids = tokenizer.encode(text)
    if len(token_ids) > MAX_TOKENS:
        excess = len(token_ids) - MAX_TOKENS
        raise InvalidSetting(say("too_long", n=len(token_ids), limit=MAX_TOKENS, excess=excess))
    if len(token_ids) == 1:
        raise InvalidSetting(say("single"))
    return token_ids


def scored(services: Services, run: RunKey, text: str, token: int) -> Iterator[Scored]:
    """`text` scored by the run's model, its edits included. token: where the cursor stands.

    Raises: what checked_ids and score_windows raise.
    """
    model, tokenizer = services.models.get(run.model).model, services.models.tokenizer(run.model)
    token_ids = checked_ids(text, tokenizer)
    n, follows = len(token_ids), text == run.text
    pace = Pace(SECONDS_BETWEEN_UPDATES, MAX_SECONDS)

    def drawn(score: TextScore, told: str, *, over: bool) -> Scored:
        ids = sorted({*score.token_ids, *score.alternatives.flatten().tolist()})
        selected = min(token, len(score.token_ids) - 1) if follows else int(score.losses.argmax()) + 1
        summary = summary_of(score, tokenizer, model.config.vocab_size)
        labels = token_labels(ids, tokenizer)
        explained = follows and all_causal(run.pass_edits)
        return Scored(told, over, score, labels, model.config.vocab_size, summary, selected, follows, explained)

    slowly = "" if all_causal(run.pass_edits) else f" {say('a_pass_each')}"
    yield Scored(say("scoring", done=0, n=n) + slowly, over=False)
    for score in score_windows(model, token_ids, edits=run.pass_edits):
        done = len(score.token_ids)
        if done == n:
            limit = model.config.context_length
            told = say("scored_sentence" if follows else "scored_text", n=n)
            if score.n_windows > 1:
                told += " " + say("windows", limit=limit, windows=score.n_windows, least=limit - limit // 2)
            yield drawn(score, told, over=True)
        elif pace.out_of_time():
            yield drawn(score, say("out_of_time", seconds=int(MAX_SECONDS), done=done, n=n), over=True)
            return
        elif pace.due():
            yield drawn(score, say("scoring", done=done, n=n) + slowly, over=False)


def summary_of(score: TextScore, tokenizer: Tokenizer, vocab_size: int) -> Summary:
    """The whole text in numbers and words."""
    n = len(score.losses)
    n_bytes = len(tokenizer.decode_bytes(score.token_ids[1:]))
    n_first = int((score.ranks == 1).sum())
    perplexity = number(score.perplexity)
    meaning = "meaning" if score.perplexity <= vocab_size else "meaning_worse"
    most = int(score.losses.argmax())
    hardest = token_labels([score.token_ids[most + 1]], tokenizer)[0].text
    facts = (
        (say("fact_perplexity"), perplexity),
        (say("fact_loss"), say("fact_loss_value", loss=nats_and_bits(score.mean_loss))),
        (say("fact_bytes"), say("fact_bytes_value", loss=nats_and_bits(score.loss_per_byte(n_bytes)))),
        (say("fact_first"), say("fact_first_value", n=n_first, total=n, share=percent(n_first / n))),
    )
    chart = say(
        "chart",
        n=n + 1,
        mean=score.mean_loss,
        token=hardest,
        position=most + 2,
        most=float(score.losses[most]),
    )
    return Summary(facts, say(meaning, perplexity=perplexity, vocabulary=vocab_size), chart)


def number(value: float) -> str:
    """Two decimals, or whole from a thousand on; a power of ten where there would be too many digits to read."""
    return f"{value:,.2f}" if value < 1000 else f"{value:,.0f}" if value < 1e9 else f"{value:.2e}"
