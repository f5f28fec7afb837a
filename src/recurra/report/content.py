"""What a report says: its head, and the panels that were chosen, in order; nothing here knows of networks or HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recurra.errors import InputError
from recurra.language import _, listing
from recurra.report.blocks import Drawing, Section, Text
from recurra.report.panels import PANELS, Panel


@dataclass(frozen=True, eq=False)
class ReportContent:
    """Everything that the page and the picture of one result show.

    title; about, one line below it, in which `{target}` stands for `target`; created (when).
    verdict: one sentence; better: whether it says that the model beats every baseline (None: nothing was
        compared, or the two are the same within chance).
    panels: names of `recurra.report.panels.PANELS`, or panels of one's own, in the order of the page.
    data: what panels need, by the names of their fields; a panel that lacks something is left out. A value may be a
        `Deferred`, made when a panel asks for it.
    facts: (label, value, option that overrides it), how the data was read. command: what made it. settings, versions:
        name to text. notes: sentences that the reader should know.

    Raises InputError for a panel that is not known.

    Example:
        >>> import pandas as pd
        >>> from recurra.report import panels
        >>> lengths = pd.DataFrame({"words": [3, 5]}, index=["shortest", "longest"])
        >>> content = ReportContent(
        ...     title="Titles of books",
        ...     panels=["methods", panels.Frame("Lengths", lengths)],
        ...     data={"table": pd.DataFrame({"accuracy": [0.8]}, index=["ours"])},
        ... )
        >>> [section.title for section in content.sections()]
        ['Comparison with baselines', 'Lengths']
    """

    title: str
    panels: Sequence[str | Panel] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    target: str = ""
    about: str = ""
    verdict: str = ""
    better: bool | None = None
    created: str = ""
    command: str = ""
    facts: Sequence[tuple[str, str, str]] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        for panel in self.panels:
            if not isinstance(panel, Panel) and panel not in PANELS:
                raise InputError(
                    _(
                        "panels names {panel!r}, which is none: expected some of {panels}",
                        panel=panel,
                        panels=listing(PANELS),
                    )
                )

    def sections(self) -> Iterator[Section]:
        """The sections of the page, in order; a panel that fails is replaced by a sentence."""
        return self.sections_of(*self.panels)

    def sections_of(self, *panels: str | Panel) -> Iterator[Section]:
        """The sections of these panels."""
        for place, chosen in enumerate(panels):
            try:
                panel = self._panel(chosen)
                section = None if panel is None else panel.section()
            except Exception as error:  # noqa: BLE001  # whatever it is, the rest of the page stands
                section = _failed(chosen, place, error)
            if section is not None:
                yield section

    def drawings(self) -> Iterator[Drawing]:
        """What the panels add to the picture, in order; without those that fail, of which the page speaks."""
        for chosen in self.panels:
            try:
                panel = self._panel(chosen)
                drawing = None if panel is None else panel.drawing()
            except Exception:  # noqa: BLE001
                continue
            if drawing is not None:
                yield drawing

    def panel(self, name: str) -> Panel | None:
        """The panel of that name with the data of this report; None where it lacks something. Its errors are raised."""
        return self._panel(name)

    def _panel(self, chosen: str | Panel) -> Panel | None:
        return chosen if isinstance(chosen, Panel) else PANELS[chosen].of(self.data)


def _failed(chosen: str | Panel, place: int, error: Exception) -> Section:
    """A sentence in the place of a panel that could not be made."""
    kind = type(chosen) if isinstance(chosen, Panel) else PANELS[chosen]
    name = _(kind.title) or kind.__name__
    why = " ".join(str(error).split())
    reason = f"{type(error).__name__}: {why}" if why else type(error).__name__
    said = _("“{panel}” could not be shown: {reason}", panel=name, reason=reason)
    return Section(f"failed-{place}", name, [Text(said)])
