"""What comes next, on public logs: process logs, films, and rock, paper, scissors, beside every baseline.

`python benchmarks/next_events.py helpdesk|bpi12w|movielens|rps|stream`. One thread; seconds are those of the processor.
Every method ranks all items for the same questions, none of which it was trained on; intervals draw whole histories (of
games whole games). `--data` names the folder of the sets, else as `benchmarks/README.md` says. `stream` is one event of
one user and the 20 best of 3,000 items, beside the same network in PyTorch, in turns.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from common import ROOT, report

import recurra as rc
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.training import Run
from recurra.training.checkpoint import CheckpointFolder

Tested = tuple[pd.DataFrame, list[str], list[str]]  # scores by method, what is said, what was decided
FOLDS, FIRST = 3, 51  # of games; the first move that is asked for
ITEMS, EVENTS = 3_000, 300


def folder_of(given: Path | None, needed: str) -> Path:
    """The folder of the sets, in which there is `needed`; ends the program with a message where there is none."""
    folder = given or Path(os.environ.get("RECURRA_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / needed).is_file():
        raise SystemExit(f"{needed} is not in {folder}: name the folder of the sets with --data, or set RECURRA_DATA")
    return folder


def told(evaluation: Evaluation, model: rc.NextEvent) -> Tested:
    """An evaluation as it is reported."""
    said = [evaluation.verdict.sentence, *evaluation.notes]
    return evaluation.table, said, [str(fact) for fact in model.facts()]


def process(name: str, folder: Path, seed: int, run: Run) -> Tested:
    """The next activity of a process; the last third of the cases, by their beginning, is the test part."""
    log = pd.read_csv(folder / name)
    begins = log.groupby("CaseID", sort=False)["CompleteTimestamp"].min().sort_values(kind="stable")
    later = log["CaseID"].isin(begins.index[len(begins) - round(len(begins) / 3) :])
    model = rc.NextEvent(split="histories", seed=seed, verbose=False)
    columns = {"user": "CaseID", "item": "ActivityID", "time": "CompleteTimestamp"}
    evaluation = model.study(log[~later], test=log[later], run=run, **columns)
    return told(evaluation, model)


def films(name: str, folder: Path, seed: int, run: Run) -> Tested:
    """The next film that somebody rates, after a moment that holds a fifth of all ratings; films are rated once."""
    ratings = pd.read_csv(folder / name)
    moment = ratings["timestamp"].quantile(0.8, interpolation="higher")
    model = rc.NextEvent(seed=seed, verbose=False)
    columns = {"user": "userid", "item": "movieid", "time": "timestamp", "features": ["rating"]}
    model.fit(ratings[ratings["timestamp"] < moment], run=run, **columns)
    return told(model.evaluate(ratings), model)


def games(name: str, folder: Path, seed: int, run: Run) -> Tested:
    """Moves of pairs of people from the 51st on, by networks that have read other games; three folds of games."""
    rounds = pd.read_csv(folder / name)[["game", "round", "move1", "move2"]].replace({"none": None})
    folds = np.array_split(np.random.default_rng(seed).permutation(rounds["game"].unique()), FOLDS)
    tables, said = [], []
    for number, fold in enumerate(folds):
        test = rounds["game"].isin(fold)
        model = rc.NextMove(least=FIRST - 1, seed=seed, verbose=False)
        columns = {"action": ["move1", "move2"], "episode": "game", "step": "round"}
        model.fit(rounds[~test], run=replace(run, checkpoints=None), **columns)
        evaluation = model.evaluate(rounds[test])
        tables.append(evaluation.table["accuracy"])
        said.append(f"fold {number + 1}: {evaluation.verdict.sentence}")
        print(said[-1], flush=True)
    every = pd.concat(tables, axis=1)
    table = pd.DataFrame({"accuracy": every.mean(axis=1), **{f"fold {k + 1}": t for k, t in enumerate(tables)}})
    return table, said, [str(fact) for fact in model.facts()]


SETS: dict[str, tuple[str, Callable[[str, Path, int, Run], Tested]]] = {
    "helpdesk": ("recommendation/process-helpdesk.csv.xz", process),
    "bpi12w": ("recommendation/process-bpi_12_w.csv.xz", process),
    "rps": ("games/rps-human-pairs.csv.xz", games),
    "movielens": ("events/movielens-small-ratings.csv", films),
}


def stream() -> list[dict[str, Any]]:
    """Microseconds of an event and a ranking, ours and PyTorch's with the same weights but the cell's, in turns."""
    rng = np.random.default_rng(0)
    names = [f"i{code}" for code in range(ITEMS)]
    histories = [names, *([names[code] for code in rng.integers(ITEMS, size=20)] for _k in range(60))]
    model = rc.NextEvent(training={"epochs": 0.05}, seen="keep", verbose=False).fit(histories)
    users = model.stream(users=[f"u{number}" for number in range(100)], threads=1)
    network = model.model_.members[0].network.eval()
    table, bias = network.table.detach(), network.cold_bias.detach()
    cell = torch.nn.GRUCell(table.shape[1], network.options.hidden)
    states = [torch.zeros(1, network.options.hidden)]

    def ours(k: int) -> None:
        users.observe("u3", names[k]).recommend("u3")

    @torch.inference_mode()
    def peer(k: int) -> None:
        states[0] = cell(table[k : k + 1], states[0])
        torch.topk(torch.addmv(bias, table, network.query(states[0])[0]), 20).indices.tolist()

    def spent(work: Callable[[int], None]) -> float:
        start = time.process_time()
        for k in range(EVENTS):
            work(k)
        return 1e6 * (time.process_time() - start) / EVENTS

    spent(ours), spent(peer)
    pairs = [(spent(ours), spent(peer)) for _k in range(15)]
    one, other = (float(np.median(each)) for each in zip(*pairs, strict=True))
    times = float(np.median([theirs / own for own, theirs in pairs]))
    return [{"method": "Recurra", "us": one, "times": times}, {"method": "PyTorch", "us": other, "times": 1.0}]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*SETS, "stream"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoints", type=Path, help="a folder: a run that was stopped goes on from it")
    given = parser.parse_args()
    torch.set_num_threads(1)
    results = ROOT / "benchmarks" / "results"
    if given.what == "stream":
        return report("next_events_stream", stream(), results)
    name, ask = SETS[given.what]
    folder = folder_of(given.data, name)
    fingerprint = {"set": given.what, "seed": str(given.seed)}
    kept = None if given.checkpoints is None else CheckpointFolder(given.checkpoints, fingerprint, resume=True)
    start = time.process_time()
    table, said, facts = ask(name, folder, given.seed, Run(checkpoints=kept))
    seconds = round(time.process_time() - start, 1)
    rows: list[dict[str, Any]] = [{"method": method, **row} for method, row in table.to_dict("index").items()]
    report(f"next_events_{given.what}", rows, results, seconds=seconds, said=said, facts=facts)
    print("", *said, *facts, f"{seconds} s of the processor", sep="\n")
    return None


if __name__ == "__main__":
    main()
