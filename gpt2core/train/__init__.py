"""Training: `train(...)` in Python, `python -m gpt2core.train` on the command line."""

from gpt2core.train.loop import Trainer, TrainEvent, TrainSettings, train, validation_loss
from gpt2core.train.phases import Phase

__all__ = ["Phase", "TrainEvent", "TrainSettings", "Trainer", "train", "validation_loss"]
