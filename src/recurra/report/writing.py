"""Writing an output of the report whole or not at all, with a refusal that says why it cannot be written."""

from __future__ import annotations

from pathlib import Path

from recurra.errors import InputError
from recurra.files import whole_file
from recurra.language import _
from recurra.options import option


def write_whole(path: str | Path, content: bytes) -> None:
    """Put `content` at `path`; an old file stays as it was until the new one is complete.

    Raises InputError when the folder is missing or cannot be written, or `path` is something other than a file.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "not a regular file"
        raise InputError(
            _(
                "cannot write {path}: it is {kind}; name a file in it, or another folder with {path_option}",
                path=path,
                kind=kind,
                path_option=option("path"),
            )
        )
    if not path.parent.is_dir():
        raise InputError(
            _(
                "cannot write {path}: there is no folder {parent}; create it, or choose one with {path_option}",
                path=path,
                parent=path.parent,
                path_option=option("path"),
            )
        )
    try:
        with whole_file(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            _(
                "cannot write {path}: {reason}; choose another folder with {path_option}",
                path=path,
                reason=reason,
                path_option=option("path"),
            )
        ) from error
