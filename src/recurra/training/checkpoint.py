"""Checkpoints that survive `kill -9`: one safetensors file per training run, replaced as a whole, never a pickle."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from recurra.errors import ModelFileError
from recurra.files import whole_file
from recurra.language import _
from recurra.options import option

_RUN, _AGAIN = "run.json", "again"
_DIGEST = 16  # letters, above which a value says nothing to a reader


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name, and a JSON-able state."""

    tensors: dict[str, Tensor]
    state: dict[str, Any]


class CheckpointFolder:
    """A folder of checkpoints of one task on one data set, recognised by a fingerprint of both.

    Without `resume` an older content is removed. With it, a folder of another fingerprint is refused with
    `ModelFileError`, and a missing one is simply a new start. `again` is what the user may type to go on with it.
    """

    def __init__(self, path: str | Path, fingerprint: dict[str, str], resume: bool = False, *, again: str = "") -> None:
        self.path = Path(path)
        marker = self.path / _RUN
        if resume and marker.is_file():
            found = _read_json(marker)
            differences = [
                text for name in fingerprint for text in _differences(name, found.get(name), fingerprint[name])
            ]
            if differences:
                known = {"path": self.path, "differences": _("; ").join(differences), "resume_option": option("resume")}
                command = found.get(_AGAIN)
                raise ModelFileError(
                    _(
                        "{path} holds an unfinished run that differs from this one: {differences}. Resume it with "
                        "`{command}`, or start again without {resume_option}",
                        command=command,
                        **known,
                    )
                    if command
                    else _(
                        "{path} holds an unfinished run that differs from this one: {differences}. Resume with "
                        "the same file and options, or start again without {resume_option}",
                        **known,
                    )
                )
        else:
            self.clear()
            self.path.mkdir(parents=True)
            with whole_file(marker) as temporary:
                told = {**fingerprint, _AGAIN: again}
                temporary.write_text(json.dumps(told, indent=1, sort_keys=True), encoding="utf-8")

    def clear(self) -> None:
        """Remove the folder and what is in it."""
        if self.path.exists():
            shutil.rmtree(self.path)

    def save(self, name: str, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint `name` as a whole; `OSError` where it cannot be written."""
        tensors = {key: value.detach().cpu().contiguous().clone() for key, value in checkpoint.tensors.items()}
        path = self.path / f"{name}.safetensors"
        try:
            with whole_file(path) as temporary:
                save_file(tensors, temporary, metadata={"state": json.dumps(checkpoint.state)})
        except SafetensorError as error:  # what a full disk becomes in it
            raise OSError(
                _(
                    "cannot write the checkpoint {path}: {error}; make room, then go on with {resume_option}",
                    path=path,
                    error=error,
                    resume_option=option("resume"),
                )
            ) from error

    def load(self, name: str) -> Checkpoint | None:
        """The checkpoint `name`, None where there is none; a damaged one raises `ModelFileError`."""
        path = self.path / f"{name}.safetensors"
        if not path.is_file():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                state = json.loads((file.metadata() or {})["state"])
                return Checkpoint({key: file.get_tensor(key) for key in file.keys()}, state)  # noqa: SIM118
        except (SafetensorError, KeyError, ValueError) as error:
            raise ModelFileError(
                _(
                    "checkpoint {path} is damaged ({error}): start again without {resume_option}",
                    path=path,
                    error=error,
                    resume_option=option("resume"),
                )
            ) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelFileError(
            _(
                "checkpoint {path} is damaged ({error}): start again without {resume_option}",
                path=path,
                error=error,
                resume_option=option("resume"),
            )
        ) from error


def _differences(name: str, before: Any, now: str) -> list[str]:
    """What differs in one entry of a fingerprint, in words: each option with both values, or the entry itself."""
    if before == now:
        return []
    old, new = _options(before), _options(now)
    if old is not None and new is not None:
        return [
            _(
                "{option} was {old}, and is now {new}",
                option=option(key),
                old=_shown(old.get(key)),
                new=_shown(new.get(key)),
            )
            for key in dict.fromkeys([*new, *old])
            if old.get(key) != new.get(key)
        ]
    if not isinstance(before, str) or " " in f"{before}{now}" or len(now) > _DIGEST:
        return [_("the {name} is different", name=_(name))]
    return [_("the {name} was {before}, and is now {now}", name=_(name), before=before, now=now)]


def _options(text: Any) -> dict[str, Any] | None:
    """An entry that holds options as JSON, nested groups of them laid flat; None for any other."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return None
    if not isinstance(found, dict):
        return None
    flat: dict[str, Any] = {}
    for key, value in found.items():
        flat |= value if isinstance(value, dict) else {key: value}
    return flat


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return _("not given") if value is None else json.dumps(value, ensure_ascii=False)
