"""Questions about layers that one process can answer: each gives the rows of its table, refusals among them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Any

import torch

import recurra.nn
from recurra.bench import Case, Disagreement, Pairs, compare, paired
from recurra.bench.agreement import check_agreement
from recurra.bench.layers import LayerCall, make_call, make_layer, make_pair
from recurra.bench.measuring import check_call
from recurra.bench.pairs import geometric_mean
from recurra.kernels import backend

Row = dict[str, Any]
SQUARE = 2048  # of the matrix product whose rate is the machine's own
ANCHORED = {64: 100, 128: 100, 256: 100, 512: 50, 1024: 25}  # steps for each hidden size
ILL_CONDITIONED = 5e-3  # how far float32 results may differ there
EXTRAS = dict(recurrent_dropout=0.25, zoneout=0.1)


def rate(seconds: float, cells: Iterable[str] = ("lstm", "gru"), hidden: Iterable[int] = (128, 256, 512)) -> list[Row]:
    """Share of the machine's own sgemm rate, training, B=64: the layer's matrix products over all of its time."""
    a, b, product = torch.randn(SQUARE, SQUARE), torch.randn(SQUARE, SQUARE), torch.empty(SQUARE, SQUARE)
    rows = []
    for case in (Case(cell, size, 64, ANCHORED[size]) for cell in cells for size in hidden):
        ours, theirs = make_pair(recurra.nn, torch.nn, case)
        row: Row = {"layer": case.cell, "H": case.hidden, "T": case.steps}
        try:
            check_call(ours, theirs)
        except Disagreement as error:
            rows.append(row | _refused(error, "sgemm, GFLOP/s", "ours, GFLOP/s", "share", "torch's share"))
            continue
        shares = {}
        for name, call in (("ours", ours), ("torch's", theirs)):
            beside = paired(call, lambda: torch.mm(a, b, out=product), seconds=seconds)
            shares[name] = beside.ratio * case.flops / (2 * SQUARE**3)
            if name == "ours":
                row["sgemm, GFLOP/s"] = 2 * SQUARE**3 / statistics.median(beside.theirs) / 1e9
                row["ours, GFLOP/s"] = case.flops / statistics.median(beside.ours) / 1e9
        rows.append(row | {"share": shares["ours"], "torch's share": shares["torch's"], "refusal": ""})
    return rows


def bfloat16(
    seconds: float, cells: Iterable[str] = ("rnn", "gru", "lstm"), hidden: Iterable[int] = (128, 256, 512, 1024)
) -> list[Row]:
    """Training in bfloat16 beside torch's bfloat16, B=64."""
    rows = []
    for case in (Case(cell, size, 64, ANCHORED[size], dtype="bfloat16") for cell in cells for size in hidden):
        found = compare(case, seconds=seconds)
        row = {"layer": case.cell, "H": case.hidden, "T": case.steps, "backend": found.backend}
        rows.append(row | _times(found.pairs, found.refusal))
    return [*rows, _mean(rows, "ratio", layer="geometric mean")]


def packed(
    seconds: float,
    cells: Iterable[str] = ("rnn", "gru", "lstm"),
    hidden: Iterable[int] = (64, 128),
    steps: Iterable[int] = (50, 500),
) -> list[Row]:
    """Training on packed sequences, lengths uniform in 1..T, B=32, beside torch's packed."""
    rows = []
    for length in steps:
        lengths = torch.randint(1, length + 1, (32,), generator=torch.Generator().manual_seed(length))
        part = []
        for case in (Case(cell, size, 32, length) for cell in cells for size in hidden):
            ours, theirs = make_pair(recurra.nn, torch.nn, case, lengths=lengths)
            row = {"layer": case.cell, "H": case.hidden, "T": case.steps}
            part.append(row | _checked(ours, theirs, seconds))
        rows += [*part, _mean(part, "ratio", layer="geometric mean", T=length)]
    return rows


