"""Rows that begin anew in mid-sequence: `recurra.nn.resets` beside torch.nn cut at every step at which a row begins.

Forward and backward, pair by pair in one run, one thread; results are compared first. `python benchmarks/resets.py`.
"""

from __future__ import annotations

import time
from itertools import pairwise

import torch
from torch import Tensor

import recurra as rc
from recurra.nn.resets import run_with_resets

STEPS, FEATURES, UNITS, PAIRS = 128, 64, 64, 12


def cut(layer: torch.nn.LSTM, x: Tensor, begins: Tensor) -> Tensor:
    """torch.nn's layer between the steps at which any row begins; these rows' states are set to zero."""
    bounds = [0, *(1 + begins[1:].any(dim=1).nonzero()[:, 0]).tolist(), len(x)]
    outputs, state = [], None
    for first, last in pairwise(bounds):
        if state is not None:
            kept = (~begins[first]).to(x.dtype).view(1, -1, 1)
            state = tuple(part * kept for part in state)
        y, state = layer(x[first:last], state)
        outputs.append(y)
    return torch.cat(outputs)


def main() -> None:
    """Print the ratio of the medians for episodes of several lengths."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    theirs = torch.nn.LSTM(FEATURES, UNITS)
    ours = rc.nn.LSTM(FEATURES, UNITS)
    ours.load_state_dict(theirs.state_dict())
    for rows, episode in ((16, 20), (16, 100), (64, 20), (64, 100)):
        x = torch.randn(STEPS, rows, FEATURES)
        begins = torch.rand(STEPS, rows) < 1 / episode
        difference = (run_with_resets(ours, x, begins)[0] - cut(theirs, x, begins)).abs().max()
        assert difference < 1e-5, difference
        times: list[tuple[float, float]] = []
        for _ in range(PAIRS):
            pair = []
            for step in (
                lambda x=x, b=begins: run_with_resets(ours, x, b)[0].square().mean().backward(),
                lambda x=x, b=begins: cut(theirs, x, b).square().mean().backward(),
            ):
                start = time.process_time()
                step()
                pair.append(time.process_time() - start)
            times.append((pair[0], pair[1]))
        ratio = sorted(b / a for a, b in times)[PAIRS // 2]
        mine = sorted(a for a, _ in times)[PAIRS // 2]
        size = f"{rows} rows, episodes of {episode:3} steps"
        print(f"{size}: {1000 * mine:6.1f} ms, torch.nn cut {ratio:.1f} times as long")


if __name__ == "__main__":
    main()
