"""How accurate the defaults are on labelled sequences: text, proteins, promoters, digits pixel by pixel, speech.

    python benchmarks/labelled.py                                   # everything, about an hour on one core
    python benchmarks/labelled.py --only rt-polarity --folds 3      # its first three folds

Cross-validation by the protocol that the table names. In every fold the estimator with its defaults, its networks
alone (without the linear model that corrects them) and the baselines learn from the same examples.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from common import ROOT, labelled_folder, markdown, report
from labelled_sets import SETS, Labelled

from recurra.evaluation.labelled.judgement import MODEL
from recurra.training import Run

Row = dict[str, Any]
Scored = dict[str, dict[str, float]]  # method -> score -> value
Ints = npt.NDArray[np.int64]

ALONE, CEILING = "networks alone", "the truth without noise"
SIMPLEST = ("most frequent class", "most frequent tag", "usual tag of each symbol", "mean")
EXPLAINED = 100  # promoters of a fold whose prediction is explained


def on_fold(data: Labelled, train: Ints, test: Ints) -> tuple[Scored, Row]:
    """Everyone's scores on `test` after learning from `train`; seconds, and what else there is to say."""
    estimator = data.estimator()
    begin, busy = time.perf_counter(), time.process_time()
    estimator.study(_given(data.X[train]), _given(data.y[train]), test=(_given(data.X[test]), _given(data.y[test])),
                    run=Run())  # fmt: skip
    more: Row = {"seconds": time.perf_counter() - begin, "CPU seconds": time.process_time() - busy}
    model, tested = estimator.model_, estimator.tested_
    encoded = model.reader.encode(tested.examples)
    outputs = {MODEL: tested.outputs, ALONE: model.committee(encoded)}
    outputs |= {baseline.name: baseline.outputs(encoded) for baseline in model.baselines}
    names, decoded = estimator.labels_.names, model.objective.decoded
    scores = {method: data.scores(names, tested.truth, decoded(found)) for method, found in outputs.items()}
    if data.promoters is not None:
        scores[CEILING] = data.scores(names, tested.truth, data.promoters.noiseless[test])
        share, chance = on_motifs(estimator, data, test[:EXPLAINED])
        more |= {"attribution on motifs": share, "motifs' share of positions": chance}
    return scores, more


def on_motifs(estimator: Any, data: Labelled, numbers: Ints) -> tuple[float, float]:
    """The share of the absolute attribution that falls on motifs, and the share of steps that are theirs."""
    assert data.promoters is not None
    explained = estimator.explain(_given(data.X[numbers]))
    return share_inside(explained, data.promoters.places, numbers)


def share_inside(explained: pd.DataFrame, places: pd.DataFrame, numbers: Ints) -> tuple[float, float]:
    """The share of the absolute attribution that falls on `places`, and the share of steps that are inside.

    `explained` has `example` (its place in `numbers`), `step`, `attribution`; `places` has `promoter`, `start`, `end`.
    """
    position = {int(number): k for k, number in enumerate(numbers)}
    mine = places[places["promoter"].isin(numbers)]
    inside = {
        (position[promoter], step)
        for promoter, start, end in zip(mine["promoter"], mine["start"], mine["end"], strict=True)
        for step in range(start, end)
    }
    hit = np.array([pair in inside for pair in zip(explained["example"], explained["step"], strict=True)])
    size = explained["attribution"].abs().to_numpy()
    return float(size[hit].sum() / size.sum()), float(hit.mean())


def summary(name: str, scored: Sequence[Scored]) -> list[Row]:
    """A line per method: mean (standard deviation) over the folds, and how far the model is ahead (standard error)."""
    rows: list[Row] = []
    for method in scored[0]:
        row: Row = {"set": name, "method": method}
        for score in scored[0][method]:
            values = np.array([fold[method][score] for fold in scored])
            ahead = np.array([fold[MODEL][score] for fold in scored]) - values
            row[score] = f"{values.mean():.4g} ({_spread(values):.2g})"
            error = _spread(ahead) / np.sqrt(len(ahead))
            row[f"Recurra ahead by, {score}"] = "" if method == MODEL else f"{ahead.mean():+.2g} ({error:.2g})"
        rows.append(row)
    return rows


def run_set(name: str, folder: Path, most: int | None) -> tuple[list[Row], Row]:
    """The table of one set, and what else was measured."""
    data = SETS[name](folder)
    scored, others = [], []
    for number, (train, test) in enumerate(data.folds[:most], start=1):
        scores, more = on_fold(data, train, test)
        scored.append(scores)
        others.append(more)
        found = "; ".join(
            f"{method} {', '.join(f'{value:.4g}' for value in values.values())}"
            for method, values in scores.items()
            if method not in SIMPLEST
        )
        said = ", ".join(f"{key} {value:.3g}" for key, value in more.items())
        print(f"{name} {number}/{len(data.folds)}: {found} ({said})", flush=True)
    means = {key: float(np.mean([each[key] for each in others])) for key in others[0]}
    return summary(name, scored), {"set": name, "protocol": data.protocol, "folds run": len(scored), **means}


def _given(part: npt.NDArray) -> Any:
    """An array of objects as the list that a user has."""
    return part.tolist() if part.dtype == object else part


def _spread(values: npt.NDArray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def main() -> None:
    """Run the sets that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for labelled.json")
    parser.add_argument("--only", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--folds", type=int, help="of each set, from the first; all by default")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    folder = labelled_folder(given.data)
    tables, others = [], []
    for name in given.only:
        rows, more = run_set(name, folder, given.folds)
        tables += rows
        others.append(more)
        print(f"\n{markdown(rows)}\n", flush=True)
    report("labelled", others, given.out, methods=tables, threads=given.threads)


if __name__ == "__main__":
    main()
