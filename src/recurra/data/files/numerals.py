"""One number as people write it: signs, digits of other scripts, groups of digits, and what stands around it.

`read_numeral` is the grammar of a cell; what a whole column of such cells means is decided in `numbers`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from recurra.data.files.units import CURRENCIES, is_mark, is_unit

GROUPS = (",", ".", "'", "\u2019", " ", "\u00a0", "\u202f", "\u2009")  # ’, no-break space, its narrow form, thin space
_MINUS = "\u2212\u2012\u2013\ufe63\uff0d\u207b"  # minus sign, figure dash, en dash, small, full-width, superscript
_BLANKS = "\u00a0\u202f\u2009\u2007\u3000"
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u061c\u2066\u2067\u2068\u2069\ufeff"
_WIDE = {"\uff0e": ".", "\uff0c": ",", "\u060c": ",", "\uff0b": "+", "\uff08": "(", "\uff09": ")", "\uff05": "%"}
_WIDE |= {"\u066a": "%", "\u2019": "'", "\u02bc": "'", "\uff1c": "<", "\uff1e": ">"}
_GLUED = (
    "K",
    "B",
    "T",
)  # thousands, billions and trillions right behind the digits; kelvin, bytes and tesla after a blank
_FIRST = re.compile(r"[.,]?[0-9]")
CURRENCY = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
_HEAD = re.compile(
    rf"(?P<bound><=|>=|[<>\u2264\u2265~\u2248])?(?P<first>{CURRENCY})?(?P<open>\()?(?P<sign>[+-])?"
    rf"(?P<second>{CURRENCY}|%)?(?P<late>[+-])?"
)
_TAIL = re.compile(r"(?P<minus>-)?\s*(?P<suffix>.*?)\s*(?P<close>\))?\s*(?P<outer>[^()]*)")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number: `text` is Python's spelling of it, the rest is what it was written with.

    `way` is "parentheses", "trailing minus" or "bound" where the sign or the number itself was written so; `currency`
    and `suffix` stood beside it; `group` stood between its digits.
    """

    text: str
    way: str = ""
    currency: str = ""
    suffix: str = ""
    group: str = ""


def read_numeral(cell: str, decimal: str, thousands: str | None = None) -> Numeral | None:
    """The number in `cell`, or None; `thousands` is the only sign between groups of digits, None any but `decimal`.

    >>> read_numeral("(1,234.50)", ".")
    Numeral(text='-1234.50', way='parentheses', currency='', suffix='', group=',')
    >>> read_numeral("28,19-", ",").text, read_numeral("6,19,956", ".").text, read_numeral("abc", ".")
    ('-28.19', '619956', None)
    """
    text = _ascii(cell, decimal).strip()
    start = _FIRST.search(text)
    if start is None:
        return None
    found = _body(decimal, thousands).match(text, start.start())
    head = _HEAD.fullmatch(text[: start.start()].replace(" ", ""))
    if head is None or found is None or not found[0]:
        return None
    tail = _tail(text[found.end() :], opened=head["open"] is not None)
    if tail is None:
        return None
    minus, suffix = tail
    signs = [sign for sign in (head["sign"], head["late"], minus) if sign]
    if len(signs) > 1 or (head["open"] and signs) or (head["first"] and head["second"]):
        return None
    before = head["first"] or head["second"] or ""
    if before == "%":
        before, suffix = "", suffix or before
    currency, suffix = _currency(before, suffix)
    if currency is None or (suffix and not (is_unit(suffix) or is_mark(suffix))):
        return None
    negative = head["open"] is not None or "-" in signs
    way = "parentheses" if head["open"] else "trailing minus" if minus else "bound" if head["bound"] else ""
    if head["bound"] and (head["open"] or minus):
        return None
    if suffix in _GLUED and text[found.end()] == " ":
        suffix = f" {suffix}"
    whole, fraction = found["whole"] or "", found["fraction"] or ""
    group = found["group"] or ("," if found["indian"] else "")
    number = re.sub(r"[^0-9]", "", whole) + fraction.replace(decimal, ".") + (found["power"] or "")
    return Numeral(("-" if negative else "") + number, way, currency, suffix, group)


def ascii_digits(text: str) -> str:
    """The text with the digits, minus signs and full-width signs of other scripts in ASCII; Arabic separators stay.

    >>> ascii_digits("−١٢٫٥")
    '-12٫5'
    """
    return text if text.isascii() else "".join(c if c in "\u066b\u066c" else _letter(c, ".") for c in text)


def _ascii(cell: str, decimal: str) -> str:
    """The cell in ASCII digits, signs and blanks; it may keep letters and signs of currencies."""
    if cell.isascii():
        return cell
    return "".join(_letter(letter, decimal) for letter in cell)


@lru_cache(maxsize=4096)
def _letter(letter: str, decimal: str) -> str:
    if letter in _MINUS:
        return "-"
    if letter in _BLANKS:
        return " "
    if letter in _INVISIBLE:
        return ""
    if letter == "\u066b":  # the Arabic decimal sign, and the Arabic thousands sign
        return decimal
    if letter == "\u066c":
        return "," if decimal == "." else "."
    if letter in _WIDE:
        return _WIDE[letter]
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter


@lru_cache(maxsize=64)
def _body(decimal: str, thousands: str | None) -> re.Pattern[str]:
    d = re.escape(decimal)
    between = [sign for sign in ",.' " if sign != decimal] if thousands is None else list(_ascii(thousands, decimal))
    grouped = ""
    if between:
        signs = "".join(re.escape(sign) for sign in between)
        grouped = rf"[1-9][0-9]{{0,2}}(?P<group>[{signs}])[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*(?![0-9])|"
    indian = r"(?P<indian>[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3})(?![0-9])|" if "," in between else r"(?P<indian>(?!))|"
    grouped = grouped or r"(?P<group>(?!))|"
    return re.compile(
        rf"(?P<whole>{indian}{grouped}[0-9]+)?(?P<fraction>{d}[0-9]*)?(?P<power>[eE][+-]?[0-9]+(?![0-9A-Za-z]))?"
    )


def _tail(text: str, *, opened: bool) -> tuple[str, str] | None:
    """A trailing minus and what follows the number, or None where a parenthesis is not matched."""
    found = _TAIL.fullmatch(text)
    if found is None:
        return None
    if not opened:
        minus = "-" if text.startswith("-") else ""
        return minus, text.removeprefix("-").strip()
    if not found["close"] or (found["suffix"] and found["outer"]):
        return None
    return found["minus"] or "", (found["suffix"] or found["outer"]).strip()


def _currency(before: str, suffix: str) -> tuple[str | None, str]:
    """The sign of a currency before or behind a number, None for two of them, and the rest of what is behind it."""
    behind = next((sign for sign in (suffix, suffix.rstrip(".")) if sign in CURRENCIES), None)
    if behind is None:
        return before, suffix
    return (None, "") if before else (behind, "")
