"""`recurra bench`: how much faster this machine's recurrent layers are than torch.nn's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from recurra.cli.console import print_facts, print_files, stderr, stdout
from recurra.cli.flags.options import Debug, Quiet
from recurra.cli.outputs import check_outputs, csv_text
from recurra.errors import InputError
from recurra.language import _, language, listing, mark, set_language, several

if TYPE_CHECKING:
    from rich.console import Console

    from recurra.bench import Case, Comparison, Grid

EXAMPLES = """
**Examples**

- `recurra bench` — a few sizes, in about a minute

- `recurra bench --cells lstm --hidden 64,128 --batch 32 --steps 100` — the sizes of your own network

- `recurra bench --full --csv grid.csv --plot grid.png` — the whole grid, half an hour; Ctrl-C keeps what was measured
"""

DIFFERENT, INTERRUPTED = 1, 130  # exit statuses
SECONDS, SECONDS_FULL = 0.6, 2.0  # that the pairs of one size may take; five pairs are measured in any case


def bench(
    cells: Annotated[str | None, typer.Option(metavar="NAMES", help="Cells: rnn, gru, lstm.")] = None,
    hidden: Annotated[str | None, typer.Option(metavar="NUMBERS", help="Hidden units: 32,128.")] = None,
    batch: Annotated[str | None, typer.Option(metavar="NUMBERS", help="Batch sizes: 1,32.")] = None,
    steps: Annotated[str | None, typer.Option(metavar="NUMBERS", help="Time steps: 20,100.")] = None,
    dtype: Annotated[str | None, typer.Option(metavar="NAMES", help="Types: float32, bfloat16, float64.")] = None,
    mode: Annotated[
        Literal["training", "inference", "both"], typer.Option(help="Forward and backward, forward, or both.")
    ] = "both",
    backend: Annotated[
        Literal["auto", "cpu", "torch", "reference"],
        typer.Option(help="The backend to measure; auto is the one a model would use."),
    ] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; PyTorch's own number unless given.")] = None,
    full: Annotated[bool, typer.Option("--full", help="H 32..512, B 1,32,128, T 20,100,500, two dtypes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the rows as CSV.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw a heat map of the ratios (PNG).")] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure the speed of recurra.nn against torch.nn, pair by pair, after comparing outputs, states and gradients.

    A ratio of 3 says that ours takes a third of the time. Where results differ no ratio is given, and the exit
    status is 1. Ctrl-C shows what has been measured until then.
    """
    check_outputs([path for path in (csv, plot) if path is not None])

    from recurra.bench import measuring

    grid = chosen_grid(full=full, cells=cells, hidden=hidden, batch=batch, steps=steps, dtype=dtype, mode=mode)
    cases = grid.cases()
    with measuring.threads(threads) as number:
        with set_language("en" if as_json else language()):  # what a program reads stays English
            facts = machine(number, backend)
        found = measured(cases, seconds=SECONDS_FULL if full else SECONDS, backend=backend, silent=quiet or as_json)
    rows = [comparison.row() for comparison in found]
    written = write_files(rows, facts, csv=csv, plot=plot)
    if as_json:
        typer.echo(json.dumps({"machine": facts, "rows": rows}, indent=2, ensure_ascii=False))
    else:
        show(stdout(quiet), found, facts, written)
    refused = [comparison for comparison in found if comparison.refusal is not None]
    if len(found) < len(cases):
        stderr().print(
            _("interrupted: {n_found} of {n_cases} sizes are measured", n_found=len(found), n_cases=len(cases)),
            markup=False,
        )
        raise typer.Exit(INTERRUPTED)
    if refused:
        for comparison in refused:
            stderr().print(f"{comparison.case}: {comparison.refusal}", markup=False, soft_wrap=True)
        raise typer.Exit(DIFFERENT)


def chosen_grid(
    *,
    full: bool,
    cells: str | None,
    hidden: str | None,
    batch: str | None,
    steps: str | None,
    dtype: str | None,
    mode: str,
) -> Grid:
    """The quick grid or the full one, with what was named in its place.

    Raises InputError for a name or number that cannot be measured.
    """
    from recurra.bench import FULL, QUICK, Grid
    from recurra.bench.cases import DTYPES, GATES, MODES

    grid = FULL if full else QUICK
    return Grid(
        cells=_names(cells, "--cells", tuple(GATES)) or grid.cells,
        hidden=_numbers(hidden, "--hidden") or grid.hidden,
        batch=_numbers(batch, "--batch") or grid.batch,
        steps=_numbers(steps, "--steps") or grid.steps,
        dtypes=_names(dtype, "--dtype", DTYPES) or grid.dtypes,
        modes=MODES if mode == "both" else (mode,),
    )


