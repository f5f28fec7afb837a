"""How many examples Hypothesis draws."""

from __future__ import annotations

import os

from hypothesis import settings

THOROUGH = bool(os.environ.get("RECURRA_THOROUGH"))  # many more examples, and what takes minutes and gigabytes


def examples(number: int) -> int:
    """`number`, at most as many as the profile draws: `--fast` has one of few."""
    return number * 20 if THOROUGH else min(number, settings().max_examples)
