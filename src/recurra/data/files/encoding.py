"""Which character encoding a file has: byte order mark, UTF-8, UTF-16, GB18030, and Latin-1 as the last resort."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from recurra.data.files.piecewise import PiecewiseStream
from recurra.errors import InputError
from recurra.language import _
from recurra.options import option

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


def detect_encoding(data: bytes, *, whole: bool) -> str:
    """The Python codec that reads `data`; `whole` is false where the bytes may end inside a character.

    >>> detect_encoding("städte".encode("utf-16-le"), whole=True)
    'utf-16-le'
    """
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return codec
    wide = _utf16_without_mark(data)
    if wide and _decodes(data, wide, whole):
        return wide
    if _decodes(data, "utf-8", whole) and not _only_rare_letters(data):
        return "utf-8"
    if _decodes(data, "gb18030", whole) and _looks_chinese(data):
        return "gb18030"
    # Windows' superset puts letters where Latin-1 has control characters; it alone leaves five bytes undefined.
    windows = any(0x80 <= byte < 0xA0 for byte in set(data)) and _decodes(data, "cp1252", whole)
    return "cp1252" if windows else "latin-1"


def check_encoding(encoding: str) -> str:
    """The codec called `encoding`, or InputError."""
    try:
        info = codecs.lookup(encoding)
    except (LookupError, ValueError) as error:
        raise InputError(
            _(
                "encoding {encoding!r} is not known: give one such as utf-8, utf-16, gb18030, "
                "latin-1 or cp1252 with {encoding_option}, or omit it to have it detected",
                encoding=encoding,
                encoding_option=option("encoding"),
            )
        ) from error
    if not getattr(info, "_is_text_encoding", True):
        raise InputError(
            _("encoding {encoding!r} is not an encoding of text: give one such as utf-8 or latin-1", encoding=encoding)
        )
    return encoding


def decode(data: bytes, encoding: str, *, whole: bool, name: str) -> str:
    """The text of `data`, without a byte order mark; InputError names the line of the first byte that does not fit."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data, final=whole).removeprefix("\ufeff")
        text.encode("utf-8")  # some codecs let half characters through
    except UnicodeError as error:
        raise InputError(_undecodable(encoding, error, name, 0, data)) from error
    return text


def is_binary(text: str) -> bool:
    """Whether decoded text is no text at all: a NUL, or more than one control character in a hundred."""
    return "\x00" in text or len(_CONTROL.findall(text)) > 0.01 * len(text)


class Utf8Stream(PiecewiseStream):
    """A stream of bytes in any encoding, given out again as UTF-8 without a byte order mark."""

    def __init__(self, raw: BinaryIO, encoding: str, name: str) -> None:
        super().__init__(raw)
        self._encoding = encoding
        self._name = name
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._first = True
        self._lines = 0

    def _made(self, block: bytes) -> bytes:
        try:
            text = self._decoder.decode(block, final=self._ended)
            made = (text.removeprefix("\ufeff") if self._first else text).encode("utf-8")
        except UnicodeError as error:
            raise InputError(_undecodable(self._encoding, error, self._name, self._lines, block)) from error
        self._first = self._first and not text
        self._lines += block.count(b"\n")
        return made


def _undecodable(encoding: str, error: UnicodeError, name: str, lines: int, data: bytes) -> str:
    """The message; `data` is what was being decoded, after `lines` lines."""
    place = ""
    if isinstance(error, UnicodeDecodeError):
        line = lines + data[: error.start].count(b"\n") + 1
        place = _(" (byte 0x{byte:02x}, about line {line})", byte=error.object[error.start], line=line)
    return _(
        "{name} is not in the encoding {encoding!r}{place}: give the right one with "
        "{encoding_option}, or omit it to have it detected",
        name=name,
        encoding=encoding,
        place=place,
        encoding_option=option("encoding"),
    )


def _decodes(data: bytes, encoding: str, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_mark(data: bytes) -> str | None:
    """Digits, separators and line ends are ASCII, so one byte of two is often zero, always on the same side."""
    even, odd = data[0::2].count(0), data[1::2].count(0)
    if len(data) < 4 or max(even, odd) < 0.1 * len(data):
        return None
    if min(even, odd) > 0.2 * max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _only_rare_letters(data: bytes) -> bool:
    """Whether all that UTF-8 finds beyond ASCII is phonetic letters, and GB18030 finds common Chinese instead.

    A few short Chinese words, 缺失 (missing) among them, are valid UTF-8 by accident.
    """
    beyond = re.sub(rb"[\x00-\x7f]+", b"", data).decode("utf-8", errors="ignore")
    if not beyond or not all("\u0180" <= letter <= "\u02b8" for letter in beyond):
        return False
    return _decodes(data, "gb18030", whole=False) and _looks_chinese(data)


def _looks_chinese(data: bytes) -> bool:
    """Whether the characters beyond ASCII are mostly common Chinese ones, full-width signs, or four-byte codes."""
    characters = re.findall(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]|[\x81-\xfe][\x40-\xfe]", data)
    common = sum(len(c) == 4 or (0xA1 <= c[0] <= 0xD7 and c[1] >= 0xA1) for c in characters)
    return common >= 0.7 * len(characters)
