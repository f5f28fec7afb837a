"""`recurra doctor`: what a bug report needs."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from recurra import __version__
from recurra.cli.console import print_facts, stdout
from recurra.cli.flags.options import Debug
from recurra.language import _, language, listing, mark, set_language

EXAMPLES = """
**Examples**

- `recurra doctor` — paste what it prints into a bug report

- `recurra doctor --json` — the same for a program
"""

REQUIRED = ("torch", "numpy", "pandas", "pyarrow", "statsmodels", "scipy", "safetensors")
OPTIONAL = {
    "matplotlib": mark("for pictures: pip install 'recurra[plots]'"),
    "captum": mark("for explanations: pip install 'recurra[explain]'"),
    "tensorboard": mark("for --log: pip install tensorboard"),
    "lightning-fabric": mark("for --devices above 1: pip install lightning-fabric"),
}
INSTRUCTION_SETS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve")


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Debug = False,
) -> None:
    "Show what runs here: versions, processor, threads, devices, recurrent kernels, optional packages."
    with set_language("en" if as_json else language()):  # what a program reads stays English
        findings = {
            "recurra": _ourselves(),
            mark("machine"): _machine(),
            "torch": _torch(),
            mark("recurrent kernels"): _kernels(),
            mark("packages"): {name: _version(name) or _("MISSING") for name in REQUIRED},
            mark("optional packages"): {
                name: _version(name) or _("absent, {why}", why=_(why)) for name, why in OPTIONAL.items()
            },
        }
    if as_json:
        typer.echo(json.dumps(findings, indent=2, ensure_ascii=False))
        return
    from recurra.data.schema.facts import Fact

    console = stdout()
    for title, rows in findings.items():
        print_facts(console, title, [Fact(label, value) for label, value in rows.items()])


def _ourselves() -> dict[str, str]:
    import recurra

    return {
        mark("version"): __version__,
        mark("installed at"): str(Path(recurra.__file__).parent),
        "python": f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}",
        "chromium": shutil.which("chromium") or shutil.which("google-chrome") or _("absent; only the tests need it"),
    }


def _machine() -> dict[str, str]:
    model, flags = processor()
    return {
        mark("system"): platform.platform(),
        mark("processor"): model,
        mark("instruction sets"): " ".join(name for name in INSTRUCTION_SETS if name in flags)
        or _("not told by this system"),
        mark("cores"): _("{cores}, of which {usable} for this process", cores=os.cpu_count(), usable=usable_cores()),
        mark("memory"): memory(),
    }


def _torch() -> dict[str, str]:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a shared library of its own that does not load
        return {"version": _("does not load: {error}", error=error)}
    cuda = [
        f"cuda:{i} {torch.cuda.get_device_name(i)}, {torch.cuda.get_device_properties(i).total_memory / 2**30:.0f} GiB"
        for i in range(torch.cuda.device_count())
    ]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return {
        mark("version"): torch.__version__,
        mark("devices"): listing(["cpu", *cuda, *mps]),
        mark("threads"): _(
            "{within} within an operation, {between} between them",
            within=torch.get_num_threads(),
            between=torch.get_num_interop_threads(),
        ),
        mark("instruction set"): torch.backends.cpu.get_cpu_capability(),
        "oneDNN": _("yes") if torch.backends.mkldnn.is_available() else _("no"),
    }


def _kernels() -> dict[str, str]:
    from recurra.kernels import describe_kernels

    return describe_kernels()


def _version(package: str) -> str | None:
    # asking for the specification first tells an import name that is missing from a leftover of its metadata
    from importlib import metadata  # here: no other command needs it at its start

    if importlib.util.find_spec(package.replace("-", "_")) is None:
        return None
    return metadata.version(package)


def processor() -> tuple[str, frozenset[str]]:
    """The processor's model and its feature flags; no flags where the system does not list them."""
    listing = Path("/proc/cpuinfo")
    if not listing.exists():
        return platform.processor() or platform.machine(), frozenset()
    fields: dict[str, str] = {}
    for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _unused, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    flags = fields.get("flags", fields.get("Features", ""))
    return fields.get("model name", platform.machine()), frozenset(flags.split())


def usable_cores() -> int:
    """Cores that this process may run on, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> str:
    """Physical memory in GiB."""
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return _("not told by this system")
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB"
