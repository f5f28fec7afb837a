"""One case measured: the results compared first, then both layers timed in turns."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

import recurra.nn
from recurra.bench.agreement import REFERENCE_DTYPE, Disagreement, check_agreement, largest_error
from recurra.bench.cases import Case
from recurra.bench.layers import LayerCall, make_pair
from recurra.bench.pairs import Pairs, paired
from recurra.kernels import calls


@dataclass(frozen=True)
class Comparison:
    """A case and what was found: the pairs, or why there are none."""

    case: Case
    backend: str
    pairs: Pairs | None
    difference: float | None = None
    refusal: str | None = None

    def row(self) -> dict[str, Any]:
        """For a table or JSON: sizes, backend, milliseconds per call, ratio with its quartiles, largest difference."""
        case, pairs = self.case, self.pairs
        low, high = pairs.spread if pairs else (None, None)
        return {
            "cell": case.cell,
            "hidden": case.hidden,
            "batch": case.batch,
            "steps": case.steps,
            "dtype": case.dtype,
            "mode": case.mode,
            "backend": self.backend,
            "ours_ms": _median_ms(pairs.ours) if pairs else None,
            "torch_ms": _median_ms(pairs.theirs) if pairs else None,
            "ratio": pairs.ratio if pairs else None,
            "ratio_low": low,
            "ratio_high": high,
            "pairs": len(pairs.ours) if pairs else 0,
            "difference": self.difference,
            "refusal": self.refusal,
        }


def compare(case: Case, *, seconds: float = 1.0, least: int = 5, most: int = 20, seed: int = 0) -> Comparison:
    """`recurra.nn` beside `torch.nn` at one size; no ratio where outputs, last state or a gradient differ.

    torch's layer in the case's dtype is what is timed; bfloat16 results are compared with torch's in float32.
    """
    ours, theirs = make_pair(recurra.nn, torch.nn, case, seed=seed)
    backend = backend_of(ours)
    try:
        difference = check_call(ours, theirs)
    except Disagreement as error:
        return Comparison(case, backend, None, refusal=str(error))
    return Comparison(case, backend, paired(ours, theirs, seconds=seconds, least=least, most=most), difference)


def check_call(ours: LayerCall, theirs: LayerCall) -> float:
    """The largest difference of two calls; raises Disagreement where it is above the tolerance of their dtype."""
    dtype = theirs.data.dtype
    found, peer = ours.results(), theirs.results()
    if REFERENCE_DTYPE[dtype] is dtype:
        return check_agreement(found, peer, dtype)
    truth = theirs.in_dtype(REFERENCE_DTYPE[dtype]).results()
    return check_agreement(found, truth, dtype, peer=largest_error(peer, truth)[1])


def backend_of(call: LayerCall) -> str:
    """The backend that one call of a layer of ours runs on, by the kernels' own count."""
    before = calls()
    call()
    return "+".join(name for name, count in calls().items() if count > before[name])


@contextmanager
def threads(number: int | None) -> Iterator[int]:
    """torch's threads set to `number` (None: as they are), and restored."""
    before = torch.get_num_threads()
    if number is not None:
        torch.set_num_threads(number)
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def _median_ms(seconds: tuple[float, ...]) -> float:
    return 1e3 * statistics.median(seconds)
