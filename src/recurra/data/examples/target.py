"""What a file of examples is searched for: the column of labels, of which a task says what it is called and holds."""

from __future__ import annotations

from dataclasses import dataclass

NAMES = (
    "label labels class classes category categories sentiment intent topic genre emotion polarity gesture tag tags "
    "标签 类别 分类 情感 target y"
)


@dataclass(frozen=True)
class Target:
    """The column of labels.

    word       what it is called, also as an option: "label", "target"
    names      words in the names of such columns, from the surest to the least sure
    meaning    what it is, in the help of its option
    several    whether several columns may be named
    numeric    whether it holds numbers to predict
    per_step   whether every step of a sequence has a label
    classes    whether its values are classes: few different ones, of which a cell may hold several

    >>> Target().names[:2]
    ('label', 'labels')
    """

    word: str = "label"
    names: tuple[str, ...] = tuple(NAMES.split())
    meaning: str = "The class column; or several columns of 0 and 1."
    several: bool = True
    numeric: bool = False
    per_step: bool = False
    classes: bool = True


CLASS = Target()
