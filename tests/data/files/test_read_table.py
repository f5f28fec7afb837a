"""Whatever dialect a table is written in, it comes back the same; whatever cannot be read is refused with a reason."""

from __future__ import annotations

import bz2
import contextlib
import csv
import gzip
import io
import lzma
import math
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.drawing import examples

from recurra.data.files import read_table as reading
from recurra.data.files.read_table import read_table
from recurra.data.files.source import stem
from recurra.errors import InputError

SMALL = "day,units,city\n2024-01-01,5,Rome\n2024-01-02,NA,Paris\n2024-01-03,7,Rome\n"

fuzz = settings(
    max_examples=examples(80),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as large."""
    monkeypatch.setattr(reading, "_LARGE", 1)


def save(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def check_small(frame: pd.DataFrame) -> None:
    assert frame.columns.tolist() == ["day", "units", "city"]
    np.testing.assert_array_equal(frame["units"], [5.0, math.nan, 7.0])
    assert frame["city"].tolist() == ["Rome", "Paris", "Rome"]


# Dialects


@st.composite
def dialects(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])),
        "separator": draw(st.sampled_from([",", ";", "\t", "|"])),
        "decimal": draw(st.sampled_from([".", ","])),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "end": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "missing": draw(st.sampled_from(["", "NA", "n/a", "NaN", "null", "None", "-", "?", ".", "#N/A", "缺失"])),
        "last_end": draw(st.booleans()),
        "header": draw(st.booleans()),
    }


NAMES = ["count", "gaps", "real", "text"]
words = st.text(st.sampled_from("abcxyz 销量北京时间,;|\t\"'\n.-5"), min_size=1, max_size=8)
integers = st.one_of(st.none(), st.integers(-(10**6), 10**6))
floats = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
tables = st.integers(2, 12).flatmap(
    lambda n: st.fixed_dictionaries(
        {
            "count": st.lists(st.integers(-(10**9), 10**9), min_size=n, max_size=n),
            "gaps": st.lists(integers, min_size=n, max_size=n).map(lambda cells: [0, *cells[1:]]),
            "real": st.lists(floats, min_size=n, max_size=n).map(lambda cells: [0.5, *cells[1:]]),
            "text": st.lists(words.map(lambda word: f"w{word}"), min_size=n, max_size=n),
        }
    )
)


def written(table: dict[str, list], dialect: dict[str, Any]) -> bytes:
    out = io.StringIO(newline="")
    # Python's writer leaves a line feed bare where lines end in a carriage return.
    quoting = csv.QUOTE_ALL if dialect["end"] == "\r" else dialect["quoting"]
    writer = csv.writer(out, delimiter=dialect["separator"], quoting=quoting, lineterminator=dialect["end"])
    days = [f"2024-01-{i + 1:02d}" for i in range(len(table["count"]))]
    if dialect["header"]:
        writer.writerow(["day", *NAMES])
    for row in zip(days, *(table[name] for name in NAMES), strict=True):
        writer.writerow(
            [
                dialect["missing"]
                if cell is None
                else repr(cell).replace(".", dialect["decimal"])
                if isinstance(cell, float)
                else cell
                for cell in row
            ]
        )
    text = out.getvalue()
    return (text if dialect["last_end"] else text.removesuffix(dialect["end"])).encode(dialect["encoding"])


@pytest.mark.slow
@fuzz
@given(tables, dialects())
def test_a_table_comes_back_from_any_dialect(tmp_path: Path, table: dict[str, list], dialect: dict[str, Any]) -> None:
    read = read_table(save(tmp_path, written(table, dialect)))
    frame = read.frame
    assert frame.columns.tolist() == (["day", *NAMES] if dialect["header"] else ["c1", "c2", "c3", "c4", "c5"])
    assert frame.iloc[:, 0].tolist() == [f"2024-01-{i + 1:02d}" for i in range(len(frame))]
    assert frame.iloc[:, 1].tolist() == table["count"]
    np.testing.assert_array_equal(frame.iloc[:, 2], np.array(table["gaps"], float))
    np.testing.assert_array_equal(frame.iloc[:, 3], np.array(table["real"], float))
    assert frame.iloc[:, 4].tolist() == table["text"]
    assert read.dialect.separator == dialect["separator"]
    assert read.dialect.header == dialect["header"]
    gaps = None in table["gaps"] or None in table["real"]
    assert read.dialect.missing == ((dialect["missing"],) if gaps else ())


@pytest.mark.slow
@fuzz
@given(tables, dialects())
def test_blocks_give_what_the_whole_gives(tmp_path: Path, table: dict[str, list], dialect: dict[str, Any]) -> None:
    path = save(tmp_path, written(table, dialect))
    whole = read_table(path).frame
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_LARGE", 1)
        blocks = read_table(path).frame
    assert blocks.columns.tolist() == whole.columns.tolist()
    assert blocks.iloc[:, 0].astype(str).tolist() == whole.iloc[:, 0].tolist()
    assert blocks.iloc[:, 1].tolist() == whole.iloc[:, 1].tolist()
    for column in (2, 3):
        values = blocks.iloc[:, column].to_numpy()
        np.testing.assert_array_equal(values, whole.iloc[:, column].to_numpy().astype(values.dtype))
    assert blocks.iloc[:, 4].tolist() == whole.iloc[:, 4].tolist()


@pytest.mark.slow
@fuzz
@given(
    st.one_of(st.binary(max_size=300), st.text(st.sampled_from('0159.,;\t|"\n\r -aé销\0'), max_size=80).map(str.encode))
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = save(tmp_path, data)
    for large in (1 << 25, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reading, "_LARGE", large)
            with contextlib.suppress(InputError):
                frame = read_table(path).frame
                assert len(frame)
                assert frame.columns.is_unique


@pytest.mark.slow
@fuzz
@given(st.data())
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    plain = pd.DataFrame({"a": range(50), "b": ["x"] * 50})
    plain.to_parquet(tmp_path / "t.parquet")
    makers = [(tmp_path / "t.parquet").read_bytes(), gzip.compress(SMALL.encode()), lzma.compress(SMALL.encode())]
    good = bytearray(data.draw(st.sampled_from(makers)))
    for _ in range(data.draw(st.integers(1, 3))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    path = save(tmp_path, bytes(good[: data.draw(st.integers(1, len(good)))]))
    with contextlib.suppress(InputError):
        assert len(read_table(path).frame)


# Compression, names, demonstrations


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), ("", bytes)]
)
def test_compressed(tmp_path: Path, suffix: str, pack: Any) -> None:
    table = read_table(save(tmp_path, pack(SMALL.encode()), f"sales.csv{suffix}"))
    check_small(table.frame)
    assert table.name == "sales"


def test_zip_with_one_table(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "sales.zip", "w") as archive:
        archive.writestr("readme.md", "x")
        archive.writestr("in/sales.csv", SMALL)
    check_small(read_table(tmp_path / "sales.zip").frame)


def test_zip_with_two_tables_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.csv", SMALL)
        archive.writestr("b.csv", SMALL)
    with pytest.raises(InputError, match=r"2 CSV files \(a.csv, b.csv\): unpack it and give one"):
        read_table(tmp_path / "t.zip")


@pytest.mark.parametrize(
    ("name", "rows", "columns", "gaps"),
    [("co2", 2284, 2, 59), ("sunspots", 309, 2, 0), ("macrodata", 203, 13, 0), ("elnino", 732, 2, 0)],
)
def test_demonstrations(name: str, rows: int, columns: int, gaps: int) -> None:
    table = read_table(f"demo:{name}")
    assert table.frame.shape == (rows, columns)
    assert int(table.frame.isna().sum().sum()) == gaps
    assert table.name == name


def test_an_unknown_demonstration_lists_the_known() -> None:
    with pytest.raises(InputError, match=r"no demo:co3: did you mean demo:co2.*Known: demo:co2, demo:sunspots"):
        read_table("demo:co3")


# What the user says


def test_missing_words_count_only_among_numbers_but_the_users_everywhere(tmp_path: Path) -> None:
    path = save(tmp_path, "a,b\n-999,EU\nNA,-999\n1,NA\n")
    table = read_table(path, missing=["-999"])
    np.testing.assert_array_equal(table.frame["a"], [math.nan, math.nan, 1])
    assert table.frame["b"].isna().tolist() == [False, True, False]
    assert table.frame["b"][2] == "NA"
    assert table.dialect.missing == ("-999", "NA")


def test_header_can_be_said(tmp_path: Path) -> None:
    path = save(tmp_path, "5,7\n6,8\n")
    assert read_table(path, header=True).frame.columns.tolist() == ["5", "7"]
    assert read_table(path, header=False).frame.shape == (2, 2)


@pytest.mark.parametrize("large", [False, True])
def test_a_column_can_be_said_to_be_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    monkeypatch.setattr(reading, "_LARGE", 1 if large else 1 << 25)
    path = save(tmp_path, "code,n,note\n007,1,\n 1.0 ,2,1e3\n-,3,inf\n")
    frame = read_table(path, text=["code", "note", "absent"]).frame
    assert frame["code"].tolist() == ["007", " 1.0 ", "-"]
    assert frame["n"].tolist() == [1, 2, 3]
    assert frame["note"].isna().tolist() == [True, False, False]
    assert frame["note"].tolist()[1:] == ["1e3", "inf"]


def test_decimal_can_be_said(tmp_path: Path) -> None:
    path = save(tmp_path, "d\tx\na\t1,234\nb\t2,345\n")
    assert read_table(path).frame["x"].tolist() == [1234, 2345]
    assert "decimal=','" in read_table(path).notes[0]
    assert read_table(path, decimal=",").frame["x"].tolist() == [1.234, 2.345]


def test_a_word_among_numbers_is_said(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i}\n" for i in range(20))
    table = read_table(save(tmp_path, f"t,x\n{rows}20,oops\n"))
    assert table.notes == (
        "column 'x' was read as text: 1 of 21 cells is not a number, 'oops' (line 22); "
        "if that means missing, pass missing='oops'",
    )


# What spreadsheets leave behind


def test_empty_unnamed_columns_and_last_rows_are_left_out_and_said(tmp_path: Path) -> None:
    table = read_table(save(tmp_path, "a;b;;\n1;2;;\n;;;\n;;;\n"))
    assert table.frame.to_dict("list") == {"a": [1.0], "b": [2.0]}
    assert len(table.notes) == 2


def test_quotes_hold_anything(tmp_path: Path) -> None:
    frame = read_table(save(tmp_path, 'id,text\n1,"a, ""b""\r\nc"\n2,d\n')).frame
    assert frame["text"].tolist() == ['a, "b"\r\nc', "d"]


# Refusals


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "nothing but blanks"),
        (b"a,b,c\n", r"has only a header \(a, b, c\) and no data"),
        (b"a,b\n1,2\n3,4,5\n", "line 3: 3 fields where 2 were expected"),
        (b'a,b\n"x\ny",2\n3\n', "line 4: 1 field where 2 were expected"),
        (b'a,b\n1,2\n3,"x\n4,5\n', "line 3: a quote .* is opened and never closed"),
        (b"\x89PNG\r\n\x1a\n0000", "is a PNG image"),
        (b"%PDF-1.4", "is a PDF document"),
        (b"\x40\0\0\0\0\0\0\0" + b'{"a":{"dtype":"F32"}}', "is a safetensors file"),
        (bytes(range(256)) * 4, "is no text"),
        (b"PAR1 and no more", "is a Parquet file, but damaged"),
        (b"PK\x03\x04 and no more", "damaged or cut short"),
        (b"\x1f\x8b and no more", "damaged or cut short"),
        (gzip.compress(os.urandom(5000), mtime=0)[:3000], "damaged or cut short"),
        (gzip.compress(b"\x89PNG\r\n\x1a\n0000", mtime=0), "is a PNG image"),
        (b"<!DOCTYPE html><html></html>", "is a web page"),
        (b'{"a": [1, 2]}', "is JSON"),
    ],
)
def test_refusals(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_table(save(tmp_path, content))


def test_no_such_file_names_the_nearest(tmp_path: Path) -> None:
    save(tmp_path, SMALL, "sales.csv")
    with pytest.raises(InputError, match=r"no such file: .*salse\.csv: did you mean 'sales\.csv'\?"):
        read_table(tmp_path / "salse.csv")
    with pytest.raises(InputError, match="there is no directory"):
        read_table(tmp_path / "no" / "sales.csv")
    with pytest.raises(InputError, match=r"is a directory with sales\.csv: give one CSV"):
        read_table(tmp_path)
    with pytest.raises(InputError, match="is an address"):
        read_table("https://example.org/sales.csv")


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = save(tmp_path, SMALL)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(InputError, match="may not be read by this user"):
        read_table(path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"separator": ";"}, "separator ';' is not used in t.csv"),
        ({"separator": "::"}, "separator '::' cannot be used"),
        ({"encoding": "utf-16"}, "encoding 'utf-16'|is no text"),
        ({"encoding": "ascii"}, r"not in the encoding 'ascii' \(byte 0xc3, about line 2\)"),
        ({"encoding": "utf-9"}, "encoding 'utf-9' is not known"),
        ({"decimal": ";"}, "decimal ';' cannot be used"),
        ({"decimal": ",", "separator": ","}, "separator and decimal are both ','"),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_table(save(tmp_path, "a,b\nRömer,2\n"), **arguments)


# Large files


@pytest.mark.usefixtures("in_blocks")
def test_blocks_choose_narrow_types_that_lose_no_integer(tmp_path: Path) -> None:
    text = "id,time,x,n,epoch,key,note\n" + "".join(
        f"s{i % 3},2024-01-{i % 28 + 1:02d} 00:00:00,{i}.5,{i},{1_700_000_000 + i},{2**60 + i},\n" for i in range(400)
    )
    table = read_table(save(tmp_path, text + "s9,NA,n/a,NA,5,6,late\n"))
    types = table.frame.dtypes.astype(str).to_dict()
    assert types == {
        "id": "category",
        "time": "datetime64[us]",
        "x": "float32",
        "n": "float32",
        "epoch": "int64",
        "key": "int64",
        "note": "category",
    }
    assert table.frame["key"][399] == 2**60 + 399
    assert table.frame["epoch"][399] == 1_700_000_399
    assert table.frame.iloc[400].isna().tolist() == [False, True, True, True, False, False, False]
    assert "float32" in table.notes[0]


@pytest.mark.usefixtures("in_blocks")
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2024-01-01,oops", "line 2002: column 'x' has 'oops', where a number was expected as in the lines before"),
        ("yesterday,1", "line 2002: column 'time' has 'yesterday', where a time such as"),
        ("2024-01-01,1,2", "line 2002: 3 fields where 2 were expected"),
    ],
)
def test_blocks_name_the_line_that_does_not_fit(tmp_path: Path, row: str, message: str) -> None:
    text = "time,x\n" + "2024-01-01,1.5\n" * 2000 + row + "\n"
    with pytest.raises(InputError, match=message):
        read_table(save(tmp_path, text))


@pytest.mark.usefixtures("in_blocks")
def test_blocks_learn_at_the_end_what_the_beginning_did_not_tell(tmp_path: Path) -> None:
    text = "x,big\n" + ",1\n" * 500 + '"1,234",99999999\n7,NA\n'
    frame = read_table(save(tmp_path, text)).frame
    np.testing.assert_array_equal(frame["x"][499:], [math.nan, 1234, 7])
    assert frame["big"][500] == 99999999


def test_arrow_files_keep_their_types(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=3, freq="D", tz="Europe/Rome"),
            "pm2.5": [1.5, math.nan, 2.0],
            "n": pd.array([1, None, 3], dtype="Int64"),
            "flag": [True, False, True],
            "city": pd.Categorical(["a", "b", "a"]),
            "list": [[1], [2], [3]],
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert table.dialect.format == "parquet"
    assert table.frame["time"].tolist() == frame["time"].tolist()
    np.testing.assert_array_equal(table.frame["pm2.5"], frame["pm2.5"])
    np.testing.assert_array_equal(table.frame["n"], [1, math.nan, 3])
    assert table.frame["flag"].tolist() == [1, 0, 1]
    assert table.frame["city"].tolist() == ["a", "b", "a"]
    assert table.notes == ("column 'list' was ignored: it is of type list<element: int64>, which cannot be used",)


@pytest.mark.usefixtures("in_blocks")
def test_large_arrow_files_become_narrow(tmp_path: Path) -> None:
    pd.DataFrame({"x": [0.5, 2.0], "id": [2**40, 1]}).to_parquet(tmp_path / "t.parquet")
    frame = read_table(tmp_path / "t.parquet").frame
    assert frame.dtypes.astype(str).to_dict() == {"x": "float32", "id": "int64"}


# Real files, against another reader


@pytest.mark.filterwarnings("ignore:The 'float_precision' argument:Warning")  # of pandas 3.1, which reads so by itself
def test_real_files_agree_with_pandas(shared_data: Path) -> None:
    paths = sorted((shared_data / "forecasting").glob("*.csv"))
    assert len(paths) >= 10
    for path in paths:
        ours, theirs = read_table(path).frame, pd.read_csv(path, float_precision="round_trip")
        theirs.columns = [name.replace("Unnamed: 0", "c1") for name in theirs.columns]
        assert ours.columns.tolist() == theirs.columns.tolist()
        for name in ours.columns:
            numeric = pd.api.types.is_numeric_dtype(theirs[name])
            assert pd.api.types.is_numeric_dtype(ours[name]) == numeric, (path.name, name)
            if numeric:
                np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-15)
            else:
                assert ours[name].tolist() == theirs[name].tolist()


def test_row_numbers_of_parquet_are_no_column(tmp_path: Path) -> None:
    path = tmp_path / "joined.parquet"
    pd.concat([pd.DataFrame({"x": [1.0, 2.0]}), pd.DataFrame({"x": [3.0]})]).to_parquet(path)
    read = read_table(path)
    assert list(read.frame) == ["x"]
    assert any("row numbers" in note for note in read.notes)


def test_an_index_of_times_without_a_name_is_a_column(tmp_path: Path) -> None:
    path = tmp_path / "daily.parquet"
    pd.DataFrame({"x": [1.0, 2.0]}, index=pd.to_datetime(["2026-01-01", "2026-01-02"])).to_parquet(path)
    assert set(read_table(path).frame) == {"x", "index"}


@pytest.mark.parametrize("name", ["ner.conll", "ner.conllu.gz", "ner.iob", "ner.jsonl.xz", "ner.csv"])
def test_outputs_take_the_name_without_its_suffixes(name: str) -> None:
    assert stem(Path(name)) == "ner"


def test_a_header_shorter_than_rows_that_end_empty_is_doubted(tmp_path):
    file = tmp_path / "short.csv"
    file.write_text("day,hourprice,kind\n" + "".join(f"2024-01-{day:02},{day},a,\n" for day in range(1, 9)), "utf-8")
    table = read_table(file)
    assert list(table.frame) == ["day", "hourprice", "kind"]
    assert any(
        "header names 3 columns" in note and "4 fields" in note and "too far left" in note for note in table.notes
    )
    file.write_text(file.read_text("utf-8").replace("kind\n", "kind,\n"), "utf-8")
    assert not any("too far left" in note for note in read_table(file).notes)
