"""What a panel hands to the page: a section with its blocks, and to the picture: a drawing. All are plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from recurra.report.style import Figure


@dataclass(frozen=True)
class Text:
    """A paragraph below what it explains. With `texts`, one for each choice of the selector."""

    kind: ClassVar[str] = "text"
    text: str = ""
    name: str = ""
    texts: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Plot:
    """A Plotly figure in a place of its own; `label` says what it shows to who cannot see it.

    With `figures`, one for each choice of the selector, None where there is nothing to show. `ranges`: the figure has
    a recent part that it opens on, and buttons to change that.
    """

    kind: ClassVar[str] = "plot"
    name: str
    label: str
    figure: Figure | None = None
    height: int = 380
    figures: Sequence[Figure | None] = ()
    ranges: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its text, a line below it, whether it stands out."""

    text: str
    note: str = ""
    strong: bool = False
    tag: str = ""


@dataclass(frozen=True)
class Table:
    """A table: head, rows, and the style of it (a class in `report.css`). `ours`: the rows that stand out."""

    kind: ClassVar[str] = "table"
    header: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    style: str = "numbers"
    label: str = ""
    ours: Sequence[int] = ()
    head_cells: bool = True  # the first cell of a row names it


@dataclass(frozen=True)
class ChosenTable:
    """A table that changes with the selector: a head and rows for each choice, and how many rows are left out."""

    kind: ClassVar[str] = "chosen-table"
    name: str
    label: str
    tables: Sequence[tuple[Sequence[str], Sequence[Sequence[str]]]]
    notes: Sequence[str]


@dataclass(frozen=True)
class Terms:
    """Words and what they mean."""

    kind: ClassVar[str] = "terms"
    terms: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Details:
    """Blocks that are folded away below a line."""

    kind: ClassVar[str] = "details"
    summary: str
    blocks: Sequence[Any]


@dataclass(frozen=True)
class Html:
    """Markup as it is; whatever comes from a user must be escaped in it already (`markupsafe.Markup.format` does)."""

    kind: ClassVar[str] = "html"
    markup: Markup


@dataclass(frozen=True, eq=False)
class Section:
    """One box of the page. `half`: it may stand beside another; `bare`: without box and heading.

    `choices` are the names among which the selector chooses, if the section changes with it.
    """

    name: str
    title: str
    blocks: Sequence[Any]
    half: bool = False
    wide: bool = False
    bare: bool = False
    choices: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Drawing:
    """What a panel adds to the picture: `draw` fills Matplotlib's axes, with these fonts.

    A `wide` one takes a row; others share a row by `weight`. `left` is the room that its labels need, 0..1.
    """

    draw: Callable[[Axes, list[str]], None]
    wide: bool = False
    weight: float = 1.0
    left: float = 0.075
