"""Kill the command at random moments, resume it, and compare every bit with a run that nobody disturbed.

    python benchmarks/resume.py                         # 20 trials, about ten minutes on two cores

In each trial `recurra forecast` is killed with SIGKILL one to three times, at moments drawn uniformly over the seconds
that an undisturbed run takes (imports, reading, both trainings, backtest, writing), and then left to finish with
`--resume`. A trial passes if the model file and forecast.csv are the same, byte by byte.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import RECURRA, ROOT, report

COMPARED = ("co2.safetensors", "forecast.csv")
ARGUMENTS = ("forecast", "demo:co2", "--target", "co2", "--horizon", "26", "--members", "2", "--epochs", "4")


def start(out: Path, resume: bool) -> subprocess.Popen[bytes]:
    """The command, writing into `out`."""
    command = [*RECURRA, *ARGUMENTS, "--quiet", "--out", str(out), *(["--resume"] if resume else [])]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end; a command that fails ends the benchmark with its message."""
    _, complaint = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"the command ended with {process.returncode}: {complaint.decode(errors='replace')}")


def outputs(out: Path) -> dict[str, bytes]:
    """The bytes that are compared."""
    return {name: (out / name).read_bytes() for name in COMPARED}


def interrupted(out: Path, moments: list[float]) -> list[float]:
    """Run the command into `out`, killed after each of `moments` (seconds) and resumed; the moments that hit."""
    hits = []
    for moment in moments:
        process = start(out, resume=bool(hits))
        try:
            process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            hits.append(moment)
        else:
            finish(process)
            return hits
    finish(start(out, resume=True))
    return hits


def main() -> None:
    """All trials, and how many ended in the same bits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for resume.json")
    given = parser.parse_args()
    draw = np.random.default_rng(given.seed)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        finish(start(Path(folder) / "undisturbed", resume=False))
        wall = time.perf_counter() - begin
        expected = outputs(Path(folder) / "undisturbed")
        print(f"undisturbed: {wall:.1f} s", flush=True)
        while len(rows) < given.trials:
            out = Path(folder) / f"trial-{len(rows)}"
            moments = draw.uniform(0, wall, size=draw.integers(1, 4)).tolist()
            hits = interrupted(out, moments)
            same = outputs(out) == expected
            # A run that was faster than its moment was not killed: its bits are compared, but it is no trial.
            if not hits and same:
                for name in COMPARED:
                    (out / name).unlink()
                continue
            rows.append({"trial": len(rows) + 1, "killed after (s)": [round(t, 2) for t in hits], "same bits": same})
            print(f"trial {len(rows)}: killed after {rows[-1]['killed after (s)']} s, same bits: {same}", flush=True)
    passed = sum(row["same bits"] for row in rows)
    print(f"\n{passed} of {len(rows)} end in the same bits\n")
    summary = [{"trials": len(rows), "kills": sum(len(row["killed after (s)"]) for row in rows), "same bits": passed}]
    report("resume", summary, given.out, undisturbed_seconds=wall, trials=rows)
    if passed < len(rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
