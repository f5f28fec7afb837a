"""The loop: optimiser, schedule, clipping, checkpoint and resume, progress, logging."""

from recurra.training.loop import Problem, train
from recurra.training.options import TrainingOptions
from recurra.training.record import TrainingRecord
from recurra.training.run import Run

__all__ = ["Problem", "Run", "TrainingOptions", "TrainingRecord", "train"]
