"""Which code runs a recurrence on this machine, and why."""

from __future__ import annotations


def describe_kernels() -> dict[str, str]:
    """For each backend, in words: whether it runs and why."""
    return {
        "torch": "used for every layer: torch's own recurrent kernels",
        "reference": "a loop over the cell's step; the oracle of the tests, not used for training",
    }
