"""Which Keras this is: version 3 on torch, or a clear word about what to do."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

from recurra.errors import InputError

BACKEND = "KERAS_BACKEND"
REMEDY = (
    "set the environment variable KERAS_BACKEND=torch before Python starts, or `import recurra.keras` before anything "
    'that imports keras, or write "backend": "torch" into {file}'
)


class KerasError(InputError, ImportError):
    """Keras is not there, or runs on another backend than torch."""


def ensure_torch() -> None:
    """See to it that `import keras` gives Keras 3 on torch; KerasError where it cannot.

    Where nobody has chosen a backend (no KERAS_BACKEND, and a keras.json that is absent or holds Keras' own default,
    tensorflow), torch is chosen for this process.
    """
    file = _home() / "keras.json"
    if "keras" not in sys.modules:
        if importlib.util.find_spec("keras") is None:
            raise KerasError("recurra.keras needs Keras 3, which is not installed: `pip install recurra[keras]`")
        if BACKEND not in os.environ and _configured(file) in (None, "tensorflow"):
            os.environ[BACKEND] = "torch"
        chosen = os.environ.get(BACKEND) or _configured(file)
        if chosen != "torch":  # said before the import, which fails where that backend is not installed
            where = BACKEND if os.environ.get(BACKEND) else file
            raise KerasError(f"Keras' backend is {chosen!r}, by {where}: recurra.keras runs on torch. {_remedy(file)}")
    import keras

    if int(keras.__version__.split(".")[0]) < 3:
        raise KerasError(f"this is Keras {keras.__version__}: expected 3.12 or later, `pip install recurra[keras]`")
    if keras.config.backend() != "torch":
        raise KerasError(
            f"Keras runs on {keras.config.backend()!r} in this process already: recurra.keras runs on torch. "
            f"{_remedy(file)}"
        )


def _remedy(file: Path) -> str:
    text = REMEDY.format(file=file)
    return text[0].upper() + text[1:]


def _home() -> Path:
    """Where Keras keeps its configuration."""
    given = os.environ.get("KERAS_HOME")
    return Path(given) if given else Path.home() / ".keras"


def _configured(file: Path) -> str | None:
    """The backend that keras.json names, or None; a file that cannot be read is Keras' own affair."""
    try:
        return json.loads(file.read_text(encoding="utf-8")).get("backend")
    except (OSError, ValueError, AttributeError):
        return None
