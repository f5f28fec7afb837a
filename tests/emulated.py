"""The tests of kernels and layers on tiles in memory: python -m tests.emulated [pytest's arguments]

`pip install -C cmake.define.EMULATE_AMX=ON -e ".[dev]"` builds a second engine for a processor with AVX-512, whose AMX
build computes in software what the tiles do, to the bit, and holds NaN where nothing may be read. It takes the place of
the installed one here.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULE = "recurra.kernels.cpu._engine"
ISA = "avx512_amx"
ONLY = "RECURRA_TEST_BUILD"
ENGINE = "RECURRA_TEST_ENGINE"  # tells the processes that pytest starts which file it is
SOURCES = ROOT / "src" / "recurra" / "kernels" / "cpu"


def load(engine: Path) -> None:
    """Put an engine in the place of the installed one."""
    spec = importlib.util.spec_from_file_location(MODULE, engine)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)


def newest() -> Path | None:
    """The engine that was built last, where it is not older than its sources."""
    found = sorted((ROOT / "build").glob("*/emulated/_engine*.so"), key=lambda path: path.stat().st_mtime)
    changed = max(path.stat().st_mtime for path in SOURCES.rglob("*") if path.suffix in (".h", ".cpp", ".def"))
    return found[-1] if found and found[-1].stat().st_mtime >= changed else None


def main(arguments: list[str]) -> int:
    import pytest

    engine = newest()
    if engine is None:
        print(
            "No engine with tiles in memory, or one older than its sources: "
            'pip install -C cmake.define.EMULATE_AMX=ON -e ".[dev]"'
        )
        return 2
    load(engine)
    if ISA not in sys.modules[MODULE].supported_builds():
        print("Skipped: tiles in memory need a processor with AVX-512 (F, BW, DQ, VL)")
        return 0
    os.environ[ONLY] = ISA  # and not RECURRA_ISA: a test's child process has the installed engine
    os.environ[ENGINE] = str(engine)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process for each core
    named = any(Path(argument.split("::")[0]).exists() for argument in arguments)
    several = ["-p", "tests.emulated", "--numprocesses", "auto", "--dist", "worksteal"]
    folders = [str(ROOT / "tests" / part) for part in ("kernels", "nn") if not named]
    return pytest.main([*several, *arguments, *folders])


if ENGINE in os.environ and MODULE not in sys.modules:  # in one of those processes
    load(Path(os.environ.pop(ENGINE)))  # their own children have the installed one

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