def measured(cases: Sequence[Case], *, seconds: float, backend: str, silent: bool) -> list[Comparison]:
    """The cases one after another, with a bar on a terminal; on Ctrl-C those that are done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from recurra.bench import compare
    from recurra.kernels import backend as forced

    console = stderr()
    found: list[Comparison] = []
    # The bar stands still while a case is measured: a thread that redraws it would take time from one of the two.
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=console,
        auto_refresh=False,
        transient=True,
        disable=silent or not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=len(cases))
        try:
            for case in cases:
                bar.update(task, description=str(case), refresh=True)
                with forced(backend):
                    found.append(compare(case, seconds=seconds))
                bar.advance(task)
        except KeyboardInterrupt:
            pass
    return found


def machine(threads: int, backend: str) -> dict[str, str]:
    """What the ratios depend on."""
    import torch

    from recurra.cli.commands.doctor import processor, usable_cores
    from recurra.kernels import describe_kernels

    return {
        mark("processor"): _(
            "{processor}, {usable} cores for this process", processor=processor()[0], usable=usable_cores()
        ),
        "torch": f"{torch.__version__}, {torch.backends.cpu.get_cpu_capability()}",
        mark("threads"): f"{threads}",
        mark("load"): _("{load}; other work on this machine changes the ratios", load=_load()),
        mark("backend"): backend,
        **{_("kernel {name}", name=name): words for name, words in describe_kernels().items()},
    }


def _load() -> str:
    """How many processes wanted a core in the last minute."""
    return (
        _("{load:.1f} in the last minute", load=os.getloadavg()[0])
        if hasattr(os, "getloadavg")
        else _("not told by this system")
    )


def write_files(
    rows: Sequence[dict[str, Any]], facts: dict[str, str], *, csv: Path | None, plot: Path | None
) -> list[Path]:
    """The CSV and the picture, where asked for and where there is a row; what was written."""
    if not rows:
        return []
    written = []
    if csv is not None:
        import pandas as pd

        csv.parent.mkdir(parents=True, exist_ok=True)
        csv.write_text(csv_text(pd.DataFrame(rows)), encoding="utf-8", newline="")
        written.append(csv)
    if plot is not None:
        from recurra.bench.heatmap import heatmap_png

        threads = several("{n} thread", "{n} threads", int(facts["threads"]))
        subtitle = _(
            "{threads} · torch {version} · median of the pairs, where the results agree",
            threads=threads,
            version=facts["torch"],
        )
        plot.parent.mkdir(parents=True, exist_ok=True)
        plot.write_bytes(heatmap_png(rows, title="Times as fast as torch.nn", subtitle=subtitle))
        written.append(plot)
    return written


def show(console: Console, found: Sequence[Comparison], facts: dict[str, str], written: Iterable[Path]) -> None:
    """What was measured on, a table of ratios for each dtype and mode, and what was written."""
    from recurra.bench.heatmap import ratio_text
    from recurra.bench.pairs import geometric_mean
    from recurra.data.schema.facts import Fact

    print_facts(console, "Measured on", [Fact(label, value) for label, value in facts.items()])
    for dtype, mode in dict.fromkeys((comparison.case.dtype, comparison.case.mode) for comparison in found):
        part = [each for each in found if (each.case.dtype, each.case.mode) == (dtype, mode)]
        ratios = [each.pairs.ratio for each in part if each.pairs is not None]
        mean = _(", geometric mean {ratios}", ratios=ratio_text(geometric_mean(ratios))) if ratios else ""
        _print_ratios(
            console, _("Times as fast as torch.nn: {mode}, {dtype}{mean}", mode=mode, dtype=dtype, mean=mean), part
        )
    written = list(written)
    if written:
        print_files(console, written)


def _print_ratios(console: Console, title: str, found: Sequence[Comparison]) -> None:
    from rich.table import Table
    from rich.text import Text

    from recurra.bench.heatmap import ratio_text
    from recurra.cli.console import format_cell, print_trimmed

    table = Table(box=None, padding=(0, 1), header_style="dim")
    for name in ("cell", "H", "B", "T", "backend", _("ours, ms"), _("torch, ms"), "ratio", "quartiles"):
        table.add_column(Text(name), justify="left" if name in ("cell", "backend") else "right")
    for comparison in found:
        row = comparison.row()
        sizes = (row["cell"], *(str(row[name]) for name in ("hidden", "batch", "steps")), row["backend"])
        if comparison.pairs is None:
            table.add_row(*map(Text, sizes), Text("n/a"), Text("n/a"), Text("differs", style="bold red"))
            continue
        times = (format_cell(row["ours_ms"]), format_cell(row["torch_ms"]))
        spread = _("{low:.2f} to {high:.2f}", low=row["ratio_low"], high=row["ratio_high"])
        table.add_row(*map(Text, (*sizes, *times)), _coloured(row["ratio"], ratio_text(row["ratio"])), Text(spread))
    console.print(Text(title, style="bold"))
    print_trimmed(console, table)
    console.print()


def _coloured(ratio: float, text: str) -> Any:
    from rich.text import Text

    return Text(
        text, style="bold green" if ratio >= 2 else "green" if ratio > 1.03 else "" if ratio >= 0.97 else "yellow"
    )


def _names(text: str | None, flag: str, known: tuple[str, ...]) -> tuple[str, ...]:
    names = _parts(text)
    for name in names:
        if name not in known:
            raise InputError(
                _(
                    "{flag} has {name!r}, expected some of {known}, such as {flag} {example}",
                    flag=flag,
                    name=name,
                    known=listing(known),
                    example=known[0],
                )
            )
    return names


def _numbers(text: str | None, flag: str) -> tuple[int, ...]:
    parts = _parts(text)
    for part in parts:
        if not part.isascii() or not part.isdigit() or int(part) < 1:
            raise InputError(
                _("{flag} has {part!r}, expected whole numbers from 1, such as {flag} 32,128", flag=flag, part=part)
            )
    return tuple(map(int, parts))


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in (text or "").replace(" ", "").lower().split(",") if part))
