"""The models that the page offers, by name: those that ship, one that never learned anything, GPT-2, and what sessions trained.

Names are stable, for links hold them. A model is opened when it is first asked for and then kept: all that ship are small, and GPT-2
is half a gigabyte once.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from explorer.catalogue import catalogue
from explorer.store.trained import PREFIX, TrainedModels, moment_name, step_of
from explorer.wording.numbers import in_units
from gpt2core import PRESETS, GPTConfig, Pretrained, Tokenizer, gpt2_tokenizer, load_pretrained
from gpt2core.checkpoint import CONFIG_FILE
from gpt2core.errors import UnknownModel
from gpt2core.files import read_json
from gpt2core.foreign import hub
from gpt2core.token_counts import read_token_counts
from gpt2core.untrained import untrained_model

CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
DEFAULT_MODEL, UNTRAINED, GPT2 = "tinystories", "untrained", "gpt2"
GROWTH = "growth"  # the snapshots of one run that ship, together
GPT2_MEGABYTES = 550
_SNAPSHOT = re.compile(r"step-(\d+)")


class NotDownloaded(UnknownModel):
    """GPT-2 is offered, but nobody has asked for its download yet."""

    def __init__(self) -> None:
        super().__init__(catalogue("models")("not_here", size=GPT2_MEGABYTES))


class ModelRegistry:
    """folder: holds the models that ship, a folder each, and snapshots of one run in growth/step-*. Of what sessions trained, the
    newest `most_trained` runs are kept, with their moments as far as `trained_bytes` go."""

    def __init__(
        self,
        folder: Path = CHECKPOINTS,
        *,
        default: str = DEFAULT_MODEL,
        most_trained: int = 32,
        trained_bytes: int = 768 * 2**20,
    ) -> None:
        self._folder, self.default = folder, default
        self._lock = threading.RLock()
        self._opened: dict[str, Pretrained] = {}
        self._opening: dict[str, threading.Lock] = {}
        self._trained = TrainedModels(most_trained, trained_bytes)

    def shipped_names(self) -> list[str]:
        """Names of the models that ship, the default first; its snapshots are in `growth_names`."""
        names = sorted(path.parent.name for path in self._folder.glob("*/model.safetensors"))
        return sorted(names, key=lambda name: name != self.default)

    def growth_names(self) -> list[str]:
        """Names of the snapshots of one run, the youngest first."""
        found = (_SNAPSHOT.fullmatch(path.parent.name) for path in self._folder.glob("growth/*/model.safetensors"))
        return [f"growth-{step}" for step in sorted((match[1] for match in found if match), key=int)]

    def names(self) -> list[str]:
        """All that anybody may choose, in the order of the menus."""
        return [*self._sources()]

    def choices(self) -> list[tuple[str, str]]:
        """(label, name) of the same, as a menu wants them."""
        return [(self.label(name), name) for name in self.names()]

    def get(self, name: str) -> Pretrained:
        """Raises: UnknownModel for a name that is neither offered nor a trained model still kept; NotDownloaded."""
        if not isinstance(name, str):
            raise UnknownModel(self._unknown(repr(name)))
        with self._lock:
            trained = self._trained.get(name)
            if trained is not None:
                return trained
            if name in self._opened:
                return self._opened[name]
            source = self._sources().get(name)
            if source is None:
                raise UnknownModel(self._unknown(name))
            opening = self._opening.setdefault(name, threading.Lock())
        with opening:  # once, while other models stay at hand
            if name not in self._opened:
                self._opened[name] = source()
            return self._opened[name]

    def _folders(self) -> dict[str, Path]:
        shipped = {name: self._folder / name for name in self.shipped_names()}
        growth = {name: self._folder / "growth" / name.replace("growth", "step", 1) for name in self.growth_names()}
        return {**shipped, **growth}

    def _sources(self) -> dict[str, Callable[[], Pretrained]]:
        folders = {name: functools.partial(load_pretrained, path) for name, path in self._folders().items()}
        growth = {name: folders.pop(name) for name in self.growth_names()}
        untrained = {UNTRAINED: self._untrained} if self.default in folders else {}
        return {**folders, **untrained, GPT2: _gpt2, **growth}

    def _untrained(self) -> Pretrained:
        """The default model's shape and vocabulary, with the weights that training would begin with."""
        return Pretrained(untrained_model(self.get(self.default).model.config), self.tokenizer(self.default))

    def add_trained(self, trained: Pretrained) -> str:
        """Keep a model that a session trained (it must not change any more); return the name that opens it."""
        name = self.new_run()
        self.end_run(name, trained)
        return name

    def new_run(self) -> str:
        """The name of a run that begins; it opens a model once the run has ended."""
        with self._lock:
            return self._trained.new_run()

    def add_moment(self, run: str, step: int, model: Pretrained) -> str | None:
        """Keep a moment of a run; return the name that opens it, None if the run is no longer kept."""
        with self._lock:
            return self._trained.add_moment(run, step, model)

    def end_run(self, run: str, model: Pretrained) -> None:
        """The model at the end of a run: what the run's name opens from now on."""
        with self._lock:
            self._trained.end(run, model)

    def forget_run(self, run: str) -> None:
        """Keep nothing of a run any more."""
        with self._lock:
            self._trained.forget(run)

    def moments(self, run: str) -> list[tuple[int, str]]:
        """(step, name) of the moments of a run that are kept: of one that a session trained, or of the snapshots that ship, "growth"."""
        if run == GROWTH:
            return [(int(name.removeprefix("growth-")), name) for name in self.growth_names()]
        with self._lock:
            return [(step, moment_name(run, step)) for step in self._trained.steps(run)]

    def siblings(self, name: str) -> list[tuple[int, str]]:
        """(step, name) of the moments of the training that a model is a moment or the end of; none of any other model."""
        run = (
            GROWTH
            if name in self.growth_names()
            else name.split("@", maxsplit=1)[0]
            if name.startswith(PREFIX)
            else None
        )
        return self.moments(run) if run is not None else []

    def is_here(self, name: str) -> bool:
        """False for GPT-2 until it has been downloaded; the network is not asked."""
        return name != GPT2 or name in self._opened or hub.in_cache(GPT2) is not None

    def label(self, name: str) -> str:
        """How a menu calls a model: its name and its size. None is opened for that."""
        say = catalogue("models")
        shape = "on_request" if name == GPT2 else "sized"
        return say(shape, title=self.title(name), parameters=in_units(self._n_parameters(name)))

    def _n_parameters(self, name: str) -> int:
        if name == GPT2:
            return PRESETS["124M"].n_parameters
        folder = self._folders().get(self.default if name == UNTRAINED else name)
        about = read_json(folder / CONFIG_FILE) if folder is not None else {}
        if isinstance(about.get("config"), dict):
            return GPTConfig.from_dict(about["config"]).n_parameters
        return self.get(name).model.config.n_parameters

    def title(self, name: str) -> str:
        """Its name alone."""
        say = catalogue("models")
        if name in (DEFAULT_MODEL, UNTRAINED, GPT2):
            return say(name)
        if name.startswith("growth-"):
            return say("growth", step=int(name.removeprefix("growth-")))
        step = step_of(name)
        if step is not None:
            return say("yours_at", step=step)
        return say("yours") if name.startswith(PREFIX) else name

    def source(self, name: str) -> str | None:
        """What load_pretrained takes to open the model in a process of its own, started in this project's folder; None for one that
        has no folder: the untrained one, and what sessions trained."""
        folder = self._folders().get(name)
        if folder is None:
            return GPT2 if name == GPT2 else None
        inside = folder.is_relative_to(CHECKPOINTS)
        return (folder.relative_to(CHECKPOINTS.parent) if inside else folder).as_posix()

    def tokenizer(self, name: str) -> Tokenizer:
        """The model's own vocabulary; GPT-2's where its folder has none but has room for it."""
        vocab_size = self.get(name).model.config.vocab_size
        return self.get(name).tokenizer or gpt2_tokenizer(min(vocab_size, PRESETS["124M"].vocab_size))

    def token_counts(self, name: str) -> Tensor | None:
        """How often the model read each token in training: [V]; None where nobody has counted. Snapshots of one run share the count."""
        folders, growth = self._folders(), self.growth_names()
        folder = folders.get(growth[-1] if name in growth else name)
        return None if folder is None else read_token_counts(folder, self.get(name).model.config.vocab_size)

    def _unknown(self, name: str) -> str:
        say = catalogue("models")
        if name.startswith(PREFIX):
            return say("not_kept")
        growth = self.growth_names()
        known = [known for known in self.names() if known not in growth]
        if growth:
            known.append(say("span", first=growth[0], last=growth[-1]))
        return say("unknown", name=re.sub(r"\s+", " ", name)[:60], known=", ".join(known))


def _gpt2() -> Pretrained:
    folder = hub.in_cache(GPT2)
    if folder is None:
        raise NotDownloaded
    return load_pretrained(folder)
