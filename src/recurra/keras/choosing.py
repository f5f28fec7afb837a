"""Which Keras this is: version 3 on torch, or a clear word about what to do."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

from recurra.errors import InputError

BACKEND = "KERAS_BACKEND"
OLDEST = (3, 12)


class KerasError(InputError, ImportError):
    """Keras is not there, or runs on another backend than torch."""


def ensure_torch() -> None:
    """See to it that `import keras` gives Keras 3 on torch; KerasError where it cannot.

    Where nobody has chosen a backend (no KERAS_BACKEND, and a keras.json that is absent or holds Keras' own default,
    tensorflow), torch is chosen for this process.
    """
    if "keras" not in sys.modules:
        _choose_torch()
    import keras

    if tuple(int(part) for part in keras.__version__.split(".")[:2]) < OLDEST:
        raise KerasError(f"this is Keras {keras.__version__}: expected 3.12 or later, `pip install recurra[keras]`")
    if keras.config.backend() != "torch":
        raise KerasError(
            f"Keras runs on {keras.config.backend()!r} in this process already, and recurra.keras runs on torch: start "
            f"Python again with {BACKEND}=torch in its environment, or import recurra.keras before keras"
        )


def _choose_torch() -> None:
    """Before the import, because it fails where the backend that is asked for is not installed."""
    if importlib.util.find_spec("keras") is None:
        raise KerasError("recurra.keras needs Keras 3, which is not installed: `pip install recurra[keras]`")
    given = os.environ.get(BACKEND)
    if given:
        if given != "torch":
            raise KerasError(f"{BACKEND} is {given!r}, and recurra.keras runs on torch: set it to torch, or unset it")
        return
    file = _home() / "keras.json"
    configured = _configured(file)
    if configured not in (None, "tensorflow", "torch"):
        raise KerasError(
            f'Keras\' backend is {configured!r}, by {file}, and recurra.keras runs on torch: write "torch" there, or '
            f"set {BACKEND}=torch in the environment"
        )
    os.environ[BACKEND] = "torch"


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
