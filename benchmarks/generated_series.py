"""Generated series told apart from later real ones, as the literature does: `python benchmarks/generated_series.py`.

    energy   28 columns, windows of 24 (UCI Appliances Energy); stocks   6 columns, the same (Google, daily)

The first 80 % of the rows are learnt; of the later 20 % every method goes on from real rows for a window of 24. The
discriminative score is that of Yoon et al. (2019), "Time-series generative adversarial networks": a GRU of two layers,
half as wide as there are columns, 2,000 steps of 128 real and 128 generated windows scaled to [0, 1]; |0.5 - accuracy|.
Published figures are of windows drawn at random over all times. Here the classifier learns from the earlier windows and
is asked about the last 30 %, with a window's length between, since windows overlap.

Data: ../shared/data (see benchmarks/README.md). CPU seconds are those of the process, on one thread.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

import recurra as rc
from recurra.nn import GRU
from recurra.tasks.series.windows import Stretches, history_of, pairs_of

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "generation"
FILES = {"energy": "energy.csv.xz", "stocks": "google-stock.csv"}
WINDOW, STEPS, BATCH, MOST = 24, 2000, 128, 3000
KEPT = 4  # windows of later rows before the first that is generated; what goes on reads earlier ones, too
SEEDS = 3  # of the classifier: its score differs by some hundredths from one to the next


def published_score(real: np.ndarray, made: np.ndarray, seed: int = 0) -> float:
    """|0.5 - accuracy| of the classifier for windows [N, T, D] in order of time."""
    low, high = real.min(axis=(0, 1)), real.max(axis=(0, 1))
    x, y = (torch.from_numpy((part - low) / (high - low + 1e-7)).float().transpose(0, 1) for part in (real, made))
    last = int(0.7 * len(real))
    first = last - WINDOW * len(real) // MOST - 1
    torch.manual_seed(seed)
    network, head = GRU(real.shape[2], max(2, real.shape[2] // 2), 2), torch.nn.Linear(max(2, real.shape[2] // 2), 1)
    optimizer = torch.optim.Adam([*network.parameters(), *head.parameters()])
    for _step in range(STEPS):
        rows = torch.randint(first, (2, BATCH))
        z = head(network(torch.cat([x[:, rows[0]], y[:, rows[1]]], dim=1))[1][-1])[:, 0]
        truth = torch.cat([torch.ones(BATCH), torch.zeros(BATCH)])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(z, truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        right = [(head(network(part[:, last:])[1][-1])[:, 0] > 0).float().mean().item() for part in (x, y)]
    return abs(0.5 - (right[0] + 1 - right[1]) / 2)


def run(name: str, method: str, training: dict[str, float]) -> None:
    """Learn, be judged by the library, then by the literature's classifier."""
    torch.set_num_threads(1)
    frame = pd.read_csv(DATA / FILES[name]).select_dtypes("number")
    start = time.process_time()
    model = rc.SeriesGenerator(method=method, window=WINDOW, training=training, verbose=False)  # type: ignore[arg-type]
    evaluation = model.study(frame)
    print(f"{name}: {time.process_time() - start:,.0f} CPU seconds to learn and to be judged")
    print(evaluation)
    print(*evaluation.notes, sep="\n")
    scaling = model.model_.scaling
    first = len(model.holdout_.learnt) - (history_of(WINDOW) - KEPT) * WINDOW
    later = scaling.scaled(frame.to_numpy(dtype=float)[first:])
    found = Stretches(later, np.array([0, len(later)]))
    histories, real = pairs_of(found, WINDOW, MOST, whole=False)
    ways = {f"Recurra ({model.model_.recipe.method})": model.model_.go_on, **model.model_.baselines}
    if (rival := model.model_.rival) is not None:
        ways[f"Recurra ({rival.recipe.method})"] = rival.go_on
    print(f"\n| {name}, {len(real):,} windows, the literature's classifier | mean score of {SEEDS} | each |")
    print("|---|---|---|")
    for way, go_on in ways.items():
        made = scaling.again(go_on(histories, WINDOW, 0))
        scores = [published_score(scaling.again(real), made, seed) for seed in range(SEEDS)]
        print(f"| {way} | {np.mean(scores):.3f} | {', '.join(f'{score:.3f}' for score in scores)} |", flush=True)


def main() -> None:
    """Run one or both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="both unless given")
    parser.add_argument("--method", choices=["auto", "likelihood", "gan"], default="auto")
    parser.add_argument("--epochs", type=float, help="passes over the windows; by their number unless given")
    given = parser.parse_args()
    for name in given.what or FILES:
        run(name, given.method, {} if given.epochs is None else {"epochs": given.epochs})


if __name__ == "__main__":
    main()
