"""A folder of C: the source, a Makefile, and a program that compares it with numbers computed here."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from recurra.deploy.c_source.source import RESERVED, constants, source_of
from recurra.deploy.graph.cells import expanded
from recurra.deploy.graph.layers import graph_of
from recurra.deploy.graph.nodes import Graph, Recurrence
from recurra.errors import InputError
from recurra.files import whole_file
from recurra.language import _

STEPS = 32  # of the test vectors
TOLERANCE = 1e-5  # relative to the number or 1
OURS = "# Written by recurra.deploy.export_c."


def export_c(
    network: nn.Module, directory: str | Path, *, name: str = "model", head: nn.Linear | None = None
) -> list[Path]:
    """Write a causal layer or `Stack`, and a linear head behind it, as C99 without dependencies; gives the files.

    NAME.h, NAME.c, NAME_weights.h   the step: state in, state out, float32, nothing allocated
    NAME_test.c, Makefile            `make check` compares 32 steps with vectors, `make time` measures one

    Weights of any dtype are computed with in float32. The vectors come from the network in float64, and the test allows
    1e-5, or 20 times what float32 itself loses where the network magnifies roundings. Raises InputError for a name that
    is no prefix in C, a folder with a Makefile of another's, a layer that needs the whole sequence, a cell without an
    export, and weights that are not finite.

    >>> import tempfile
    >>> import recurra as rc
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in export_c(rc.nn.GRU(3, 5), folder, name="gru")]
    ['gru.h', 'gru.c', 'gru_weights.h', 'gru_test.c', 'Makefile']
    """
    graph = graph_of(network, head)
    inputs = np.random.default_rng(0).standard_normal((STEPS, graph.inputs[0].width)).astype(np.float32)
    exact, remark = _outputs(network, head, inputs, torch.float64)
    single, _ = _outputs(network, head, inputs, torch.float32)
    rounding = np.abs(single - exact).max() / max(1.0, np.abs(exact).max())
    return write_c(graph, directory, name, remark, inputs, exact, max(TOLERANCE, 20 * float(rounding)))


def _outputs(
    network: nn.Module, head: nn.Linear | None, inputs: np.ndarray, dtype: torch.dtype
) -> tuple[np.ndarray, str]:
    """What a copy of the network in `dtype` gives step by step, and what it is in words."""
    made: Any = copy.deepcopy(network).to("cpu", dtype)
    stream = made.stream(head=None if head is None else copy.deepcopy(head).to("cpu", dtype))
    return np.stack([stream.step(x) for x in inputs]), repr(stream)


def write_c(
    graph: Graph,
    directory: str | Path,
    name: str,
    remark: str,
    inputs: np.ndarray,
    outputs: np.ndarray,
    tolerance: float = TOLERANCE,
) -> list[Path]:
    """Write a graph of one input and output, with test vectors [steps, .] for both, which may differ by `tolerance`."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in RESERVED:
        raise InputError(
            _("name is {name!r}: expected a word that names can begin with in C, such as 'model'", name=name)
        )
    if any(isinstance(node, Recurrence) and node.call.recurrence.reverse for node in graph.nodes):
        raise InputError(
            _("the network is bidirectional: expected one direction, as a step knows nothing of what comes")
        )
    source = source_of(expanded(graph), name, remark.replace("*/", ""))
    inputs, outputs = (np.ascontiguousarray(each, np.float32) for each in (inputs, outputs))
    texts = {
        f"{name}.h": source.header,
        f"{name}.c": source.source,
        f"{name}_weights.h": source.weights,
        f"{name}_test.c": _TEST.format(
            name=name, steps=len(inputs), inputs=inputs.shape[1], outputs=outputs.shape[1],
            x=constants(inputs), y=constants(outputs), tolerance=f"{tolerance:.3g}",
        ),
        "Makefile": _MAKEFILE.format(name=name, ours=OURS),
    }  # fmt: skip
    folder = Path(directory)
    makefile = folder / "Makefile"
    if makefile.exists() and not makefile.read_text(encoding="utf-8", errors="replace").startswith(OURS):
        raise InputError(
            _("{path} exists and was not written by an export: give another folder, or an empty one", path=makefile)
        )
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        with whole_file(folder / file) as temporary:
            temporary.write_text(text, encoding="ascii", errors="replace")
    return [folder / file for file in texts]


_MAKEFILE = """\
{ours}
CC ?= cc
CFLAGS ?= -O3 -march=native
STRICT = -std=c99 -Wall -Wextra -pedantic

{name}_test: {name}.c {name}.h {name}_weights.h {name}_test.c
\t$(CC) $(STRICT) $(CFLAGS) -o $@ {name}.c {name}_test.c -lm

# The same numbers as where it was exported?
check: {name}_test
\t./{name}_test

# Microseconds a step.
time: {name}_test
\t./{name}_test 100000

clean:
\trm -f {name}_test

.PHONY: check time clean
"""

_TEST = """\
/* Compares {steps} steps with the numbers of the network that was exported. With an argument: times so many steps. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "{name}.h"

static const float x[{steps} * {inputs}] = {{{x}}};
static const float expected[{steps} * {outputs}] = {{{y}}};

int main(int argc, char **argv)
{{
    static {name}_state state;
    float y[{outputs}];
    double largest = 0.0;
    int t, j;
    if (argc > 1) {{
        const long steps = atol(argv[1]);
        const clock_t begun = clock();
        long k;
        {name}_reset(&state);
        for (k = 0; k < steps; ++k) {name}_step(&state, x + k % {steps} * {inputs}, y);
        printf("%.3f us a step (%g)\\n", 1e6 * (double)(clock() - begun) / CLOCKS_PER_SEC / (double)steps,
               (double)y[0]);
        return 0;
    }}
    {name}_reset(&state);
    for (t = 0; t < {steps}; ++t) {{
        {name}_step(&state, x + t * {inputs}, y);
        for (j = 0; j < {outputs}; ++j) {{
            const double truth = expected[t * {outputs} + j];
            double scale = truth < 0 ? -truth : truth, difference = y[j] - truth;
            scale = scale > 1.0 ? scale : 1.0;
            difference = (difference < 0 ? -difference : difference) / scale;
            if (!(difference <= largest)) largest = difference;
        }}
    }}
    printf("{name}: {steps} steps, largest difference %.2g\\n", largest);
    return largest <= {tolerance} ? 0 : 1;
}}
"""
