"""What a whole column of numerals means: units and currencies taken off, multipliers, marks, bounds, parentheses.

What all numbers share says what they are measured in; what only some carry says something of these, and is taken off
with a remark. Where two readings would differ in value, the column is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from recurra.data.files.numerals import Numeral
from recurra.data.files.units import MULTIPLIERS, is_mark, is_share
from recurra.language import _, listing


@dataclass(frozen=True)
class Settled:
    """Plain spellings [n] of the numerals, the unit that was taken off all of them, and what to tell the user."""

    texts: list[str]
    unit: str = ""
    remarks: tuple[str, ...] = ()


def settle(
    numerals: Sequence[Numeral], often: npt.NDArray[np.integer], plain: int, *, plain_zero: bool
) -> Settled | str:
    """What the distinct `numerals` [n], each `often` [n] there, mean beside `plain` plain numbers; or why nothing.

    `plain_zero`: the plain numbers are all zero, so that the unit of the others does not matter to them.
    """
    total = int(often.sum()) + plain
    groups = {n.group for n in numerals if n.group}
    if len(groups) > 1:
        return _("its thousands are separated by {groups}", groups=_listed(groups))
    currencies = {n.currency for n in numerals if n.currency}
    if len(currencies) > 1:
        return _("its numbers are in several currencies: {currencies}", currencies=_listed(currencies))
    remarks: list[str] = []
    unit, texts = "", [n.text for n in numerals]
    if currencies:
        share = _count(often, [bool(n.currency) for n in numerals])
        unit = next(iter(currencies))
        if share < total:
            remarks.append(
                _("taken off: {unit!r} beside {share:,} of {total:,} numbers", unit=unit, share=share, total=total)
            )
            unit = ""
    suffixes = {n.suffix for n in numerals if n.suffix}
    if suffixes:
        beside = [bool(n.suffix) for n in numerals]
        share = _count(often, beside)
        only = next(iter(suffixes))
        if all(suffix in MULTIPLIERS for suffix in suffixes):
            texts = [_times(n) for n in numerals]
            remarks.append(
                _(
                    "multiplied: {share:,} of {total:,} numbers, by {powers}",
                    share=share,
                    total=total,
                    powers=_powers(suffixes),
                )
            )
        elif len(suffixes) == 1 and (share == total or (plain_zero and share == total - plain)) and not _footnote(only):
            unit = f"{unit} {only.strip()}".strip()
        elif all(is_mark(suffix) for suffix in suffixes) and 2 * share <= total:
            example = _example(numerals, beside)
            remarks.append(
                _(
                    "taken off: {suffixes} behind {share:,} of {total:,} numbers, such as {example}",
                    suffixes=_listed(suffixes),
                    share=share,
                    total=total,
                    example=example,
                )
            )
        elif len(suffixes) == 1:
            return _partly(only, share, total)
        else:
            return _("its numbers carry different units or marks: {suffixes}", suffixes=_listed(suffixes))
    refusal = _signs(numerals, often, total, remarks)
    return refusal or Settled(texts, unit, tuple(remarks))


def _signs(numerals: Sequence[Numeral], often: npt.NDArray[np.integer], total: int, remarks: list[str]) -> str | None:
    """Remarks about parentheses, trailing signs and bounds are added; or the reason to refuse them."""
    for way in ("parentheses", "trailing minus", "bound"):
        written = [n.way == way for n in numerals]
        count = _count(often, written)
        if not count:
            continue
        cells = _("{count:,} of {total:,} numbers", count=count, total=total)
        if way == "trailing minus":
            remarks.append(_("read as negative: {cells} with a trailing minus", cells=cells))
        elif way == "parentheses":
            if count == total:
                return _("every number is in parentheses, which mean a negative number beside others only")
            remarks.append(_("read as negative: {cells} in parentheses", cells=cells))
        elif 2 * count > total:
            return _("{cells} are bounds such as '<5', not values", cells=cells)
        else:
            remarks.append(_("read as their bound: {cells} such as '<5'", cells=cells))
    return None


def _footnote(suffix: str) -> bool:
    return is_mark(suffix) and not suffix.isalpha()


def _partly(suffix: str, share: int, total: int) -> str:
    if is_share(suffix):
        return _(
            "{share:,} of its {total:,} numbers are followed by {suffix!r} and the others are not",
            share=share,
            total=total,
            suffix=suffix,
        )
    return _(
        "{suffix!r} follows {share:,} of its {total:,} numbers, and not the others",
        suffix=suffix,
        share=share,
        total=total,
    )


def _times(numeral: Numeral) -> str:
    power = MULTIPLIERS.get(numeral.suffix, 0)
    return format(Decimal(numeral.text).scaleb(power), "f") if power else numeral.text


def _powers(suffixes: set[str]) -> str:
    return listing(f"{10 ** MULTIPLIERS[suffix]:,} ({suffix})" for suffix in sorted(suffixes))


def _count(often: npt.NDArray[np.integer], mask: Sequence[bool]) -> int:
    return int(often[np.array(mask, dtype=bool)].sum())


def _example(numerals: Sequence[Numeral], mask: Sequence[bool]) -> str:
    numeral = numerals[list(mask).index(True)]
    return repr(f"{numeral.text} {numeral.suffix}")


def _listed(words: set[str]) -> str:
    return listing(repr(word) for word in sorted(words)[:6])
