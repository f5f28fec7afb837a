"""Encodings are found from the bytes alone."""

from __future__ import annotations

import io

import pytest

from recurra.data.files.encoding import Utf8Stream, check_encoding, decode, detect_encoding, is_binary
from recurra.errors import InputError

WESTERN = "année;Größe;Ação\n2001;1,5;São Paulo\n"
CHINESE = "日期,销量,城市\n2024-01-01,5,北京\n"


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (WESTERN, "utf-8", "utf-8"),
        (WESTERN, "utf-8-sig", "utf-8-sig"),
        (WESTERN, "utf-16", "utf-16"),
        (WESTERN, "utf-16-le", "utf-16-le"),
        (CHINESE, "utf-16-be", "utf-16-be"),
        (CHINESE, "utf-32", "utf-32"),
        (WESTERN, "latin-1", "latin-1"),
        ("Preis €\n5\n", "cp1252", "cp1252"),
        (CHINESE, "gb18030", "gb18030"),
        ("t,x\n1,缺失\n", "gb18030", "gb18030"),
        ("t,x\n1,ʃəș\n", "utf-8", "utf-8"),
        ("a,销量\n1,2\n", "gbk", "gb18030"),
        ("t °C,m³\n1,2\n", "latin-1", "latin-1"),
    ],
)
def test_detection(text: str, encoding: str, found: str) -> None:
    data = text.encode(encoding)
    assert detect_encoding(data, whole=True) == found
    assert decode(data, found, whole=True, name="t.csv") == text
    with Utf8Stream(io.BytesIO(data), found, "t.csv") as stream:
        assert stream.read() == text.encode()


def test_a_sample_may_end_inside_a_character() -> None:
    data = "日期".encode()[:-1]
    assert detect_encoding(data, whole=False) == "utf-8"
    assert detect_encoding(data, whole=True) != "utf-8"


def test_a_wrong_encoding_names_the_byte_and_the_line() -> None:
    data = WESTERN.replace("année", "annee").encode("latin-1")
    with pytest.raises(InputError, match=r"t.csv is not in the encoding 'utf-8' \(byte 0xf6, about line 1\)"):
        decode(data, "utf-8", whole=True, name="t.csv")
    with (
        pytest.raises(InputError, match="about line 2"),
        Utf8Stream(io.BytesIO(b"a\n\xff"), "utf-8", "t.csv") as stream,
    ):
        stream.read()


@pytest.mark.parametrize("encoding", ["utf-9", "rot13", "hex", "a\0b"])
def test_an_unknown_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(InputError, match="give one such as utf-8"):
        check_encoding(encoding)


def test_binary() -> None:
    assert is_binary("a\0b")
    assert is_binary("\x01\x02\x03 abc")
    assert not is_binary("a\tb\r\nc\x0b" + "x" * 200)
