"""What a panel is: one part of a page, which holds its own data and knows how to show it.

A panel is a frozen dataclass. Its fields are what it needs, by the names under which a report holds its data; those
without a default are required. It knows nothing of tasks and networks: any task may choose it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, ClassVar, Self

from recurra.report.blocks import Drawing, Section
from recurra.report.frames import check_columns


class Panel(ABC):
    """A part of a page: `section` for the page, `drawing` for the picture; None where there is nothing to show.

    `title` is marked for translation; `COLUMNS` are the columns that a frame among the fields must have if it has rows.
    """

    title: ClassVar[str] = ""
    COLUMNS: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __post_init__(self) -> None:
        for name, columns in self.COLUMNS.items():
            check_columns(name, getattr(self, name), columns)
        self.check()

    def check(self) -> None:
        """Raise InputError for fields that do not belong together."""
        return

    @abstractmethod
    def section(self) -> Section | None:
        """What the page shows."""

    def drawing(self) -> Drawing | None:
        """What the picture shows."""
        return None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self | None:
        """The panel of a report's data; None where something that it needs is not there.

        A value of `data` that was put off is made here.
        """
        given = {}
        for each in fields(cls):  # pyright: ignore[reportArgumentType]  # every panel is a dataclass
            if each.name in data:
                value = data[each.name]
                given[each.name] = value.made() if isinstance(value, Deferred) else value
            elif each.default is MISSING and each.default_factory is MISSING:
                return None
        return cls(**given)


class Deferred:
    """A value that is made when a panel first asks for it, so that its failure costs that panel alone."""

    def __init__(self, make: Any) -> None:
        self._make, self._value, self._error = make, None, None

    def made(self) -> Any:
        """The value; it is made once, and an error is raised again each time."""
        if self._make is not None:
            make, self._make = self._make, None
            try:
                self._value = make()
            except Exception as error:  # noqa: BLE001  # raised again to every panel that asks
                self._error = error
        if self._error is not None:
            raise self._error
        return self._value

    def part(self, name: str) -> Deferred:
        """One item of a mapping that is made later."""
        return Deferred(lambda: self.made()[name])
