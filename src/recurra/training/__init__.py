"""The loop: optimiser, schedule, clipping, checkpoint and resume, progress, logging."""

from recurra.training.adam import Adam
from recurra.training.callback import Callback
from recurra.training.loop import Problem, train
from recurra.training.options import TrainingOptions
from recurra.training.record import TrainingRecord
from recurra.training.run import Run
from recurra.training.stepper import Stepper

__all__ = ["Adam", "Callback", "Problem", "Run", "Stepper", "TrainingOptions", "TrainingRecord", "train"]
