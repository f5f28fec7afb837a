"""Are polluted files read right, refused, told to be doubtful, or wrong in silence, beside pandas and DuckDB?

    python benchmarks/pollution.py
    python benchmarks/pollution.py --files Pollock/polluted_files   # the published files, cloned by the reader

A record whose separators or quotes are damaged cannot be restored for sure: it is to be refused, or to keep every value
in its column. A value in another column, a lost row or two joined are wrong in silence, unless a remark tells of it.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from common import ROOT, markdown, report
from pollution_kinds import Polluted, Rows, kinds

import recurra as rc

Reader = Callable[[Path], tuple[pd.DataFrame, tuple[str, ...]]]  # what was read, and remarks
OUTCOMES = ("right", "refused", "told", "wrong")


def readers() -> dict[str, Reader]:
    """The readers to compare, each with its own guesses; DuckDB where it is installed."""

    def ours(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
        table = rc.read_table(path)
        return table.frame, table.notes

    found: dict[str, Reader] = {
        "recurra": ours,
        "pandas": lambda path: (pd.read_csv(path), ()),
        "pandas, sep=None": lambda path: (pd.read_csv(path, sep=None, engine="python"), ()),
    }
    with contextlib.suppress(ImportError):
        import duckdb

        found["DuckDB"] = lambda path: (duckdb.read_csv(str(path)).df(), ())
    return found


def outcome(reader: Reader, path: Path, table: Rows | None, intact: Rows | None) -> str:
    """ "right", "refused", "told" (not right, with a remark or warning about lines or names) or "wrong" in silence.

    `intact` is what a damaged record meant, which a reader may restore.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            frame, remarks = reader(path)
        except Exception:  # noqa: BLE001  # every reader refuses in its own way
            return "refused"
    if table is None and not len(frame):
        return "refused"
    means = table if table is not None else intact
    if means is not None and same(frame, means):
        return "right"
    said = [*remarks, *(str(one.message) for one in caught)]
    return "told" if any(re.search(r"\b(?:lines?|header|names)\b", remark) for remark in said) else "wrong"


def same(frame: pd.DataFrame, table: Rows) -> bool:
    """Whether a frame has the rows of a table of text, read as whatever; names count where the table has its own."""
    header, body = table[0], table[1:]
    if frame.shape != (len(body), len(header)):
        return False
    named = header[0] != "c1"
    if named and [str(name).strip() for name in frame.columns] != [name.strip() for name in header]:
        return False
    return all(
        _equal(value, row[j]) for j in range(len(header)) for value, row in zip(frame.iloc[:, j], body, strict=True)
    )


def _equal(value: Any, cell: str) -> bool:
    if pd.isna(value):
        return cell.strip() in ("", "NA", "-", "n/a")
    if isinstance(value, str):
        return value.strip() == cell.strip()
    number = re.sub(r"[$,\s]", "", cell)
    with contextlib.suppress(ValueError, TypeError):
        return float(value) == float(number)
    text = str(value)
    day = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", cell)
    iso = f"{day[3]}-{day[2]}-{day[1]}" if day else cell
    return text.startswith((iso, cell))


def published(folder: Path) -> Iterator[Polluted]:
    """The files of the benchmark's repository (`csv` and `clean`), by kind."""
    for path in sorted((folder / "csv").glob("*.csv")):
        kind = re.match(r"(row_more_sep|row_less_sep|row_extra_quote|row_field_delimiter)?", path.name)
        names = {
            "row_more_sep": "a separator more",
            "row_less_sep": "a separator less",
            "row_extra_quote": "a quote more",
            "row_field_delimiter": "another separator in a row",
        }
        what = names.get(kind[0] if kind else "", "file")
        clean = list(csv.reader(io.StringIO((folder / "clean" / path.name).read_text(encoding="utf-8"), newline="")))
        table = clean if what == "file" and len(clean) > 1 and "multitable_less" not in path.name else None
        if "multitable_more" in path.name or "header_only" in path.name:
            table = None
        if "no_header" in path.name and table is not None:
            table = [["c1"] + [""] * (len(clean[0]) - 1), *clean]
        yield Polluted(what, path.stem, path.read_bytes(), table)


def measure(files: Iterator[Polluted], intact: Rows | None) -> tuple[list[dict], list[dict]]:
    """Counts by kind and reader, and the file-level outcomes one by one."""
    found = readers()
    counts: dict[tuple[str, str], Counter[str]] = {}
    single = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "polluted.csv"
        for file in files:
            path.write_bytes(file.data)
            line = {"file": file.name}
            for name, reader in found.items():
                line[name] = outcome(reader, path, file.table, None if file.kind == "file" else intact)
                counts.setdefault((file.kind, name), Counter())[line[name]] += 1
            if file.kind == "file":
                single.append(line)
    rows = []
    for kind in dict.fromkeys(kind for kind, _ in counts):
        row = {"kind": kind, "files": sum(counts[kind, next(iter(found))].values())}
        for name in found:
            row[name] = " / ".join(str(counts[kind, name][what]) for what in OUTCOMES)
        rows.append(row)
    total = {"kind": "all", "files": sum(row["files"] for row in rows)}
    for name in found:
        both = sum((counts[kind, name] for kind in dict.fromkeys(kind for kind, _ in counts)), Counter())
        total[name] = " / ".join(str(both[what]) for what in OUTCOMES)
    return [*rows, total], single


def main() -> None:
    """Print how many files of each kind are right, refused, told or wrong, and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, help="the folder polluted_files of the Pollock repository")
    given = parser.parse_args()
    if given.files:
        clean = (given.files / "clean" / "source.csv").read_text(encoding="utf-8")
        rows, single = measure(published(given.files), list(csv.reader(io.StringIO(clean, newline=""))))
    else:
        from pollution_kinds import source

        rows, single = measure(kinds(), source())
    print("right / refused / told / wrong in silence\n")
    report("pollution" + ("-published" if given.files else ""), rows, ROOT / "benchmarks" / "results", files=single)
    print()
    print(markdown(single))


if __name__ == "__main__":
    main()
