"""Labels as the cells of a file hold them: several in one cell, and one label that is spelled in several ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

SEPARATORS = (";", "|", ",", "/", "&", "+")
NO_SEPARATOR = "none"  # each cell is one label, whatever it holds
_MOSTLY = 0.8  # of the parts of the cells with a separator that stand elsewhere too: several labels are likely


@dataclass(frozen=True)
class Separated:
    """A sign between the labels of a cell: `certain` where each part is a label of its own in some other cell.

    `cells` is how many rows have the sign, `parts` are the different labels, the commonest first.
    """

    sign: str
    certain: bool
    cells: int
    parts: tuple[str, ...]


def find_separator(labels: pd.Series) -> Separated | None:
    """What stands between several labels of one cell, if that is certain or likely; None where a cell holds one label.

    Certain: every part of every such cell is the whole of another cell. Likely: four fifths of the parts are, or stand
    in another such cell, and the parts are fewer than the cells that they make.

    >>> find_separator(pd.Series(["war", "love,war", "love"])).parts
    ('war', 'love')
    >>> find_separator(pd.Series(["Paris, Texas", "Rome"])) is None
    True
    """
    cells = Counter(cell.strip() for cell in labels if isinstance(cell, str) and cell.strip())
    found = [each for sign in SEPARATORS if (each := _separated(cells, sign)) is not None]
    return max(found, key=lambda each: (each.certain, each.cells), default=None)


def _separated(cells: Mapping[str, int], sign: str) -> Separated | None:
    several = {cell: parts for cell in cells if len(parts := split_label(cell, sign)) > 1}
    if not several or len(several) == len(cells) == 1:
        return None
    alone = {cell for cell in cells if cell not in several}
    others = Counter(part for parts in several.values() for part in set(parts))
    elsewhere = [part in alone or others[part] > 1 for parts in several.values() for part in parts]
    certain = all(part in alone for part in others)
    if not certain and (sum(elsewhere) < _MOSTLY * len(elsewhere) or len({*alone, *others}) >= len(cells)):
        return None
    counts: Counter[str] = Counter()
    for cell, count in cells.items():
        counts.update(dict.fromkeys(set(several.get(cell, [cell])), count))
    rows = sum(cells[cell] for cell in several)
    return Separated(sign, certain, rows, tuple(part for part, _ in counts.most_common()))


def split_label(cell: str, sign: str) -> list[str]:
    """The parts of a cell, without blanks around them and empty ones."""
    return [piece for part in cell.split(sign) if (piece := part.strip())]


def spelled_alike(labels: Iterable[Any]) -> tuple[tuple[str, ...], ...]:
    """Labels that differ in case or in the blanks within them only, each group from the commonest spelling on.

    >>> spelled_alike(["Tech", "tech", "Tech", "art", " Tech"])
    (('Tech', 'tech'),)
    """
    counts = Counter(label.strip() for label in labels if isinstance(label, str) and label.strip())
    groups: dict[str, list[str]] = {}
    for label, _ in counts.most_common():
        groups.setdefault(folded(label), []).append(label)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def folded(label: str) -> str:
    """A label without the difference of case, and with single blanks."""
    return " ".join(label.split()).casefold()


def respelled(labels: pd.Series, spellings: Mapping[str, str]) -> pd.Series:
    """Labels by the spelling chosen for them: `spellings` by what `folded` makes of a label."""
    if not spellings:
        return labels
    return labels.map(lambda label: spellings.get(folded(label), label) if isinstance(label, str) else label)


def trimmed(labels: pd.Series) -> pd.Series:
    """Labels without the blanks around them; what is no text stands as it is."""
    if labels.dtype.kind in "biufM" or not labels.map(lambda label: isinstance(label, str)).any():
        return labels
    return labels.map(lambda label: label.strip() if isinstance(label, str) else label)


def quoted(label: object) -> str:
    """A label for a list of them: in quotes where it is a text, so that they can be read apart.

    >>> quoted("love, space"), quoted(3)
    ("'love, space'", '3')
    """
    return repr(label) if isinstance(label, str) else str(label)