def extras(
    seconds: float, cells: Iterable[str] = ("rnn", "gru", "lstm"), hidden: Iterable[int] = (64, 128, 256)
) -> list[Row]:
    """Layer normalisation, variational dropout and zoneout together, over our plain layer: training, B=32, T=100.

    With the same seed the reference draws the same masks: where its results differ, no ratio is given. They are
    compared in float64 too, since layer normalisation of a cell state that is still nearly constant multiplies what
    float32 rounds: the reference itself is 1e-3 away from its float64 results there.
    """
    regularisation = recurra.nn.Regularisation(**EXTRAS)
    rows = []
    for case in (Case(cell, size, 32, 100) for cell in cells for size in hidden):
        torch.manual_seed(0)
        full = make_call(make_layer(recurra.nn, case, layer_norm=True, regularisation=regularisation), case)
        plain = make_call(make_layer(recurra.nn, case), case)
        row = {"layer": case.cell, "H": case.hidden}
        try:
            check_agreement(_seeded(full, "auto"), _seeded(full, "reference"), torch.float32, peer=ILL_CONDITIONED)
            double = full.in_dtype(torch.float64)
            check_agreement(_seeded(double, "auto"), _seeded(double, "reference"), torch.float64)
        except Disagreement as error:
            rows.append(row | _refused(error, "plain, ms", "with all three, ms", "times as long", "quartiles"))
            continue
        found = paired(plain, full, seconds=seconds)
        milliseconds = {"plain, ms": _ms(found.ours), "with all three, ms": _ms(found.theirs)}
        rows.append(row | milliseconds | {"times as long": found.ratio, "quartiles": _spread(found), "refusal": ""})
    return [*rows, _mean(rows, "times as long", layer="geometric mean")]


def latency(
    seconds: float, cells: Iterable[str] = ("rnn", "gru", "lstm"), hidden: Iterable[int] = (16, 32, 64, 256)
) -> list[Row]:
    """One step of one sequence without gradients."""
    rows = []
    for case in (Case(cell, size, 1, 1, mode="inference") for cell in cells for size in hidden):
        found = compare(case, seconds=seconds)
        row: Row = {"layer": case.cell, "H": case.hidden, "backend": found.backend}
        rows.append(row | _times(found.pairs, found.refusal, unit="us"))
    return [*rows, _mean(rows, "ratio", layer="geometric mean")]


QUESTIONS: dict[str, Callable[[float], list[Row]]] = {
    "rate": rate,
    "bfloat16": bfloat16,
    "packed": packed,
    "extras": extras,
    "latency": latency,
}


def _checked(ours: LayerCall, theirs: LayerCall, seconds: float) -> Row:
    try:
        check_call(ours, theirs)
    except Disagreement as error:
        return _times(None, str(error))
    return _times(paired(ours, theirs, seconds=seconds), None)


def _seeded(call: LayerCall, name: str) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    with backend(name):
        return call.results()


def _times(pairs: Pairs | None, refusal: str | None, *, unit: str = "ms") -> Row:
    heads = (f"ours, {unit}", f"torch, {unit}")
    if pairs is None:
        return {**dict.fromkeys((*heads, "ratio", "quartiles"), "-"), "refusal": refusal}
    scale = {"ms": 1, "us": 1000}[unit]
    ours, theirs = scale * _ms(pairs.ours), scale * _ms(pairs.theirs)
    return {heads[0]: ours, heads[1]: theirs, "ratio": pairs.ratio, "quartiles": _spread(pairs), "refusal": ""}


def _refused(error: Disagreement, *heads: str) -> Row:
    return {**dict.fromkeys(heads, "-"), "refusal": str(error)}


def _mean(rows: list[Row], head: str, **names: Any) -> Row:
    """A last line with the geometric mean of a column; refused where one of its lines is."""
    ratios = [row[head] for row in rows]
    mean = geometric_mean(ratios) if all(isinstance(ratio, float) for ratio in ratios) else "refused"
    return {**dict.fromkeys(rows[0], ""), **names, head: mean}


def _ms(seconds: tuple[float, ...]) -> float:
    return 1e3 * statistics.median(seconds)


def _spread(pairs: Pairs) -> str:
    return "{:.2f} to {:.2f}".format(*pairs.spread)
