"""From a text file to columns: as a whole up to 32 MB, column types decided by every cell; a larger file in blocks."""

# pyarrow.compute makes its functions when it is imported; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from recurra.data.files.columns import Columns, convert_columns
from recurra.data.files.convention import Convention, find_convention
from recurra.data.files.dialect import Dialect, Layout, find_layout
from recurra.data.files.encoding import Utf8Stream, decode, detect_encoding, is_binary
from recurra.data.files.extent import find_footer
from recurra.data.files.locate import explain, line_of, refuse_stray_quotes, unclosed_quote
from recurra.data.files.missing import missing_words
from recurra.data.files.options import ReadingOptions
from recurra.data.files.quoting import BLANKS, USUAL, find_quoting, tighten
from recurra.data.files.records import collapse_blanks
from recurra.data.files.source import Source, refuse_foreign
from recurra.data.files.streaming import Plan, WithoutEnd, make_plan, stream_columns
from recurra.errors import InputError
from recurra.language import _, several
from recurra.options import option

SAMPLE = 1 << 20
_TAIL = 1 << 16  # bytes at the end of a large file in which notes below its data are looked for


def read_text(source: Source, given: ReadingOptions, large_size: int) -> tuple[Columns, Dialect]:
    """The columns of a text file and how it is written; the one place that chooses between whole and blocks."""
    with source.open() as stream:
        data = stream.read(SAMPLE)
        if source.compression is not None:
            refuse_foreign(data, source.name)
            if data.startswith(b"PAR1"):
                raise InputError(
                    _(
                        "{source} is a compressed Parquet file: unpack it first (Parquet compresses itself)",
                        source=source.name,
                    )
                )
        large = source.size is not None and source.size > large_size
        if not large:
            data += stream.read(max(large_size + 1 - len(data), 0))
            large = len(data) > large_size
    encoding = given.encoding or detect_encoding(data, whole=not large)
    text = decode(data[:SAMPLE] if large else data, encoding, whole=not large, name=source.name)
    del data
    if is_binary(text):
        raise InputError(
            _(
                "{source} is no text: expected a CSV or Parquet table (or name its encoding with {encoding_option})",
                source=source.name,
                encoding_option=option("encoding"),
            )
        )
    quoting = find_quoting(text[:SAMPLE])
    if not large:
        text = tighten(text)
    whole = len(text) <= SAMPLE and not large
    layout = find_layout(
        text[:SAMPLE], name=source.name, whole=whole, separator=given.separator, header=given.header,
        header_rows=given.header_rows, skip_rows=given.skip_rows,
        quoting=quoting,
    )  # fmt: skip
    if given.decimal == "," and layout.separator == ",":
        raise InputError(
            _(
                "decimal ',' was given, and {source} is separated by ',': give {separator_option} too",
                source=source.name,
                separator_option=option("separator"),
            )
        )
    dialect = Dialect("csv", encoding, layout.separator, header=layout.header, thousands=given.thousands or "")
    if large:
        columns, convention = _read_blocks(source, layout, encoding, given, text, large_size)
        pa.default_memory_pool().release_unused()  # of its blocks Arrow keeps a third of what the columns take
    else:
        columns, convention = _read_whole(text, layout, given, source.name)
    notes = (*layout.notes, *convention.notes, *_encoding_note(encoding, given), *columns.notes)
    dialect = replace(dialect, decimal=convention.decimal, missing=columns.missing)
    return replace(columns, notes=notes), dialect


def _encoding_note(encoding: str, given: ReadingOptions) -> tuple[str, ...]:
    if given.encoding or encoding not in ("latin-1", "cp1252"):
        return ()
    return (
        _(
            "the encoding was not certain and {encoding} was assumed; if letters look wrong, pass it "
            "with {encoding_option}",
            encoding=encoding,
            encoding_option=option("encoding"),
        ),
    )


