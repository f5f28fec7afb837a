"""How accurate the defaults are on labelled sequences: text, proteins, promoters, digits, exercises, speech.

    python benchmarks/labelled.py                                   # everything, 70 minutes on one core
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

from recurra.evaluation.shared.evaluation import MODEL
from recurra.training import Run

Row = dict[str, Any]
Scored = dict[str, dict[str, float]]  # method -> score -> value
Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]

ALONE, CEILING = "networks alone", "the truth without noise"
SIMPLEST = ("most frequent class", "most frequent tag", "usual tag of each symbol", "mean")
EXPLAINED = 100  # promoters of a fold whose prediction is explained
WINDOW = 6  # letters, as long as the longest motif


def on_fold(data: Labelled, train: Ints, test: Ints) -> tuple[Scored, Row]:
    """Everyone's scores on `test` after learning from `train`; seconds, and what else there is to say."""
    estimator = data.estimator()
    begin, busy = time.perf_counter(), time.process_time()
    groups = None if data.groups is None else data.groups[train]
    held_out = _given(data.X[test]), _given(data.y[test])
    estimator.study(_given(data.X[train]), _given(data.y[train]), test=held_out, groups=groups, run=Run())
    more: Row = {"seconds": time.perf_counter() - begin, "CPU seconds": time.process_time() - busy}
    model, tested = estimator.model_, estimator.holdout_
    encoded = model.reader.encode(tested.examples)
    outputs = {MODEL: tested.outputs, ALONE: model.ensemble(encoded)}
    outputs |= {baseline.name: baseline.outputs(encoded) for baseline in model.baselines}
    names, decoded = estimator.labels_.names, model.objective.decoded
    scores = {method: data.scores(names, tested.truth, decoded(found)) for method, found in outputs.items()}
    if data.promoters is not None:
        scores[CEILING] = data.scores(names, tested.truth, data.promoters.noiseless[test])
        more |= on_motifs(estimator, data, test[:EXPLAINED])
    return scores, more


def on_motifs(estimator: Any, data: Labelled, numbers: Ints) -> Row:
    """How well the attribution finds the motifs of the promoters `numbers`."""
    assert data.promoters is not None
    letters = [len(sequence) for sequence in data.X[numbers]]
    values = estimator.explain(_given(data.X[numbers]))["attribution"].to_numpy().reshape(len(numbers), letters[0])
    return found_motifs(values, inside_motifs(data.promoters.places, numbers, letters[0]))


def inside_motifs(places: pd.DataFrame, numbers: Ints, length: int) -> npt.NDArray[np.bool_]:
    """Which letters [N, T] of the promoters `numbers` [N] stand inside motifs: `places` has promoter, start, end."""
    inside = np.zeros((len(numbers), length), dtype=bool)
    position = {int(number): k for k, number in enumerate(numbers)}
    mine = places[places["promoter"].isin(numbers)]
    for promoter, start, end in zip(mine["promoter"], mine["start"], mine["end"], strict=True):
        inside[position[promoter], start:end] = True
    return inside


def found_motifs(values: Floats, inside: npt.NDArray[np.bool_]) -> Row:
    """Whether the attribution `values` [N, T] is where the motifs are.

    How often the `WINDOW` neighbours with the largest sum have no more than two letters outside of motifs, how often
    any such neighbours have; and the share of all absolute attribution that is inside, and of all letters.
    """
    sums, letters = (np.lib.stride_tricks.sliding_window_view(x, WINDOW, axis=1).sum(axis=-1) for x in (values, inside))
    on = letters >= WINDOW - 2
    size = np.abs(values)
    return {
        "strongest window on a motif": float(on[np.arange(len(on)), sums.argmax(axis=1)].mean()),
        "any window on a motif": float(on.mean()),
        "attribution on motifs": float(size[inside].sum() / size.sum()),
        "motifs' share of letters": float(inside.mean()),
    }


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
