"""How fields are quoted: double quotes doubled inside, as nearly everywhere; or a backslash, or single quotes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

BLANKS = r"\s+"  # the separator of aligned tables: any run of blanks


@dataclass(frozen=True)
class Quoting:
    """The sign around fields, the sign before one that stands inside a field ("" for a doubled one)."""

    quote: str = '"'
    escape: str = ""

    def reader(self, lines: Iterable[str], separator: str, *, strict: bool = False) -> Any:
        """A reader of the csv module for these fields; a `strict` one refuses text behind a closing quote."""
        sign = " " if separator == BLANKS else separator or "\x00"
        return csv.reader(lines, delimiter=sign, quotechar=self.quote, escapechar=self.escape or None, strict=strict)

    def arrow(self, separator: str) -> dict[str, Any]:
        """The arguments of pyarrow's ParseOptions for these fields."""
        return {
            "delimiter": " " if separator == BLANKS else separator,
            "quote_char": self.quote,
            "escape_char": self.escape or False,
            "newlines_in_values": True,
        }


USUAL = Quoting()


def find_quoting(text: str) -> Quoting:
    r"""How the fields of the table that begins with `text` are quoted.

    A backslash escapes where one stands before a quote inside a field, which no separator follows; single quotes count
    where there are no double ones, and whole fields are between them.

    >>> find_quoting('a,b\n1,"x \\"y\\" z"\n').escape, find_quoting("a;b\n1;'x; y'\n2;'z; w'\n").quote
    ('\\', "'")
    """
    if '"' not in text:
        fields = re.findall(r"(?:^|[,;\t|])'(?:[^'\n]|'')*[,;\t| ](?:[^'\n]|'')*'(?=[,;\t|\r\n]|$)", text, re.MULTILINE)
        return Quoting("'") if len(fields) > 1 else USUAL
    inside = re.search(r'\\"(?![,;\t|\r\n]|$)', text)
    empty = re.sub(r'(^|[,;\t|])""(?=[,;\t|\r\n]|$)', "", text, flags=re.MULTILINE)
    return Quoting(escape="\\") if inside and not re.search(r'(?<!\\)""', empty) else USUAL


def tighten(text: str) -> str:
    """The same table without the blanks between a separator and a quote, where all quotes stand so: `1, "a, b"`.

    >>> tighten('n, s\\n1, "a, b"\\n')
    'n, s\\n1,"a, b"\\n'
    """
    if not re.search(r'[,;|] +"', text) or re.search(r'[,;|]"(?!")', text):
        return text
    return re.sub(r'("(?:[^"]|"")*")|([,;|]) +(?=")', lambda found: found[1] or found[2], text)