def _read_whole(text: str, layout: Layout, given: ReadingOptions, name: str) -> tuple[Columns, Convention]:
    if layout.separator == BLANKS:
        text = collapse_blanks(text)
    text, notes = _without_footer(text, layout, given, name)
    notes += refuse_stray_quotes(text[layout.top :], layout, name)
    body = text[layout.start :].encode("utf-8")
    if not body.strip():
        raise InputError(_("{name} has only a header and no data", name=name))
    words = missing_words(given.missing)
    try:
        table = pacsv.read_csv(
            pa.BufferReader(body),
            read_options=pacsv.ReadOptions(column_names=list(layout.names), block_size=max(len(body), 1 << 20)),
            parse_options=pacsv.ParseOptions(**layout.quoting.arrow(layout.separator)),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(layout.names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise explain(io.StringIO(text[layout.start :], newline=""), layout, name, {}, words) from error
    last = table.column(table.num_columns - 1)[-1].as_py()
    if layout.quoting == USUAL and "\n" in last and body.count(b'"') % 2:
        raise unclosed_quote(text, text.rindex('"'), name)
    del body
    columns = [table.column(j) for j in range(table.num_columns)]
    columns, repeated = _without_headers(layout, columns)
    if repeated:
        rows = _("a row that repeats") if repeated == 1 else _("{repeated} rows that repeat", repeated=repeated)
        notes.append(_("skipped: {rows} the header, as files that were put one behind the other have", rows=rows))
    convention = find_convention(
        layout.names, columns, layout.separator, decimal=given.decimal, thousands=given.thousands, text=given.text
    )
    found = convert_columns(
        layout.names,
        columns,
        convention=convention,
        words=words,
        own=given.own,
        text=given.text,
        line=None if repeated else lambda row: line_of(text[layout.start :], layout, row),
    )
    return replace(found, notes=(*notes, *found.notes)), convention


def _without_footer(text: str, layout: Layout, given: ReadingOptions, name: str) -> tuple[str, list[str]]:
    """The text without the lines below the data: as many as were given, or as many as are no data."""
    count = given.footer
    if count is None:
        count = find_footer(text[layout.start :], layout.separator, len(layout.names), layout.rows, layout.quoting)
    if not count:
        return text, []
    end = len(text)
    stripped = text.rstrip("\r\n") if given.footer is not None else text
    lines = re.compile(r"\r\n|\n|\r")
    starts = [
        0,
        *(found.end() for found in lines.finditer(stripped) if found.end() < len(stripped) or given.footer is None),
    ]
    starts = [start for start in starts if start < len(text)]
    if count >= len(starts):
        raise InputError(
            _(
                "{footer_option} {count} leaves nothing of {name}, which has {n_starts} lines: pass a smaller number",
                footer_option=option("footer"),
                count=count,
                name=name,
                n_starts=len(starts),
            )
        )
    end = starts[-count]
    if end < layout.start:
        raise InputError(
            _(
                "{footer_option} {count} leaves no row of data in {name}: pass a smaller number",
                footer_option=option("footer"),
                count=count,
                name=name,
            )
        )
    skipped = text[end:].strip()
    shown = " ".join(skipped.split())
    shown = repr(shown if len(shown) <= 60 else f"{shown[:57]}...")
    first, last = len(starts) - count + 1, len(starts)
    place = _("line {first}", first=first) if first == last else _("lines {first} to {last}", first=first, last=last)
    note = _(
        "skipped below the data: {place} ({shown}); pass {footer_option} if they are data",
        place=place,
        shown=shown,
        footer_option=option("footer", 0),
    )
    return text[:end], [note] if given.footer is None else []


def _without_headers(layout: Layout, columns: Sequence[pa.ChunkedArray]) -> tuple[list[pa.ChunkedArray], int]:
    """The columns without the rows that repeat the header, and the number of these."""
    if not layout.header or len(layout.names) < 2:
        return list(columns), 0
    alike = pc.equal(columns[0], layout.names[0])
    for name, column in zip(layout.names[1:], columns[1:], strict=True):
        if not pc.any(alike, min_count=0).as_py():
            return list(columns), 0
        alike = pc.and_(alike, pc.equal(column, name))
    count = pc.sum(alike, min_count=0).as_py()
    keep = pc.invert(alike)
    return ([column.filter(keep) for column in columns], count) if count else (list(columns), 0)


def _read_blocks(
    source: Source, layout: Layout, encoding: str, given: ReadingOptions, text: str, large_size: int
) -> tuple[Columns, Convention]:
    if layout.separator == BLANKS:
        raise InputError(
            _(
                "{source} is larger than {size} MB and its columns are separated by runs of "
                "blanks: replace the runs by one separator first, for example with `tr -s ' ' ,`",
                source=source.name,
                size=large_size >> 20,
            )
        )
    words = missing_words(given.missing)
    width = len(layout.names)
    sample = [pa.array([row[j] for row in layout.rows if len(row) == width], pa.string()) for j in range(width)]
    convention = find_convention(
        layout.names, sample, layout.separator, decimal=given.decimal, thousands=given.thousands, text=given.text
    )
    plan = make_plan(layout, convention, words, given.own, given.text)
    rows = _guess_rows(source, layout, text)
    footer, remarks = (given.footer, []) if given.footer is not None else _large_footer(source, layout, encoding)
    try:
        with Utf8Stream(source.open(), encoding, source.name) as stream:
            _skip(stream, len(text[: layout.start].encode("utf-8")))
            columns = stream_columns(WithoutEnd(stream, footer), layout, plan, rows)
    except pa.ArrowInvalid as error:
        raise _explained(source, layout, encoding, plan, str(error)) from error
    note = _("the file is large: numbers were read as float32, except integers beyond 2**24")
    return replace(columns, notes=(note, *remarks, *columns.notes)), convention


def _large_footer(source: Source, layout: Layout, encoding: str) -> tuple[int, list[str]]:
    """The number of lines below the data of a large file, blank ones at its end not counted, and the remark on them."""
    if source.compression is not None:
        return 0, []  # its end is known when all of it has been read
    with source.path.open("rb") as stream:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(max(size - _TAIL, 0) // 4 * 4)  # between characters, also of UTF-16
        text = stream.read().decode(encoding, errors="replace")
    text = re.sub(r"\r\n?", "\n", text)
    text = text[text.find("\n") + 1 :]  # the first line is cut
    count = find_footer(text, layout.separator, len(layout.names), layout.rows, layout.quoting)
    if not count:
        return 0, []
    skipped = text.split("\n")[-count - text.endswith("\n") :]
    blank = max(len(text) - len(text.rstrip("\n")) - 1, 0)
    shown = " ".join(" ".join(skipped).split())
    shown = repr(shown if len(shown) <= 60 else f"{shown[:57]}...")
    lines = several("{n} line", "{n} lines", count)
    return count - blank, [
        _(
            "skipped below the data: {lines} ({shown}); pass {footer_option} if they are data",
            lines=lines,
            shown=shown,
            footer_option=option("footer", 0),
        )
    ]


def _guess_rows(source: Source, layout: Layout, text: str) -> int:
    """A little more than the number of rows, so that columns rarely grow; room that is never filled costs nothing."""
    size = source.size if source.size is not None else 4 * (len(text) << 5)
    sample = text[layout.start :]
    lines = max(sample.count("\n"), sample.count("\r"), 1)
    return int(1.02 * size * lines / max(len(sample.encode("utf-8")), 1)) + 1


def _skip(stream: io.RawIOBase, count: int) -> None:
    while count:
        count -= len(stream.read(count) or b"")


def _explained(source: Source, layout: Layout, encoding: str, plan: Plan, reason: str) -> InputError:
    column = re.search(r"CSV column #(\d+)", reason)  # Arrow tells the column, not the line
    patterns = {j: form for j, form in plan.patterns().items() if column and j == int(column[1])}
    with io.TextIOWrapper(source.open(), encoding=encoding, newline="") as lines:
        _skip_text(lines, layout.start)
        return explain(lines, layout, source.name, patterns, plan.words)


def _skip_text(lines: io.TextIOWrapper, count: int) -> None:
    """Pass over `count` characters; a byte order mark is none."""
    if count and lines.read(1) != "\ufeff":
        count -= 1
    while count:
        count -= len(lines.read(count))
