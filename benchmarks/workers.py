"""Peers that live in another environment: a process that answers one line of JSON for every line that it is sent."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

Answer = dict[str, Any]


class Worker:
    """A running script that calls `serve`. A context manager; the process ends with it."""

    def __init__(
        self, python: str, script: Path, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self._name = " ".join((script.name, *arguments))
        process = subprocess.Popen(
            [python, str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._questions, self._answers = process, process.stdin, process.stdout

    def ask(self, **question: Any) -> Answer:
        """What the script answers. Raises RuntimeError where it has ended instead."""
        line = ""
        with contextlib.suppress(BrokenPipeError):
            self._questions.write(json.dumps(question) + "\n")
            self._questions.flush()
            line = self._answers.readline()
        if not line:
            raise RuntimeError(f"{self._name} ended with status {self._process.wait()}: its own words stand above")
        return json.loads(line)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._questions.close()
        self._answers.close()
        self._process.wait()


def serve(answer: Callable[[Answer], Answer]) -> None:
    """Answer questions until there are no more. What libraries print goes to standard error."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        for line in sys.stdin:
            out.write(json.dumps(answer(json.loads(line))) + "\n")
            out.flush()
