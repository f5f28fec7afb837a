"""The engine in C++: `_engine` is compiled from here when Recurra is installed, and `passes` calls it.

Sources may have become newer than what was compiled of them: that is found out here, before a call would go wrong.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from recurra.errors import OutdatedEngineError

_NEEDED = (
    "CELLS", "Call", "FIELDS", "Linear", "Stepper", "backward", "best", "best_rows", "choose_build", "chosen_build",
    "cross_entropy", "forward", "log_sums", "multiply", "supported_builds",
)  # fmt: skip
_TABLE = Path(__file__).with_name("fields.def")  # beside sources; an installed wheel belongs together
_FIELD = re.compile(r"^RECURRA_(?:REAL\(|(?:NUMBER|ARRAY)\([^,]+, )(\w+)", re.MULTILINE)


def check_engine(engine: ModuleType, table: Path = _TABLE) -> None:
    """OutdatedEngineError where the engine was compiled from other sources than those here."""
    lacks = [name for name in _NEEDED if not hasattr(engine, name)]
    if not lacks and table.is_file():
        named = [name for name, *_ in engine.FIELDS]
        wanted = _FIELD.findall(table.read_text(encoding="utf-8"))
        lacks = [name for name in wanted if name not in named] or (["the order of its fields"] * (named != wanted))
    if lacks:
        raise OutdatedEngineError(
            f"the compiled engine {engine.__file__} is not of these sources: it lacks {', '.join(lacks)}. Run the "
            'installation again, such as pip install -e ".[dev]"'
        )


try:
    from recurra.kernels.cpu import _engine
except ImportError:  # none was compiled, or it does not load: whoever imports it is told
    pass
else:
    check_engine(_engine)
