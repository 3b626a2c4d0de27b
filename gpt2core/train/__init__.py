"""Training: `train(...)` in Python, `python -m gpt2core.train` on the command line."""

from gpt2core.train.loop import Trainer, TrainEvent, TrainSettings, train, validation_loss

__all__ = ["TrainEvent", "TrainSettings", "Trainer", "train", "validation_loss"]
