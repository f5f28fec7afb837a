"""Ten thousand calls of recurrent layers, right and wrong, on the engine under sanitizers: python -m tests.fuzz

Builds the engine with AddressSanitizer and UBSan into build/sanitized, then makes the calls once for every instruction
set that the machine has, and once with AMX tiles in memory, which the sanitizers can see into. A fault of memory,
undefined behaviour, or a result other than torch's or the reference's ends it with an error. GCC and Linux; `--engine
FILE` takes an engine that is built already, `--first` and `--calls` say which calls.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path
from random import Random

from tests.emulated import ISA, MODULE, load

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "sanitized"
SANITIZE = "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g1"


def build() -> list[Path]:
    """The engine and the one with tiles in memory, with sanitizers; compiled where older than their sources."""
    settings = [
        "-DSKBUILD_PROJECT_NAME=recurra", "-DSKBUILD_PROJECT_VERSION=0", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
        "-DEMULATE_AMX=ON",
    ]  # fmt: skip
    environment = os.environ | {"CXXFLAGS": SANITIZE, "CXX": "g++"}
    command = ["cmake", "-S", str(ROOT), "-B", str(BUILD), f"-DPython_EXECUTABLE={sys.executable}", *settings]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", str(BUILD), "--parallel"], check=True)
    name = f"_engine{sysconfig.get_config_var('EXT_SUFFIX')}"
    return [path for path in (BUILD / name, BUILD / "emulated" / name) if path.exists()]


def sanitized(engine: Path, arguments: list[str], isa: str | None = None) -> subprocess.CompletedProcess[str]:
    """This program once more, with the libraries of the sanitizers before all others."""
    found = [
        subprocess.run(["g++", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout.strip()
        for name in ("libasan.so", "libubsan.so", "libstdc++.so.6")
    ]
    environment = os.environ | {
        "LD_PRELOAD": " ".join(found), "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1", "OMP_NUM_THREADS": "2",
    }  # fmt: skip
    if isa:
        environment["RECURRA_ISA"] = isa
    command = [sys.executable, "-m", "tests.fuzz", "--inside", "--engine", str(engine), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)


def inside(first: int, number: int) -> int:
    """The calls themselves; how many of them went wrong."""
    from tests.fuzz.calls import draw
    from tests.fuzz.verdict import BAD, verdict_of

    from recurra.kernels import calls as runs
    from recurra.kernels import chooser

    assert chooser.builds is not None, chooser.NO_ENGINE
    print(chooser.builds.describe())
    verdicts: Counter[str] = Counter()
    begin = time.perf_counter()
    for seed in range(first, first + number):
        call = draw(Random(seed))
        verdict, why = verdict_of(call, seed)
        verdicts[verdict] += 1
        if verdict in BAD:
            print(f"{verdict}, call {seed}: {call} {why}")
    took = time.perf_counter() - begin
    print(f"{number} calls in {took:.0f} s: {dict(verdicts)}; the engine ran {runs()['cpu']} times")
    return sum(verdicts[verdict] for verdict in BAD)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first call")
    parser.add_argument("--engine", type=Path)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        load(options.engine)
        if options.calls == 0:
            print(" ".join(sys.modules[MODULE].supported_builds()))
            return 0
        return min(1, inside(options.first, options.calls))
    failed = []
    for engine in [options.engine] if options.engine else build():
        found = sanitized(engine, ["--calls", "0"]).stdout.split()
        emulated = engine.parent.name == "emulated"
        for isa in [isa for isa in found if isa == ISA] if emulated else found:
            name = f"{isa}, tiles in memory" if emulated else isa
            run = sanitized(engine, ["--calls", str(options.calls), "--first", str(options.first)], isa)
            print(f"{name}: {run.stdout}", end="", flush=True)
            if run.returncode:
                failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "no fault")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
