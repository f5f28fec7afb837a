"""What the command line prints, and how: plain when piped, quiet colours in a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from recurra.data.schema.facts import Fact
    from recurra.evaluation.forecast.backtest import Backtest
    from recurra.evaluation.labelled.evaluation import Evaluation


_SHARES = ("accuracy", "balanced accuracy", "subset accuracy", "calibration error")
_LEFT_OUT = ("Brier", "Pearson", "RMSE", "balanced accuracy")  # the page has them
_SHORT = {"balanced accuracy": "balanced", "calibration error": "calib. error", "subset accuracy": "all right"}


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
        table.add_row(Text(fact.label), Text(fact.value), Text(fact.flag))
    console.print(Text(title, style="bold"))
    print_trimmed(console, table)
    console.print()


def print_verdict(console: Console, sentence: str, better: bool) -> None:
    """The verdict: a green or amber band where there are colours, a line of text where there are none."""
    if console.is_terminal and console.color_system is not None and not console.no_color:
        style = "bold white on dark_green" if better else "bold black on dark_goldenrod"
        console.print(Padding(Text(sentence), (0, 1), style=style, expand=True))
    else:
        console.print(Text(f"VERDICT  {sentence}"), soft_wrap=True)
    console.print()


def print_frame(
    console: Console, title: str, frame: pd.DataFrame, *, mark: str | None = None, rows: int = 12, fixed: bool = False
) -> None:
    """The first `rows` of a frame, numbers to four digits; the row whose first cell is `mark` stands out.

    With `fixed` only the first column may be broken into lines.
    """
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for column in frame.columns:
        numeric = frame[column].dtype.kind in "fiu" or str(frame[column].iloc[0]).endswith("%")
        whole = fixed and column != frame.columns[0]
        table.add_column(Text(str(column)), justify="right" if numeric else "left", no_wrap=whole)
    for cells in frame.head(rows).itertuples(index=False):
        texts = [format_cell(cell) for cell in cells]
        table.add_row(*map(Text, texts), style="bold" if mark is not None and texts[0] == mark else None)
    console.print(Text(title, style="bold"))
    print_trimmed(console, table)
    if len(frame) > rows:
        console.print(Text(f"  … and {len(frame) - rows:,} more rows", style="dim"))
    console.print()


def print_backtest(console: Console, backtest: Backtest) -> None:
    """The verdict and the table of methods."""
    verdict = backtest.verdict
    print_verdict(console, verdict.sentence, verdict.better)
    table = backtest.table.reset_index()
    for column in table.columns[table.columns.str.startswith("coverage")]:
        table[column] = [format_share(share) for share in table[column]]
    table.columns = table.columns.str.replace("coverage", "in")
    windows = f"{_count(verdict.n_series, 'series', 'series')}, {_count(verdict.n_origins, 'window')}"
    print_frame(console, f"Backtest ({windows})", table, mark=backtest.model)


def print_scores(console: Console, evaluation: Evaluation, title: str) -> None:
    """The verdict and the table of methods, with the interval of the leading score."""
    print_verdict(console, evaluation.verdict.sentence, evaluation.verdict.better)
    for note in evaluation.notes:
        console.print(Text(f"NOTE  {note}", style="bold yellow"), soft_wrap=True)
    if evaluation.notes:
        console.print()
    left_out = [name for name in _LEFT_OUT if name != evaluation.leading]
    table = evaluation.table.drop(columns=left_out, errors="ignore")
    for name in table.columns.intersection(list(_SHARES)):
        table[name] = [format_share(share) for share in table[name]]
    frame = table.rename(columns=_SHORT).reset_index()
    found = evaluation.intervals[evaluation.intervals["score"] == evaluation.leading].set_index("method")
    bounds = zip(found.index, found["low"], found["high"], strict=True)
    texts = {name: _interval(low, high, evaluation.leading) for name, low, high in bounds}
    frame.insert(
        list(frame.columns).index(_SHORT.get(evaluation.leading, evaluation.leading)) + 1,
        "95 %",
        [texts.get(name, "n/a") for name in frame["method"]],
    )
    print_frame(console, title, frame, mark=str(evaluation.table.index[0]), fixed=True)


def _interval(low: float, high: float, score: str) -> str:
    if math.isnan(low) or math.isnan(high):
        return "n/a"
    return f"{100 * low:.1f}–{100 * high:.1f} %" if score in _SHARES else f"{low:.3f}–{high:.3f}"


def print_forecast(console: Console, forecast: pd.DataFrame) -> None:
    """The first rows of a forecast; its first column, the series, goes without saying where there is only one."""
    alone = forecast.iloc[:, 0].nunique() == 1
    print_frame(console, "Forecast", forecast.iloc[:, 1:] if alone else forecast)


def print_files(console: Console, files: Iterable[Path]) -> None:
    """What was written, with sizes."""
    console.print(Text("Written", style="bold"))
    for path in files:
        console.print(Text(f"  {path}  ({file_size(path.stat().st_size)})"), soft_wrap=True)


def format_share(share: float) -> str:
    """A share as per cent.

    Example:
        >>> format_share(0.7081), format_share(float("nan"))
        ('70.8 %', 'n/a')
    """
    return "n/a" if math.isnan(share) else f"{100 * share:.1f} %"


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


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
        if not math.isfinite(value):
            return "n/a" if math.isnan(value) else str(value)
        if value == 0:
            return "0"
        digits = 3 - math.floor(math.log10(abs(value)))
        if -6 <= digits <= 9:
            return f"{value:,.{max(digits, 0)}f}"
        return f"{value:.3e}"
    text = str(value)
    return text.removesuffix(" 00:00:00")
