"""The later file that a command was given beside a model file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurra.cli.console import stderr, waiting
from recurra.cli.flags.reading import Reading
from recurra.cli.outputs import check_outputs
from recurra.errors import InputError
from recurra.language import _

if TYPE_CHECKING:
    from recurra.tasks.estimator import Estimator, Later


def open_later(
    command: str,
    estimator: Estimator,
    model: Path,
    file: str | None,
    reading: Reading,
    *,
    outputs: Sequence[Path],
    quiet: bool,
) -> Later | None:
    """FILE as the estimator of MODEL reads it; None where there is none and the model keeps its data.

    What could not be written, or would replace an input, is refused before.
    """
    if file is None and not estimator.keeps_data:
        raise InputError(
            _(
                "{model} keeps no data: give the FILE that holds the examples, recurra {command} {model} FILE",
                model=model,
                command=command,
            )
        )
    check_outputs(outputs, inputs=[str(model), *([] if file is None else [file])])
    if file is None:
        return None
    with waiting(stderr(quiet), _("reading {file}", file=Path(file).name)):
        opened = estimator.read_file(file, {**reading.arguments(), **_as_before(estimator, reading)})
    reading.untold[:] = opened.notes
    return estimator.later(opened)


def _as_before(estimator: Estimator, reading: Reading) -> dict[str, Any]:
    """How the cells of the file that the model learnt from were read, where nothing else is said now."""
    return {name: value for name, value in estimator.reading_.items() if getattr(reading, name) is None}
