"""The kinds of pollution of Pollock (Vitagliano et al., VLDB 2023), made anew from a table of our own.

Each file differs from a plain CSV in one thing: of the whole file, of one record, or of one field's separator or quote.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

Rows = list[list[str]]


@dataclass(frozen=True)
class Polluted:
    """A file, and the table that it means (None: there is none, and the only right answer is a refusal)."""

    kind: str
    name: str
    data: bytes
    table: Rows | None


def source(rows: int = 24) -> Rows:
    """A table of every kind of column: date, time of day, counts, codes, money, text with separators and quotes."""
    things = ["Lamp, small", 'Shelf 24" wide', "Chair", "Table; round", "Bench (oak)", "Stool\tlow"]
    table = [["day", "hour", "units", "code", "price", "thing", "note"]]
    for i in range(rows):
        note = f"{'seen ' * (i % 5 + 1)}by {'Ann' if i % 2 else 'Bo, Cy'}" if i % 4 else ""
        day, hour, money = f"{i % 28 + 1:02d}/02/2023", f"{i % 24:02d}:15", f"${i * 3.25 + 1:.2f}"
        table.append([day, hour, str(i * 7 % 31), f"MG-{8000 + i}", money, things[i % len(things)], note])
    return table


def kinds() -> Iterator[Polluted]:
    """All polluted files, one for each row and column where the pollution is of a record or a field."""
    yield from _files()
    yield from _records()


def _write(rows: Rows, *, delimiter: str = ",", end: str = "\r\n", quote: str = '"', escape: str | None = None) -> str:
    out = io.StringIO(newline="")
    csv.writer(
        out, delimiter=delimiter, lineterminator=end, quotechar=quote, doublequote=escape is None, escapechar=escape
    ).writerows(rows)
    return out.getvalue()


def _files() -> Iterator[Polluted]:
    table = source()
    header, body, plain = table[0], table[1:], _write(table)

    def file(name: str, text: str, means: Rows | None = table, encoding: str = "utf-8") -> Polluted:
        return Polluted("file", name, text.encode(encoding), means)

    yield file("plain", plain)
    yield file("no payload", "", None)
    yield file("header only", _write([header]), None)
    yield file("one data row", _write(table[:2]), table[:2])
    yield file("no trailing line end", plain.removesuffix("\r\n"))
    yield file("double trailing line end", plain + "\r\n")
    yield file("no header", _write(body), [[f"c{j + 1}" for j in range(len(header))], *body])
    yield file("header twice", _write([header, *table]))
    yield file("preamble of one cell", "Report of the shop\r\n\r\n" + plain)
    yield file("preamble with separators", "Report" + "," * 6 + "\r\n" + "," * 6 + "\r\n" + plain)
    yield file("footnote of one cell", plain + "\r\n* counted by hand\r\n")
    yield file("footnote with separators", plain + "* counted by hand" + "," * 6 + "\r\n")
    yield file("second table, fewer columns", plain + _write([row[:5] for row in table]), None)
    yield file("second table, more columns", plain + _write([[*row, "x"] for row in table]), None)
    for name, end in (("LF", "\n"), ("CR", "\r")):
        yield file(f"line ends {name}", _write(table, end=end))
    for name, sign in (("semicolon", ";"), ("tab", "\t"), ("pipe", "|"), ("space", " ")):
        yield file(f"separator {name}", _write(table, delimiter=sign))
    spaced = [", ".join('"{}"'.format(cell.replace('"', '""')) for cell in row) for row in table]
    yield file("separator comma and space", "\r\n".join(spaced) + "\r\n")
    yield file("quoted with '", _write(table, quote="'"))
    yield file("escaped with a backslash", _write(table, escape="\\"))
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        accents = [[cell.replace("Bench", "Bänk") for cell in row] for row in table]
        yield file(f"encoding {encoding}", _write(accents), accents, encoding)


def _records() -> Iterator[Polluted]:
    table = source()
    lines = [_write([row]) for row in table]
    for i, row in enumerate(table):
        for j in range(len(row)):
            place = f"row {i}, column {j}"
            cells = [_write([[cell]]).removesuffix("\r\n") if cell else "" for cell in row]
            more = ",".join(cells[:j]) + ("," if j else "") + "," + ",".join(cells[j:])
            yield _record("a separator more", place, lines, i, more)
            if j:
                less = ",".join(cells[:j]) + cells[j] + "".join(f",{cell}" for cell in cells[j + 1 :])
                yield _record("a separator less", place, lines, i, less)
            extra = [*cells[:j], '"' + cells[j], *cells[j + 1 :]]
            yield _record("a quote more", place, lines, i, ",".join(extra))
        yield _record("another separator in a row", f"row {i}", lines, i, lines[i].strip().replace(",", " "))


def _record(kind: str, place: str, lines: list[str], i: int, text: str) -> Polluted:
    return Polluted(kind, place, "".join([*lines[:i], f"{text}\r\n", *lines[i + 1 :]]).encode(), None)
