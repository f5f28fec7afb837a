"""Recurra's layers by the questions that the grid of `recurra bench --full` does not answer; results compared first.

    python benchmarks/recurrence.py                         # everything, about ten minutes on two cores
    python benchmarks/recurrence.py --only packed busy
    python benchmarks/recurrence.py --seconds 0.1           # to see that it works

rate: share of the machine's own sgemm rate. bfloat16, packed, latency: times as fast as torch. extras: layer
normalisation, variational dropout and zoneout over our plain layer. busy: beside a process that keeps a core busy.
memory: peak of a training step. Where results differ there is no ratio, and the exit status is 1.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from common import ROOT, report
from recurrence_busy import busy
from recurrence_layers import QUESTIONS as IN_PROCESS
from recurrence_memory import memory

QUESTIONS = {**IN_PROCESS, "busy": busy, "memory": memory}


def main() -> None:
    """Answer the questions that were asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument("--seconds", type=float, default=3.0, help="for the pairs of one size; five at least")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the JSON files")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    refused = []
    for name in dict.fromkeys(given.only):
        rows = QUESTIONS[name](given.seconds)
        print(f"\n## {name}\n", flush=True)
        report(f"recurrence_{name}", rows, given.out, threads=given.threads)
        refused += [row for row in rows if row.get("refusal")]
    if refused:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
