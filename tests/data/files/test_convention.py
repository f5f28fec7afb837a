"""What points and commas mean in columns whose reading is plain to the eye, or is decided and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from recurra.data.files.convention import find_convention
from recurra.data.files.read_table import read_table


def read(folder: Path, text: str, **given: Any) -> tuple[list, tuple[str, ...]]:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    table = read_table(path, **given)
    return table.frame.iloc[:, -1].tolist(), table.notes


@pytest.mark.parametrize(
    ("cells", "separator", "decimal", "doubt"),
    [
        (["1,5", "2,25"], ";", ",", False),
        (["1.5", "2"], ";", ".", False),
        (["1.234,5", "7"], ";", ",", False),
        (["1,234.5", "7"], ";", ".", False),
        (["1,234", "12,345,678"], ",", ".", False),
        (["1.234.567"], ";", ",", False),
        (["6,19,956", "7,25,207"], ",", ".", False),
        (["٠٫٥", "١٬٢٣٤٫٥"], ",", ".", False),
        (["1,234", "2,345"], ";", ",", True),
        (["1,234", "999"], ";", ".", True),
        (["1,234", "2,345"], "\t", ".", True),
        (["1.234", "999", "870"], ";", ",", True),
        (["1.230", "2", "1"], ",", ",", True),
        (["1.234", "2", "1"], ",", ".", True),
        (["1.055", "2.345"], ",", ".", True),
        (["1.055", "2500"], ",", ".", True),
        (["$1.234", "$ 999", "870"], ";", ",", True),
        (["٢٠.٠٠٠", "١٦٠"], ";", ",", True),
        (["0,125"], "\t", ",", False),
        (["01.2022", "02.2022"], ";", ".", False),
        (["5", "x"], ",", ".", False),
    ],
)
def test_one_column(cells: list[str], separator: str, decimal: str, doubt: bool) -> None:
    found = find_convention(["x"], [pa.array([*cells, "", "NA", "n/a", ""])], separator)
    assert found.of("x")[0] == decimal
    assert bool(found.notes) == doubt


def test_whole_numbers_with_a_thousands_point(tmp_path: Path) -> None:
    text = "Tag;Gäste\n" + "".join(
        f"0{i}.03.2023;{cell}\n" for i, cell in enumerate(["980", "1.020", "1.105", "999"], 1)
    )
    values, notes = read(tmp_path, text)
    assert values == [980, 1020, 1105, 999]
    assert notes == ("'1.020' in column 'Gäste' was read as 1020; if it means 1.020, pass decimal='.'",)
    for flags in ({"decimal": "."}, {"thousands": "none"}):
        assert read(tmp_path, text, **flags) == ([980, 1.02, 1.105, 999], ())
    for flags in ({"decimal": ","}, {"thousands": "."}):
        assert read(tmp_path, text, **flags) == ([980, 1020, 1105, 999], ())


def test_the_other_reading_is_said_too(tmp_path: Path) -> None:
    values, notes = read(tmp_path, "day,rate\n2023-01-01,1.055\n2023-01-02,2.345\n")
    assert values == [1.055, 2.345]
    assert notes == ("'1.055' in column 'rate' was read as 1.055; if it means 1055, pass decimal=',' or thousands='.'",)


def test_another_column_decides(tmp_path: Path) -> None:
    values, notes = read(tmp_path, "price;guests\n0,5;1.055\n1,5;888\n")
    assert (values, notes) == ([1055, 888], ())
    assert read(tmp_path, "price;rate\n0.5;0.055\n1.5;2.345\n") == ([0.055, 2.345], ())


@pytest.mark.parametrize("plain", ["", "980"])
def test_three_decimals_beside_a_column_with_decimals_are_told(plain: str, tmp_path: Path) -> None:
    text = f"price,units\n0.5,25.104\n1.5,31.980\n1.25,{plain or '28.655'}\n"
    values, notes = read(tmp_path, text)
    read_as, else_ = ("25104", "25.104") if plain else ("25.104", "25104")
    flag = "decimal='.'" if plain else "thousands='.'"
    assert values[0] == float(read_as)
    assert notes == (f"'25.104' in column 'units' was read as {read_as}; if it means {else_}, pass {flag}",)
    told: dict[str, Any] = {"decimal": "."} if plain else {"thousands": "."}
    table = read_table(tmp_path / "t.csv", **told)
    assert table.frame["units"].iloc[0] == float(else_)
    assert table.frame["price"].tolist() == [0.5, 1.5, 1.25]  # the flag does not harm the column that decided


def test_a_thousands_sign_that_can_only_be_a_decimal_sign_is_told(tmp_path: Path) -> None:
    _, notes = read(tmp_path, "price,share,units\n0.5,7.25,1.055\n1.5,1.75,2.345\n", thousands=".")
    assert notes == (
        "'.' was read as the decimal sign in columns 'price', 'share', where it cannot separate thousands",
    )


def test_each_column_may_have_its_own(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b;c\n1,5;1.25;1'234\n2,25;3.5;1'000\n", encoding="utf-8")
    frame = read_table(path).frame
    assert frame["a"].tolist() == [1.5, 2.25]
    assert frame["b"].tolist() == [1.25, 3.5]
    assert frame["c"].tolist() == [1234, 1000]


def test_a_number_with_a_power_of_ten_has_no_thousands(tmp_path: Path) -> None:
    values, _ = read(tmp_path, "Tag;Strom\n03.02.2025;1,275E+03\n04.02.2025;9,310E+02\n05.02.2025;1,002E+03\n")
    assert values == [1275.0, 931.0, 1002.0]


def test_a_weekday_and_a_comma_before_the_date_do_not_separate_columns(tmp_path: Path) -> None:
    days = ["Mo, 03.02.2025", "Di, 04.02.2025", "Mi, 05.02.2025", "Do, 06.02.2025"]
    values, _ = read(tmp_path, "Tag;Kasse\n" + "".join(f"{day};{i + 8}.250,40\n" for i, day in enumerate(days)))
    assert values == [8250.4, 9250.4, 10250.4, 11250.4]
