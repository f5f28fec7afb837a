"""`recurra textbook`: a recurrent network computed by hand, number by number, and the article's errors proved."""

from __future__ import annotations

import json
import shutil
from typing import Annotated, Literal

import typer

from recurra.cli.command import Command, Commands
from recurra.cli.flags.options import Debug
from recurra.language import _

EXAMPLES = """
**Examples**

- `recurra textbook walk` — three steps of a network with one unit, forward and backward, every number

- `recurra textbook walk --cell lstm --units 2 --part backward` — where each gradient of an LSTM comes from

- `recurra textbook errata` — what the article has wrong, `recurra textbook errata 4` — the proof of the fourth
"""

app = typer.Typer(
    cls=Commands, no_args_is_help=True, rich_markup_mode="markdown", help="The article's equations, number by number."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
NARROWEST = 60  # columns; a narrower terminal wraps the lines itself


@app.command("walk", cls=Command, epilog=EXAMPLES)
def walk(
    cell: Annotated[Literal["rnn", "lstm", "gru"], typer.Option(help="Recurrent cell.")] = "rnn",
    units: Annotated[int, typer.Option(min=1, max=64, help="Hidden units.")] = 1,
    inputs: Annotated[int, typer.Option(min=1, max=64, help="Input features.")] = 1,
    outputs: Annotated[int, typer.Option(min=1, max=64, help="Output features.")] = 1,
    steps: Annotated[int, typer.Option(min=1, max=100, help="Time steps.")] = 3,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Random seed of the numbers; without it the RNN has fixed ones.")
    ] = None,
    learning_rate: Annotated[float, typer.Option(help="Learning rate of the gradient step at the end.")] = 0.1,
    part: Annotated[
        Literal["given", "forward", "backward", "gradients", "update"] | None,
        typer.Option(help="Show this part only."),
    ] = None,
    step: Annotated[int | None, typer.Option(min=1, help="Show this time step only.")] = None,
    digits: Annotated[int, typer.Option(min=1, max=15, help="Digits after the decimal point.")] = 6,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Print every number of a forward pass, of back-propagation through time, and of one step of gradient descent.

    A line with + is a summand of the quantity above it, a line with = their sum.
    """
    from recurra import textbook

    example = textbook.example(cell, units=units, inputs=inputs, outputs=outputs, steps=steps, seed=seed)
    found = textbook.walk(*example, learning_rate=learning_rate).select(part=part, step=step)
    if as_json:
        typer.echo(json.dumps(found.records(), indent=2))
    else:
        typer.echo(found.text(digits, width=max(shutil.get_terminal_size((100, 24)).columns, NARROWEST)))


@app.command("errata", cls=Command, epilog=EXAMPLES)
def errata(
    number: Annotated[
        int | None, typer.Argument(metavar="N", help="Number of one error, from 1; all unless given.")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Print where the article errs, what is right, and the numbers that prove it, computed here and now."""
    from recurra import textbook

    chosen = list(textbook.errata()) if number is None else [textbook.erratum(number)]
    if as_json:
        typer.echo(json.dumps([erratum.record() for erratum in chosen], indent=2, ensure_ascii=False))
    elif number is None:
        typer.echo(
            _(
                "{errata}\n\nrecurra textbook errata 3 shows the third alone, with all of its numbers.",
                errata=textbook.errata(),
            )
        )
    else:
        typer.echo(str(chosen[0]))
