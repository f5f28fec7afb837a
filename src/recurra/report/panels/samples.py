"""What a generator made, to be read beside what is real, and what of it stands word for word in what it learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup, escape

from recurra.formatting import percent
from recurra.language import _, mark
from recurra.report.blocks import Cell, Details, Html, Section, Table, Text
from recurra.report.panels.panel import Panel

OPEN = 1200  # letters of a sample that stand open; the rest is folded


@dataclass(frozen=True)
class Sample:
    """A text and what it is called."""

    name: str
    text: str


@dataclass(frozen=True, eq=False)
class Samples(Panel):
    """samples: what was made; real: what is real, beside it."""

    samples: Sequence[Sample]
    real: Sequence[Sample] = ()

    title: ClassVar[str] = mark("Samples of text")

    def section(self) -> Section | None:
        if not self.samples:
            return None
        blocks = []
        for sample in (*self.samples[:1], *self.real[:1], *self.samples[1:], *self.real[1:]):
            shown, rest = sample.text[:OPEN], sample.text[OPEN:]
            blocks += [Html(Markup("<h3>{}</h3>").format(sample.name)), _written(shown)]
            if rest:
                blocks.append(Details(_("and so on"), [_written(rest)]))
        return Section("samples", _(self.title), blocks, wide=True)


@dataclass(frozen=True)
class Copied:
    """A passage that was made and stands word for word in what was learnt."""

    text: str
    length: int
    before: str  # what stands before it where it was learnt


@dataclass(frozen=True, eq=False)
class Memorised(Panel):
    """copied: the longest passages; copied_share and real_share: of what was made, and of held-out text, that lies in
    passages of `run` symbols of what was learnt."""

    copied: Sequence[Copied]
    copied_share: float
    real_share: float
    run: int
    copies_total: int = 0

    title: ClassVar[str] = mark("Memorised passages")

    def section(self) -> Section | None:
        made, real = self.copied_share, self.real_share
        told = [
            _(
                "Of {total:,} symbols that it wrote, {made} lie in passages of {run} or more that "
                "occur verbatim in the training text; of the held-out text itself {real} do.",
                total=self.copies_total,
                made=percent(made),
                run=self.run,
                real=percent(real) if real == real else "–",
            )
        ]
        if made > max(2 * real, real + 0.05):
            told.append(
                _(
                    "It copies more than the repetitions of the language explain: be careful if the training "
                    "text must not be disclosed."
                )
            )
        else:
            told.append(_("That is no more than the language itself repeats."))
        head = [_("passage"), _("symbols"), _("in the training text, after")]
        rows = [[Cell(each.text), str(each.length), each.before] for each in self.copied]
        table = [Table(head, rows, "hardest", _("The longest passages"), head_cells=False)] if rows else []
        return Section("memorised", _(self.title), [*map(Text, told), *table], wide=True)


def _written(text: str) -> Html:
    lines = Markup("<br>").join(map(escape, text.strip("\n").split("\n")))
    return Html(Markup('<p class="sample">{}</p>').format(lines))
