"""Where the bytes of a table come from: a plain or compressed file, opened as often as needed, or refused."""

from __future__ import annotations

import bz2
import difflib
import gzip
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from recurra.errors import InputError
from recurra.language import _, listing, mark

_COMPRESSIONS = ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\xfd7zXZ\x00", "xz"), (b"PK\x03\x04", "zip"))
_SUFFIXES = (".gz", ".bz2", ".xz", ".zip")
_TABLES = (".csv", ".tsv", ".tab", ".txt", ".dat", ".psv", ".data")
_BOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_JSON = (".jsonl", ".ndjson", ".json")
_SENTENCES = (".conll", ".conllu", ".iob", ".iob2", ".bio", ".tagged")

# First bytes of files that people hand over by mistake; what each is called in the refusal.
_FOREIGN = (
    (b"\x89PNG", mark("a PNG image")),
    (b"\xff\xd8\xff", mark("a JPEG image")),
    (b"GIF8", mark("a GIF image")),
    (b"%PDF", mark("a PDF document")),
    (b"ARROW1", mark("an Arrow/Feather file; save it as Parquet or CSV")),
    (b"FEA1", mark("a Feather file; save it as Parquet or CSV")),
    (b"ORC", mark("an ORC file; save it as Parquet or CSV")),
    (b"\x89HDF", mark("an HDF5 file; save the table as Parquet or CSV")),
    (b"SQLite format 3", mark("an SQLite database; export the table as CSV")),
    (b"\x93NUMPY", mark("a NumPy array; save it as CSV")),
    (b"\x7fELF", mark("a program")),
    (b"MZ\x90", mark("a program")),
    (b"7z\xbc\xaf", mark("a 7z archive; unpack it first")),
    (b"Rar!", mark("a RAR archive; unpack it first")),
    (b"\x28\xb5\x2f\xfd", mark("a zstd archive; unpack it first")),
    (b"PK\x05\x06", mark("an empty zip archive")),
)


@dataclass(frozen=True)
class Source:
    """A readable file: its path, compression, member of a zip archive, the bytes it will give (None: unknown)."""

    path: Path
    compression: str | None = None
    member: str | None = None
    size: int | None = None

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.path.name

    def open(self) -> BinaryIO:
        """The decompressed bytes from the beginning."""
        if self.compression == "gzip":
            return cast(BinaryIO, gzip.open(self.path))
        if self.compression == "bz2":
            return cast(BinaryIO, bz2.open(self.path))
        if self.compression == "xz":
            return cast(BinaryIO, lzma.open(self.path))
        if self.compression == "zip" and self.member is not None:
            with zipfile.ZipFile(self.path) as archive:
                return cast(BinaryIO, archive.open(self.member))
        return self.path.open("rb")


def open_source(path: Path, *, json: bool = False) -> Source:
    """The source at `path`; compression is known by the first bytes, never by the suffix. `json` lets JSON pass.

    Errors: InputError where there is no such file, or it is a directory, unreadable, empty, or holds no table.
    """
    head = first_bytes(path)
    compression = next((name for magic, name in _COMPRESSIONS if head.startswith(magic)), None)
    if compression is None:
        if not (json and is_json(head)):
            refuse_foreign(head, path.name)
        return Source(path, size=path.stat().st_size)
    if compression == "zip":
        member, size = _member(path)
        return Source(path, compression, member, size)
    return Source(path, compression)


