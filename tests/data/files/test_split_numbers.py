import pytest

from recurra.data import read_table
from recurra.errors import InputError

AMOUNTS = [12_045, 8_310, 9_002, 11_876, 10_450]


def table(tmp_path, header, lines):
    path = tmp_path / "till.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_a_thousands_comma_without_quotes_is_refused_with_its_line_and_the_number(tmp_path):
    path = table(tmp_path, "day,amount,till", [f"2025-03-0{i + 1},{x:,},A" for i, x in enumerate(AMOUNTS)])
    with pytest.raises(InputError, match=r"line 2: 4 fields under a header of 3.*\(12,045\).*in quotes"):
        read_table(path)


def test_every_remedy_of_the_refusal_works(tmp_path):
    quoted = table(tmp_path, "day,amount,till", [f'2025-03-0{i + 1},"{x:,}",A' for i, x in enumerate(AMOUNTS)])
    assert read_table(quoted).frame["amount"].tolist() == AMOUNTS
    plain = table(tmp_path, "day,amount,till", [f"2025-03-0{i + 1},{x},A" for i, x in enumerate(AMOUNTS)])
    assert read_table(plain).frame["amount"].tolist() == AMOUNTS
    named = table(tmp_path, "day,a,b,till", [f"2025-03-0{i + 1},{x:,},A" for i, x in enumerate(AMOUNTS)])
    assert read_table(named).frame["a"].tolist() == [x // 1000 for x in AMOUNTS]


def test_row_names_under_a_short_header_are_read_as_before(tmp_path):
    path = table(tmp_path, "weight,height", [f"{i},{120 + i},{7.5 + i}" for i in range(1, 9)])
    assert list(read_table(path).frame.columns) == ["c1", "weight", "height"]
