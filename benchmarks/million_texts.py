"""A million short texts: read from a CSV file, trained on in one pass, predicted; seconds, rows a second and memory.

    python benchmarks/million_texts.py --rows 100000        # to see that it works
    python benchmarks/million_texts.py

Texts of 5 to 20 words of a vocabulary of 50,000, the k-th word as frequent as 1 / (k + 3) (Zipf's law); of a text's
words a tenth are drawn from 200 words of its class. One member, one pass, and of everything else the defaults: words
begin with vectors of their contexts, a linear model of n-grams corrects the network.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from common import ROOT, report
from memory import Measured, measure

WORDS, OWN, SHARE = 50_000, 200, 0.1  # the vocabulary, the words of a class, and their share of a text
SHORTEST, LONGEST = 5, 20
AT_ONCE = 100_000  # rows drawn together
STAGES = {"read": "read", "trained": "train", "predicted": "predict"}
LIMIT = 8 * 2**30


def texts(rows: int, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Texts and their classes."""
    frequency = 1.0 / (np.arange(WORDS) + 3)
    lengths = rng.integers(SHORTEST, LONGEST + 1, rows)
    total = int(lengths.sum())
    words = rng.choice(WORDS, total, p=frequency / frequency.sum())
    classes = rng.integers(0, 2, rows)
    own = rng.random(total) < SHARE
    of_class = 1000 + OWN * np.repeat(classes, lengths) + rng.integers(0, OWN, total)
    written = np.array([f"w{k}" for k in range(WORDS)], dtype=object)[np.where(own, of_class, words)].tolist()
    ends = np.cumsum(lengths).tolist()
    cut = [" ".join(written[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    return cut, np.array(["calm", "loud"])[classes].tolist()


def write_csv(path: Path, rows: int, seed: int) -> None:
    """The columns text and label."""
    rng = np.random.default_rng(seed)
    schema = pa.schema([("text", pa.string()), ("label", pa.string())])
    with pacsv.CSVWriter(path, schema) as writer:
        for first in range(0, rows, AT_ONCE):
            columns = texts(min(AT_ONCE, rows - first), rng)
            writer.write_table(pa.table(list(columns), schema=schema))


def line(name: str, seconds: float, rows: int, main: int) -> dict[str, Any]:
    """A stage's line of the table."""
    return {"stage": name, "seconds": seconds, "rows/s": f"{rows / seconds:,.0f}", "peak, GiB": main / 2**30}


def main() -> None:
    """Write, then read, train and predict in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the CSV goes (default: a temporary folder)")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder for the JSON file")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder) / "texts.csv"
        begin = time.perf_counter()
        write_csv(path, given.rows, seed=0)
        size = os.path.getsize(path)
        print(f"{given.rows:,} texts, {size / 1e6:,.0f} MB written in {time.perf_counter() - begin:.0f} s", flush=True)
        script = ROOT / "benchmarks" / "million_texts_stages.py"
        found: Measured = measure([sys.executable, str(script), str(path)], STAGES, "end")
    print()
    rows = [line(name, *found.stages[name][:1], given.rows, found.stages[name][1]) for name in STAGES.values()]
    rows.append(line("all", found.seconds, given.rows, found.main))
    report("million_texts", rows, given.out, csv_bytes=size, rows_of_data=given.rows)
    if found.main > LIMIT:
        raise SystemExit(f"the peak is {found.main / 2**30:.1f} GiB: at most 8 are allowed")


if __name__ == "__main__":
    main()
