"""How a whole sequence of recurrent steps runs: the oracle, the engine, and what is chosen to run."""

from recurra.kernels import operator  # registers `recurra::recurrence` with torch, also for a graph that is loaded
from recurra.kernels.chooser import backend, calls, describe_kernels

__all__ = ["backend", "calls", "describe_kernels", "operator"]
