"""How a whole sequence of recurrent steps runs: the oracle, and what is chosen to run."""

from recurra.kernels.chooser import describe_kernels

__all__ = ["describe_kernels"]
