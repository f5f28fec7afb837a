"""How a text table was read, in words, with the flags that would read it differently."""

from __future__ import annotations

from recurra.data.files.dialect import Dialect
from recurra.data.schema.facts import Fact
from recurra.language import _, listing
from recurra.options import option

SPOKEN = {"\t": "tab", " ": "space"}


def dialect_facts(dialect: Dialect) -> list[Fact]:
    """Encoding, separator, decimal sign or sheet, a missing header, words for missing values; none of other formats.

    >>> from recurra.data.files.dialect import Dialect
    >>> dialect_facts(Dialect(separator=";"))[1]
    Fact(label='separator', value=';', flag='separator=')
    """
    if dialect.format == "workbook":
        return [Fact("sheet", dialect.sheet, option("sheet")), *_rest(dialect)]
    if dialect.format != "csv":
        return []
    facts = [
        Fact("encoding", dialect.encoding, option("encoding")),
        Fact("separator", SPOKEN.get(dialect.separator, dialect.separator), option("separator")),
        Fact("decimal sign", dialect.decimal, option("decimal")),
    ]
    return facts + _rest(dialect)


def _rest(dialect: Dialect) -> list[Fact]:
    facts = []
    if not dialect.header:
        facts.append(Fact("first line", _("holds data: the columns are named c1, c2, ..."), option("header")))
    if dialect.missing:
        words = listing(word or _("an empty cell") for word in dialect.missing)
        facts.append(Fact("missing values", words, option("missing")))
    return facts
