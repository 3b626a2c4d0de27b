"""The folder of a run: state to resume from, model that opens, log, plots, snapshots. Only the first process writes it."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import asdict
from pathlib import Path

import torch

from gpt2core.checkpoint import TrainedOn, save_pretrained, stored_vocabulary
from gpt2core.errors import InvalidSetting
from gpt2core.files import saving, write_atomically
from gpt2core.tokenizer import Tokenizer
from gpt2core.train.loop import Trainer, TrainEvent
from gpt2core.train.plot import loss_figure


class RunFolder:
    """dtype: of the weights in the model that opens; the state to resume from is always exact. trained_on: written down with it."""

    def __init__(self, path: Path, dtype: torch.dtype = torch.float32, trained_on: TrainedOn | None = None) -> None:
        self.path, self.dtype, self.trained_on = path, dtype, trained_on
        self.state, self.log = path / "training.safetensors", path / "log.jsonl"
        self._vocabulary: list[Path] = []
        self._is_new = False  # nothing of an earlier run was here when this one began

    def begin(self, trainer: Trainer, *, resumed: bool, tokenizer: Tokenizer) -> None:
        """Make sure that it can be written, before any work is done, and take out what a killed run left half-written. A new run's
        state is written down, and before it a vocabulary that is not GPT-2's.

        Raises: CannotSave; InvalidSetting for a folder in which another run would be overwritten.
        """
        if not resumed and self.state.exists():
            raise InvalidSetting(
                "{folder} holds a run already. Add --resume to continue it, or choose another --out.", folder=self.path
            )
        self._is_new = not resumed
        with saving(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            for partial in self.path.rglob(".*.partial"):
                partial.unlink()
        if resumed:
            lines = [json.dumps(asdict(event)) for event in self.events() if event.step <= trainer.step]
            write_atomically(self.log, "".join(f"{line}\n" for line in lines).encode())
        else:
            with saving(self.log):
                self.log.unlink(missing_ok=True)  # of a run that left no state
            for name, content in stored_vocabulary(tokenizer)[1].items():  # without them the state could not be resumed
                if content is not None:
                    write_atomically(self.path / name, content)
                    self._vocabulary.append(self.path / name)
                else:
                    with saving(self.path / name):
                        (self.path / name).unlink(missing_ok=True)  # of a run that left no state
            trainer.save(self.state)

    def abandon(self) -> None:
        """A run that made no update leaves nothing to resume, and nothing that would keep the next one out of its folder."""
        if self._is_new:
            with contextlib.suppress(OSError):
                self.state.unlink(missing_ok=True)
                for file in self._vocabulary:
                    file.unlink(missing_ok=True)
                self.path.rmdir()  # only if it is empty

    def note(self, event: TrainEvent) -> None:
        with saving(self.log), self.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(event)) + "\n")

    def events(self) -> list[TrainEvent]:
        """What the log tells, up to the first line that was not finished."""
        found = []
        for line in self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else ():
            try:
                found.append(TrainEvent(**json.loads(line)))
            except (ValueError, TypeError):
                break
        return found

    def save(self, trainer: Trainer, tokenizer: Tokenizer) -> None:
        """State and model; each is replaced in one step. Raises: CannotSave."""
        trainer.save(self.state)
        self._save_model(trainer, tokenizer, self.path)

    def snapshot(self, trainer: Trainer, tokenizer: Tokenizer) -> None:
        """The model as it is now, in a folder of its own."""
        self._save_model(trainer, tokenizer, self.path / f"step-{trainer.step:05}")

    def _save_model(self, trainer: Trainer, tokenizer: Tokenizer, folder: Path) -> None:
        save_pretrained(trainer.model, folder, tokenizer=tokenizer, dtype=self.dtype, trained_on=self.trained_on)

    def plot(self, vocab_size: int) -> None:
        """loss.png and loss.pdf."""
        figure = loss_figure(self.events(), vocab_size)
        for kind in ("png", "pdf"):
            drawn = io.BytesIO()
            figure.savefig(drawn, format=kind, dpi=150)
            write_atomically(self.path / f"loss.{kind}", drawn.getvalue())
