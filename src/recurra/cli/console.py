"""What the command line prints, and how: plain when piped, quiet colours in a terminal."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from recurra.cli.fitting import Column, fit
from recurra.cli.headings import heading
from recurra.formatting import (
    MISSING,
    plain_signs,
    significant,
    style_of_sizes,
)
from recurra.language import _, listing, several
from recurra.methods import method_name

if TYPE_CHECKING:
    import pandas as pd

    from recurra.data.schema.facts import Fact
    from recurra.tasks.estimator import Preview, Scores


_DOUBTS = ("note", "check")  # labels of facts
_BANDS = {True: "bold white on dark_green", False: "bold black on dark_goldenrod", None: "bold black on grey74"}
_NUMBER = r"-?[\d,.]+(?:e-?\d+)?(?: %)?"


def stdout(quiet: bool = False) -> Console:
    """The console for results; `quiet` makes it say nothing."""
    return Console(quiet=quiet, highlight=False)


def stderr(quiet: bool = False) -> Console:
    """The console for errors and progress."""
    return Console(stderr=True, highlight=False, quiet=quiet)


@contextmanager
def waiting(console: Console, what: str) -> Iterator[None]:
    """A moving sign beside `what` on a terminal, while the block runs; nothing elsewhere."""
    if not console.is_terminal or console.quiet:
        yield
        return
    with console.status(Text(what), spinner="dots"):
        yield


@contextmanager
def counting(console: Console, what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, to be told how many of `total` are done in all; nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn())
    shown = console.is_terminal and not console.quiet
    with Progress(
        *columns, TimeRemainingColumn(compact=True), console=console, transient=True, disable=not shown
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def print_facts(console: Console, title: str, facts: Iterable[Fact]) -> None:
    """A table of what was understood: label, value, the flag that overrides it."""
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=True)
    table.add_column(style="dim", no_wrap=True, max_width=22)
    table.add_column(overflow="fold", ratio=None)
    table.add_column(style="cyan", no_wrap=True)
    for fact in facts:
        table.add_row(Text(_(fact.label)), Text(fact.value), Text(fact.flag))
    console.print(Text(_(title), style="bold"))
    print_trimmed(console, table)
    console.print()


def print_notes(console: Console, facts: Iterable[Fact]) -> None:
    """Of what was understood that which makes results doubtful, a line each: beside results that go to a pipe."""
    for fact in facts:
        if fact.label in _DOUBTS:
            console.print(Text(_("{names}: {why}", names=_(fact.label), why=fact.value)), soft_wrap=True)


def print_verdict(console: Console, sentence: str, better: bool | None) -> None:
    """The verdict: a green, amber or (None) grey band where there are colours, a line of text where there are none."""
    sentence = plain_signs(sentence)
    if console.is_terminal and console.color_system is not None and not console.no_color:
        style = _BANDS[better]
        console.print(Padding(Text(sentence), (0, 1), style=style, expand=True))
    else:
        console.print(Text(f"{_('VERDICT')}  {sentence}"), soft_wrap=True)
    console.print()


def print_frame(
    console: Console,
    title: str,
    frame: pd.DataFrame,
    *,
    mark: str | None = None,
    rows: int = 12,
    importance: Sequence[str] = (),
    data: bool = False,
) -> None:
    """The first `rows` of a frame, the numbers of a column in one style; the row whose first cell is `mark` stands out.

    Headings and methods are shown in the reader's language, unless the frame is `data`, whose columns are a file's.
    In a terminal the table is fitted to its width: columns that `importance` does not name go first, from the right.
    In a pipe it is as wide as it likes.
    """
    names = [str(name) for name in frame.columns]
    ranks = {name: importance.index(name) if name in importance else len(names) + k for k, name in enumerate(names)}
    ranks |= {f"hi{name[2:]}": rank for name, rank in ranks.items() if name.startswith("lo_")}  # both bounds, or none
    columns = []
    for name in names:
        values = frame[name]
        texts = [plain_signs(text) for text in column_texts(values.head(rows), values)]
        numeric = values.dtype.kind in "fiu" or (len(texts) > 0 and all(map(_is_number, texts)))
        if not data and name == "method":
            texts = [method_name(text) for text in texts]
        columns.append(Column(name if data else heading(name), texts, numeric, ranks[name]))
    fitted = fit(columns, console.width if console.is_terminal else None)
    console.print(Text(_(title), style="bold"))
    for line in fitted.heading:
        console.print(Text(line, style="dim"), soft_wrap=True)
    for row, lines in enumerate(fitted.rows):
        style = "bold" if mark is not None and frame.iloc[row, 0] == mark else ""
        console.print(Text("\n".join(lines), style=style), soft_wrap=True)
    if fitted.left_out:
        console.print(Text(_("  not shown at this width: {columns}", columns=listing(fitted.left_out)), style="dim"))
    if len(frame) > rows:
        more = several("  … and {n} more row", "  … and {n} more rows", len(frame) - rows)
        console.print(Text(more, style="dim"))
    console.print()


def print_preview(console: Console, preview: Preview) -> None:
    """What is shown of predictions: a table, and lines below it as they stand."""
    table = preview.table()
    table = table.rename(columns={name: heading(name) for name in preview.OURS})
    if len(table.columns):
        print_frame(console, preview.title, table, data=True)
    elif preview.lines():
        console.print(Text(_(preview.title), style="bold"))
    for line in preview.lines():
        console.print(Text(line))


def column_texts(shown: pd.Series, values: pd.Series) -> list[str]:
    """The cells `shown` of a column as text, its fractions in the one style that suits all `values`."""
    if values.dtype.kind == "M":
        midnights = bool((shown.dropna() == shown.dropna().dt.normalize()).all())
        return [format_cell(cell) if midnights else str(cell) for cell in shown]
    if values.dtype.kind != "f":
        return [format_cell(cell) for cell in shown]
    style = style_of_sizes(values)
    return [style.text(value) for value in shown]


def _is_number(text: str) -> bool:
    """Whether it is a number, a share, a range of them, or none; a date is not."""
    return re.fullmatch(rf"({_NUMBER})((–| to ){_NUMBER})?|{MISSING}", text) is not None


def print_scores(console: Console, scores: Scores) -> None:
    """The verdict, what makes it doubtful, and the table of methods."""
    print_verdict(console, scores.verdict, scores.better)
    for note in scores.notes:
        console.print(Text(f"{_('NOTE')}  {note}", style="bold yellow"), soft_wrap=True)
    if scores.notes:
        console.print()
    print_frame(console, scores.title, scores.table, mark=scores.mark, importance=scores.importance)


def print_files(console: Console, files: Iterable[Path]) -> None:
    """What was written, with sizes."""
    console.print(Text(_("Written"), style="bold"))
    for path in files:
        console.print(Text(f"  {path}  ({file_size(path.stat().st_size)})"), soft_wrap=True)


def file_size(count: int) -> str:
    """Bytes in a unit that suits them.

    Example:
        >>> file_size(999), file_size(1_234_567)
        ('999 B', '1.2 MB')
    """
    size, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.1f} {unit}" if unit != "B" else f"{count} B"


def print_trimmed(console: Console, table: Table) -> None:
    """Print without the blanks that a table leaves at the end of its lines."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    console.print(Text("\n".join(line.rstrip() for line in captured.get().split("\n"))), end="", soft_wrap=True)


def format_cell(value: Any) -> str:
    """A cell as text: four significant digits for a fraction, a date without its midnight, n/a for a missing value.

    Example:
        >>> format_cell(1234.5678), format_cell(0.000123456), format_cell(float("nan"))
        ('1,235', '0.0001235', 'n/a')
    """
    if isinstance(value, float):
        return str(value) if math.isinf(value) else plain_signs(significant(value))
    text = str(value)
    return text.removesuffix(" 00:00:00")
