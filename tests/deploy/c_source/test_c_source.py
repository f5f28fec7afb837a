"""Exported C: clean under every warning and sanitizer, the same numbers, nothing but the C library."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from tests.deploy.networks import a_network, drawn
from tests.drawing import examples
from torch import nn

import recurra as rc
from recurra.cells import Cell, Gate, State, register, unregister
from recurra.deploy import export_c
from recurra.deploy.c_source import write_c
from recurra.deploy.c_source.source import number
from recurra.deploy.graph import Builder, cells
from recurra.errors import InputError

CC = shutil.which("gcc") or shutil.which("cc") or ""
STRICT = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O1", "-g"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
needs_compiler = pytest.mark.skipif(not CC, reason="no C compiler here")
pytestmark = pytest.mark.filterwarnings("ignore:dropout option")


def compiled(folder, name, *flags):
    """Whether the test program, so compiled, finds the numbers it expects; what it prints."""
    command = [CC, *STRICT, *flags, "-o", "program", f"{name}.c", f"{name}_test.c", "-lm"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr
    ran = subprocess.run(["./program"], cwd=folder, capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.slow
@needs_compiler
@settings(max_examples=examples(8), deadline=None)
@given(a_network())
def test_any_causal_network_gives_the_same_numbers_clean(tmp_path_factory, network):
    module, head, _ = network
    folder = tmp_path_factory.mktemp("c")
    export_c(module, folder, name="net", head=head)
    code, printed = compiled(folder, "net", *SANITIZE)
    assert code == 0, printed
    assert float(re.findall(r"difference ([-+.e\d]+)", printed)[0]) <= 1e-5


@needs_compiler
def test_the_program_sees_a_wrong_number(tmp_path):
    export_c(drawn(rc.nn.GRU(3, 5)), tmp_path, name="net")
    weights = (tmp_path / "net_weights.h").read_text()
    first = re.findall(r"-?0x1\.[0-9a-f]*p[-+]\d+f", weights)[0]
    (tmp_path / "net_weights.h").write_text(weights.replace(first, "9.0f", 1))
    assert compiled(tmp_path, "net")[0] == 1


@needs_compiler
def test_make_check_and_time(tmp_path):
    export_c(rc.nn.LSTM(2, 3), tmp_path, name="net")
    assert (
        "net: 32 steps"
        in subprocess.run(["make", "-s", "check"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    )
    timed = subprocess.run(["make", "-s", "time"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "us a step" in timed.stdout


@pytest.mark.slow
@needs_compiler
def test_every_operation_of_a_graph(tmp_path):
    """Those that no cell needs, too: functions, tables, parts that are joined, vectors that live long."""
    builder = Builder()
    x = builder.input("x", 6)
    parts = builder.split(x, 2)
    kept = builder.scale(x, np.arange(6), 0.5)
    flow = builder.join([builder.apply(parts[1], "softplus"), builder.apply(parts[0], "log_sigmoid")])
    flow = builder.combine(builder.apply(flow, "exp"), builder.scale(builder.apply(flow, "relu"), 1.0, 1.0), "divide")
    flow = builder.choose(builder.apply(x, "relu"), flow, builder.combine(flow, kept, "maximum"))
    flow = builder.normalise(builder.combine(flow, kept, "subtract"), np.ones(6), np.arange(6), epsilon=1e-5)
    graph = builder.finish(builder.join([flow, parts[0]]))
    inputs = np.random.default_rng(0).normal(size=(32, 6)).astype(np.float32) * 3
    given = torch.from_numpy(inputs).double()
    at = torch.cat([nn.functional.softplus(given[:, 3:]), nn.functional.logsigmoid(given[:, :3])], 1)
    longer = given * torch.arange(6) + 0.5
    at = at.exp() / (at.relu() + 1)
    at = torch.where(given.relu() == 0, at, torch.maximum(at, longer)) - longer
    expected = nn.functional.layer_norm(at, (6,), torch.ones(6).double(), torch.arange(6).double(), 1e-5)
    write_c(graph, tmp_path, "net", "a test", inputs, torch.cat([expected, given[:, :3]], 1).numpy())
    code, printed = compiled(tmp_path, "net", *SANITIZE)
    assert code == 0, printed


@needs_compiler
def test_a_table_is_read_by_an_index_and_one_beyond_reads_the_first_row(tmp_path):
    builder = Builder()
    token = builder.input("token", 1, whole=True)
    table = np.arange(12, dtype=np.float32).reshape(4, 3)
    write_c(builder.finish(builder.lookup(token, table)), tmp_path, "net", "", np.zeros((1, 1)), np.zeros((1, 3)))
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "net.h"\nint main(void) { static net_state s; float y[3]; int32_t k;\n'
        'for (k = -1; k < 5; ++k) { net_step(&s, &k, y); printf("%g ", (double)y[0]); } return 0; }\n'
    )
    subprocess.run([CC, *STRICT, *SANITIZE, "-o", "main", "net.c", "main.c", "-lm"], cwd=tmp_path, check=True)
    assert subprocess.run(["./main"], cwd=tmp_path, capture_output=True, text=True).stdout == "0 0 3 6 9 0 "


@needs_compiler
def test_it_needs_nothing_but_the_c_library_and_keeps_nothing(tmp_path):
    """No allocation and no data of its own: two states do not see each other."""
    export_c(rc.nn.LSTM(3, 8, layer_norm=True), tmp_path, name="net")
    subprocess.run([CC, "-std=c99", "-O2", "-c", "net.c"], cwd=tmp_path, check=True)
    symbols = subprocess.run(["nm", "net.o"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    wanted = {line.split()[-1] for line in symbols.splitlines() if " U " in line}
    assert wanted <= {"sqrtf", "memcpy", "memset", "memmove", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}
    assert not [line for line in symbols.splitlines() if line.split()[-2] in "bBdD"]


@needs_compiler
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_weights_of_other_types_are_computed_with_in_float32(tmp_path, dtype):
    torch.manual_seed(0)
    export_c(rc.nn.LSTM(3, 8).to(dtype), tmp_path, name="net", head=nn.Linear(8, 2).to(dtype))
    code, printed = compiled(tmp_path, "net")
    assert code == 0, printed
    assert float(re.findall(r"difference ([-+.e\d]+)", printed)[0]) <= 1e-6


@needs_compiler
def test_a_network_that_magnifies_roundings_passes_its_own_test(tmp_path):
    """Chaotic: after 32 steps float32 is wrong in the third digit, wherever it is computed."""
    torch.manual_seed(0)
    layer = rc.nn.RNN(2, 40)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(9)
    export_c(layer, tmp_path, name="net")
    code, printed = compiled(tmp_path, "net")
    assert code == 0, printed
    assert float(re.findall(r"difference ([-+.e\d]+)", printed)[0]) > 1e-5


def test_a_makefile_of_somebody_elses_stays(tmp_path):
    (tmp_path / "Makefile").write_text("all:\n")
    with pytest.raises(InputError, match="Makefile exists and was not written by an export"):
        export_c(rc.nn.GRU(1, 1), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["Makefile"]
    assert (tmp_path / "Makefile").read_text() == "all:\n"
    for name in ("one", "two"):
        export_c(rc.nn.GRU(1, 1), tmp_path / "ours", name=name)


def test_numbers_are_written_exactly():
    values = np.array([0.1, -3.25, 1e-45, 3.4e38, 0.0, 2.0**-126], np.float32)
    for value in values:
        text = number(float(value))
        assert text.endswith("f")
        assert np.float32(float.fromhex(text[:-1]) if "x" in text else float(text[:-1])) == value


@pytest.mark.parametrize(("network", "message"), [
    (lambda: rc.nn.LSTM(3, 5, bidirectional=True), "bidirectional"),
    (lambda: nn.LSTM(3, 5), "of type LSTM: expected a recurrent layer of Recurra"),
    (lambda: rc.nn.RNN(3, 5, nonlinearity=torch.sin), "with a function of its own, cannot be exported"),
    (lambda: rc.nn.GRU(3, 5, regularisation=rc.nn.Regularisation(recurrent_dropout=0.5)), "training mode"),
])  # fmt: skip
def test_what_cannot_be_exported_is_refused_with_the_reason(tmp_path, network, message):
    with pytest.raises(InputError, match=message):
        export_c(network(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_names_and_weights_that_cannot_be_are_refused(tmp_path):
    for name in ("", "9a", "float", "a-b", "linear"):
        with pytest.raises(InputError, match="name is"):
            export_c(rc.nn.GRU(1, 1), tmp_path, name=name)
    layer = rc.nn.GRU(1, 1)
    with torch.no_grad():
        next(layer.parameters()).fill_(float("nan"))
    with pytest.raises(InputError, match="not a finite number"):
        export_c(layer, tmp_path)
    with pytest.raises(InputError, match="head is"):
        export_c(rc.nn.GRU(1, 1), tmp_path, head=nn.Linear(2, 1))


@needs_compiler
def test_a_cell_of_ones_own_is_exported_once_its_step_is_written_out(tmp_path, decaying):
    """h_t = h_{t-1} / 2 + W x + b."""
    layer = rc.nn.layer_of("decaying")(3, 4)
    with pytest.raises(InputError, match="the cell 'decaying' cannot be exported"):
        export_c(layer, tmp_path)
    cells.expansion("decaying")(lambda b, call, projected, states: (b.add(b.scale(states[0], 0.5), projected),))
    export_c(layer, tmp_path, name="net")
    code, printed = compiled(tmp_path, "net", *SANITIZE)
    assert code == 0, printed


@pytest.fixture
def decaying():
    @dataclass(frozen=True)
    class Decaying(Cell):
        name = "decaying"
        states = (State("h", "hidden state", memory=True),)
        gates = (Gate("n", "new value", "identity"),)

        def activate(self, projected_input, state, weights, dropout=None):
            return (projected_input,)

        def update(self, gates, state, weights):
            return (state[0] / 2 + gates[0],)

        def parameters(self, hidden, width):
            return {}

    register(Decaying)
    yield
    unregister("decaying")
    cells._EXPANSIONS.pop("decaying", None)