def is_json(head: bytes) -> bool:
    """Whether the first bytes of a file are those of JSON: an object or an array."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200]
    return start.startswith((b'{"', b"{\n", b"{\r", b'{ "', b"[{", b"[[", b"[\n", b"[\r", b"[ {"))


def refuse_foreign(head: bytes, name: str) -> None:
    """Raise InputError where the first bytes are those of a well-known file that is not a table."""
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise InputError(_("{name} is {what}: expected a CSV or Parquet table", name=name, what=_(what)))
    if head[8:10] == b'{"' and len(head) > 16 and int.from_bytes(head[:8], "little") < 1 << 32:
        raise InputError(
            _(
                "{name} is a safetensors file, probably a model: expected a CSV or Parquet table. A "
                "model of any task is used with `recurra predict MODEL FILE`, `recurra evaluate MODEL "
                "FILE` or `recurra inspect MODEL FILE`",
                name=name,
            )
        )
    if head[257:262] == b"ustar":
        raise InputError(_("{name} is a tar archive: unpack it and give the CSV or Parquet file in it", name=name))
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<svg")):
        raise InputError(
            _(
                "{name} is a web page or XML, not a table: expected CSV or Parquet (was the download refused?)",
                name=name,
            )
        )
    if is_json(head):
        raise InputError(
            _(
                "{name} is JSON: save it as CSV or Parquet, for example with pandas.read_json(...).to_csv(...)",
                name=name,
            )
        )


@contextmanager
def refusing_damage(name: str) -> Iterator[None]:
    """Turn what the decompressors and the file system raise while reading `name` into InputError."""
    try:
        yield
    except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile) as error:
        raise InputError(
            _("{name} is compressed, but damaged or cut short ({error}): fetch it again", name=name, error=error)
        ) from error
    except NotImplementedError as error:
        raise InputError(
            _("{name} is packed by a method that cannot be read ({error}): unpack it first", name=name, error=error)
        ) from error
    except OSError as error:
        raise InputError(_("{name} cannot be read: {reason}", name=name, reason=error.strerror or error)) from error


def stem(path: Path) -> str:
    """The name that outputs take: `sales.csv.gz` gives `sales`.

    >>> stem(Path("data/sales.csv.gz"))
    'sales'
    """
    name = path.name
    for suffixes in (_SUFFIXES, (*_TABLES, *_BOOKS, ".parquet", ".pq", *_JSON, *_SENTENCES)):
        base, suffix = os.path.splitext(name)
        if base and suffix.lower() in suffixes:
            name = base
    return name


def first_bytes(path: Path) -> bytes:
    """The first bytes of the file at `path`, or InputError where there is none that can be read."""
    if "://" in str(path) or str(path).startswith(("http:/", "https:/", "s3:/")):
        raise InputError(_("{path} is an address: download the file first and give its path", path=path))
    try:
        mode = path.stat().st_mode
        head = b""
        if stat.S_ISREG(mode):
            with path.open("rb") as file:
                head = file.read(1024)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(_("no such file: {path}{nearest}", path=path, nearest=_nearest(path))) from error
    except PermissionError as error:
        raise InputError(
            _("{path} may not be read by this user: change its permissions (chmod u+r)", path=path)
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(_("{path} cannot be read: {error}", path=path, error=error)) from error
    if stat.S_ISDIR(mode):
        raise InputError(
            _(
                "{path} is a directory{hint}: give one CSV, Parquet or Excel file",
                path=path,
                hint=_tables_in(path),
            )
        )
    if not stat.S_ISREG(mode):
        raise InputError(_("{path} is not a regular file: save the data to a file and give its path", path=path))
    if not head:
        raise InputError(_("{path} is empty (0 bytes): there is nothing to read in it", path=path))
    return head


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return _(" (there is no directory {parent})", parent=path.parent)
    names = [entry.name for entry in path.parent.iterdir() if not entry.name.startswith(".")]
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    if close:
        return _(": did you mean {close}?", close=_(" or ").join(map(repr, close)))
    tables = [name for name in sorted(names) if name.lower().endswith((*_TABLES, *_BOOKS, ".parquet", *_SUFFIXES))]
    return (
        _(". Tables there: {tables}", tables=listing(tables[:8]))
        if tables
        else _(" (no table in {parent})", parent=path.parent.resolve())
    )


def _tables_in(path: Path) -> str:
    names = sorted(
        entry.name for entry in path.iterdir() if entry.name.lower().endswith((*_TABLES, *_BOOKS, ".parquet"))
    )
    return (
        _(" with {names}{n_names}", names=listing(names[:8]), n_names=", ..." if len(names) > 8 else "")
        if names
        else ""
    )


def _member(path: Path) -> tuple[str, int]:
    """The one table of a zip archive, and its size in bytes."""
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX")]
    names = [m.filename for m in members]
    tables = [m for m in members if m.filename.lower().endswith(_TABLES)]
    if len(tables) != 1 and len(members) == 1:
        tables = members
    if len(tables) != 1:
        held = listing(names[:8]) or "nothing"
        raise InputError(
            _(
                "{path} is a zip archive with {n_tables} CSV files ({held}): unpack it and give one of them",
                path=path.name,
                n_tables=len(tables),
                held=held,
            )
        )
    if tables[0].flag_bits & 1:
        raise InputError(_("{path} is a zip archive with a password: unpack it first", path=path.name))
    return tables[0].filename, tables[0].file_size
