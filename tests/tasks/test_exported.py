"""Whole models as ONNX and C: the numbers of the model itself, for every task, rounded weights included."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as rt
import pandas as pd
import pytest
import torch
from tests.tasks.exporting import (
    MODELS,
    causal_classifier,
    checked_c,
    difference,
    onnx_difference,
    opened,
    padded,
    run,
    small_agent,
    small_generator,
    small_recommender,
    small_regressor,
    small_tagger,
    small_transcriber,
    small_translator,
    tiny_pretrained,
)
from tokenizers import Tokenizer
from torch import nn

import recurra as rc
from recurra import InputError
from recurra.data.demo.phrases import make_phrases
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.pretrained import zero_shot_of
from recurra.deploy.onnx_graph.folder import dtype_of
from recurra.deploy.onnx_graph.whole import lengths_names
from recurra.evaluation.forecast.columns import NETWORK, PRETRAINED
from recurra.evaluation.forecast.combination import Combination
from recurra.nn.pretrained import zero_shot
from recurra.tasks.forecast.combining import single

CLOSE = 1e-5
pytestmark = pytest.mark.filterwarnings("ignore:The files")  # what stays behind


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> Any:
    return MODELS[request.param]()


def test_onnx_gives_the_models_numbers(model: Any) -> None:
    found = model.exported()
    assert len(found.cases) >= 2
    assert onnx_difference(found) < CLOSE


def test_rounded_weights_are_those_of_the_rounded_model(model: Any, tmp_path: Path) -> None:
    assert onnx_difference(model.rounded().exported(), int8=True) < CLOSE
    whole = model.exported()
    assert onnx_difference(whole, int8=True) > onnx_difference(whole)
    plain, small = model.export(onnx=tmp_path / "a"), model.export(onnx=tmp_path / "b", int8=True)
    assert small[0].stat().st_size < plain[0].stat().st_size


def test_rows_of_other_lengths_change_nothing(model: Any) -> None:
    found = model.exported()
    lengths = lengths_names(found.whole)
    if len(lengths) != 1:
        pytest.skip("rows have no lengths, or several")
    (name,), counts = lengths.values(), [len(_along(found.whole, case)) for case in found.cases]
    given = {name: np.array(counts)}
    for each in found.whole.inputs:
        rows = [np.asarray(case.inputs[each.name]) for case in found.cases]
        if each.at:
            rows = [np.concatenate([row, np.ones((max(counts) - len(row), *row.shape[1:]), row.dtype)]) for row in rows]
        given[each.name] = np.stack(rows).astype(dtype_of(each))
    said = run(opened(found.whole), given)
    for row, (case, count) in enumerate(zip(found.cases, counts, strict=True)):
        for word, truth in case.outputs.items():
            own = said[word][row]
            assert difference(own[:count] if own.shape != truth.shape else own, truth) < CLOSE


def _along(graph: Any, case: Any) -> Any:
    return next(case.inputs[each.name] for each in graph.inputs if each.at)


@pytest.mark.parametrize("int8", [False, True], ids=["float32", "int8"])
def test_c_gives_the_models_numbers(model: Any, int8: bool, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["model"]
    if name == "zero shot" or (name == "combined" and int8):
        pytest.skip("a C compiler with sanitizers takes half a minute for it; 'combined' has the same operations")
    model.export(c=tmp_path, int8=int8)
    lines = checked_c(tmp_path)
    assert len(lines) == (1 if model.exported().step is None else 2)
    assert all(float(line.rpartition(" ")[2]) < CLOSE for line in lines)


def test_a_changed_weight_is_seen(tmp_path: Path) -> None:
    small_tagger().export(c=tmp_path)
    weights = tmp_path / "model_weights.h"
    text = weights.read_text()
    weights.write_text(re.sub(r"(w1\[\d+\] = \{\s*)\S+,", r"\g<1>0.5f,", text, count=1))
    with pytest.raises(AssertionError, match="largest difference"):
        checked_c(tmp_path)


def test_rows_of_a_batch_do_not_see_each_other() -> None:
    model = MODELS["classes"]()
    found = model.exported()
    name = found.whole.inputs[0].name
    tokens, lengths = padded(list(found.cases), name)
    together = run(opened(found.whole), {name: tokens, "lengths": lengths})
    for row, case in enumerate(found.cases):
        assert difference(together["probability"][row], case.outputs["probability"]) < CLOSE
    assert len(set(lengths.tolist())) > 1


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "mingru", "slstm"])
@pytest.mark.parametrize("both", [False, True], ids=["forward", "both ways"])
def test_every_cell_and_direction(cell: str, both: bool) -> None:
    found = small_tagger(cell, bidirectional=both, layers=2).exported()
    assert onnx_difference(found) < CLOSE
    assert (found.step is None) == both
    assert ("both directions" in found.why_no_step) == both


def test_the_example_needs_nothing_of_ours(tmp_path: Path) -> None:
    files = MODELS["labels"]().export(onnx=tmp_path, name="mine")
    assert [file.name for file in files] == ["mine.onnx", "mine.json", "tokenizer.json", "mine_rows.npz", "example.py"]
    code = f"import runpy, sys; sys.modules['recurra'] = None; runpy.run_path({str(files[-1])!r})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(told.rpartition(" ")[2]) < CLOSE
    sidecar = json.loads(files[1].read_text())
    assert sidecar["labels"] == ["p", "q"]
    assert sidecar["inputs"]["my_text"]["name"] == "my text"


def test_a_text_is_cut_as_the_sidecar_says(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    model = MODELS["classes"]()
    model.export(onnx=tmp_path)
    tokens = np.array([Tokenizer.from_file(str(tmp_path / "tokenizer.json")).encode("good a bad unheard").ids])
    graph = model.exported().whole
    found = run(opened(graph), {graph.inputs[0].name: tokens, "lengths": np.array([4])})
    assert difference(found["probability"], model.predict_proba(["good a bad unheard"])) < CLOSE


def test_of_a_combined_forecast_the_networks_leave_and_it_is_said(tmp_path: Path) -> None:
    model = MODELS["combined"]()
    whole = model.model_
    names = (NETWORK, PRETRAINED, "AutoETS")
    weights = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8], [0.0, 0.0, 1.0]])
    model.model_ = replace(whole, combination=Combination(names, weights, np.linspace(1.4, 0.9, 6)))
    found = model.exported()
    assert "of the trained network and the pretrained network alone" in found.remark
    assert "again from each history: AutoETS" in found.remark
    assert found.sidecar["forecast"] == "of trained network and pretrained network alone"
    assert onnx_difference(found) < CLOSE
    with pytest.warns(UserWarning, match="AutoETS"):
        model.export(onnx=tmp_path)
    assert model.exported(network_alone=True).sidecar["networks"] == {NETWORK: 1.0}


def test_the_trained_network_alone() -> None:
    model = MODELS["forecast"]()
    whole = model.model_
    model.model_ = replace(whole, combination=single("naive", 2))
    with pytest.raises(
        InputError, match=r"no network takes part in the forecast, which is that of naive.*network_alone"
    ):
        model.exported()
    assert onnx_difference(model.exported(network_alone=True)) < CLOSE
    model.model_ = replace(whole, combination=single(NETWORK, 2, np.linspace(1.4, 0.9, 6)))
    assert onnx_difference(model.exported()) < CLOSE
    model.model_ = replace(whole, combination=single("naive", 2), members=())
    with pytest.raises(InputError, match="Train with method='fast' or method='network', or serve"):
        model.exported()


def test_a_pretrained_forecast_is_zero_shot_whatever_is_missing() -> None:
    network, rng, wide = tiny_pretrained(0), np.random.default_rng(0), 64
    builder = Builder()
    given = builder.input("target", wide, at="", double=True)
    flags = builder.apply(given, "known")
    found, there = zero_shot_of(builder, network, builder.apply(given, "zeroed"), flags, None, 21, "p_")
    session = opened(builder.finish(found, there, names=("quantiles", "there")))
    time = np.arange(wide)
    rows = np.stack(
        [
            5 + np.sin(2 * np.pi * time / 7), 1.0 * time, np.full(wide, 3.0), rng.normal(size=wide).cumsum(),
            np.exp(rng.normal(size=wide)), rng.poisson(0.3, wide).astype(float), -1e300 + 1e299 * rng.random(wide),
        ]
    )  # fmt: skip
    rows = np.concatenate([rows, np.where(rng.random(rows.shape) < 0.4, np.nan, rows)])
    cut = rows.copy()
    cut[:, :-11] = np.nan  # shorter than the window
    cut[0, -1] = np.nan
    rows = np.concatenate([rows, cut])
    said = run(session, {"target": rows})
    expected = zero_shot(list(rows), 21, network=network)
    scale = np.maximum(np.abs(expected).max((1, 2)), 1.0)
    assert (np.abs(said["quantiles"].reshape(expected.shape) - expected).max((1, 2)) / scale).max() < CLOSE
    nothing = run(session, {"target": np.full((1, wide), np.nan)})
    assert not nothing["there"].any()
    assert not nothing["quantiles"].any()


def test_folders_that_are_none_or_anothers_are_refused(tmp_path: Path) -> None:
    model, file = small_tagger(), tmp_path / "model.json"
    file.write_text('{"mine": 1}')
    with pytest.raises(InputError, match=r"model\.json exists and was not written by an export"):
        model.export(onnx=tmp_path)
    for folder in (file, file / "inside"):
        with pytest.raises(InputError, match=r"cannot be made a folder \(a file is there\)"):
            model.export(onnx=folder)
        with pytest.raises(InputError, match=r"cannot be made a folder \(a file is there\)"):
            model.export(c=folder)
    assert file.read_text() == '{"mine": 1}'
    model.export(onnx=tmp_path / "new")
    model.export(onnx=tmp_path / "new", int8=True)


def test_a_source_is_translated_by_the_two_graphs(tmp_path: Path) -> None:
    model = small_translator(attention="additive")
    model.export(onnx=tmp_path)
    sidecar = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    reader = Tokenizer.from_file(str(tmp_path / "source.json"))
    encoder, decoder = (rt.InferenceSession(tmp_path / f"model{word}.onnx") for word in ("", "_step"))
    text = list(make_phrases(80)["lumi"])[3]
    ids = np.array([[*reader.encode(text).ids, sidecar["end"]]])
    lengths = np.array([ids.shape[1]])
    (memory,) = encoder.run(None, {"source": ids, "lengths": lengths})
    layers = [each for each in decoder.get_inputs() if "layer" in each.name]
    state = {each.name: np.zeros((1, each.shape[1]), np.float32) for each in layers}
    network = model.model_.members[0].network
    ours = network.start(network.encode(torch.from_numpy(ids.T), torch.from_numpy(lengths)))
    token = sidecar["begin"]
    for _step in range(12):
        said = run(decoder, {"token": np.array([[token]]), "memory": memory, "lengths": lengths} | state)
        state = {name.removesuffix("_next"): value for name, value in said.items() if name.endswith("_next")}
        logits, ours = network.step(torch.tensor([token]), ours)
        np.testing.assert_allclose(said["logits"], logits.numpy(), atol=CLOSE)
        token = int(said["logits"][0].argmax())
    assert model.model_.reading.encode([text])[0].tolist() == ids[0, :-1].tolist()
    assert sidecar["tokens"] == list(model.model_.target.tokens)


def test_a_transformer_that_translates_is_refused() -> None:
    model = small_translator()
    model.model_.members[0].network.core = nn.Identity()
    with pytest.raises(InputError, match="train with a recurrent cell"):
        model.exported()


def test_what_has_no_export_says_why() -> None:
    from torch import nn

    class Mine(nn.Module):
        def __init__(self, inputs: Any, outputs: int) -> None:
            super().__init__()
            self.head = nn.Linear(1, outputs)

        def forward(self, inputs: Any) -> Any:
            return self.head(inputs["sequence"].values.mean(0))

    model: Any = rc.SequenceRegressor(members=1, network=Mine, training={"epochs": 1}, verbose=False)
    model.fit(np.random.default_rng(0).normal(size=(40, 5, 1)), np.arange(40.0))
    with pytest.raises(InputError, match="the network is one of your own"):
        model.exported()
    with pytest.raises(InputError, match="nothing to write: give a folder with onnx= or c="):
        model.export()


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_a_step_says_what_the_stream_says_of_the_sequence_so_far(pooling: str) -> None:
    model = causal_classifier(pooling)
    found = model.exported()
    assert found.step is not None
    session, stream = opened(found.step), model.stream()
    state = {s.name: np.zeros((1, s.width), dtype_of(s)) for s in found.step.states}
    place = model.model_.reader.encoders[model.model_.reader.sequences[0]].tokens.index
    for letter in "ACGTTGCAAC" * 3:
        given = {found.step.inputs[0].name: np.array([[place(letter) + 1]], np.int64)}
        said = run(session, given | state)
        state = {name: said[f"{name}_next"] for name in state}
        assert difference(said["probability"][0], stream.step_proba(letter)) < CLOSE


def test_a_step_that_is_not_to_be_had_says_why() -> None:
    assert "both directions" in MODELS["classes"]().exported().why_no_step
    assert "their own mean" in small_regressor(bidirectional=False, convolution=(), positions=0).exported().why_no_step


def test_a_text_is_written_by_the_exported_step(tmp_path: Path) -> None:
    model = small_generator("subwords")
    model.export(onnx=tmp_path)
    sidecar = json.loads((tmp_path / "model.json").read_text("utf-8"))
    assert (tmp_path / "tokenizer.json").exists()
    session = rt.InferenceSession(str(tmp_path / "model_step.onnx"), providers=["CPUExecutionProvider"])
    symbols, state = [sidecar["begin"]], {}
    for _ in range(20):  # the likeliest symbol each time
        given = {"symbol": np.array([[symbols[-1]]])}
        for each in session.get_inputs():
            if each.name not in given:
                given[each.name] = state.get(each.name, np.zeros((1, each.shape[1]), np.float32))
        found = run(session, given)
        state = {name.removesuffix("_next"): value for name, value in found.items() if name.endswith("_next")}
        symbols.append(int(found["logits"][0, 1:].argmax()) + 1)
    written = "".join(sidecar["symbols"][number - 1] for number in symbols[1:])
    assert written.startswith(model.sample(length=20, temperature=0)[0][:20])


def test_an_exported_agent_acts_as_its_player() -> None:
    model = small_agent("PendulumNoVel")
    found = model.exported()
    assert found.step is not None
    player = model.player(drawn=False)
    for case in found.step_cases:
        acted = model.model_.world.acted.given(player.step(case.inputs["seen"][None])[0])
        assert difference(acted.reshape(-1), case.outputs["action"]) < CLOSE


def test_what_comes_with_an_item_is_told_number_by_number() -> None:
    model = small_recommender()
    reader = model.model_.reader
    assert reader.clock
    widths = [
        len(each["words"]) if "words" in each else len(each["clock"]) if "clock" in each else 2
        for each in model.exported().sidecar["about"]
    ]
    assert sum(widths) == reader.width


def test_counts_within_histories_are_refused() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": np.repeat([0, 1, 2], 120), "item": rng.choice(list("abc"), 360)})
    model = rc.NextEvent(training={"epochs": 1}, network={"hidden": 8}, verbose=False)
    model.fit(frame, user="user", item="item")
    with pytest.raises(InputError, match="counted within each history of these 3 items"):
        model.exported()


def test_of_a_transcriber_the_attention_decoder_stays_behind_and_it_is_said() -> None:
    found = small_transcriber(decoder="attention").exported()
    assert "decoder with attention" in found.remark
    assert onnx_difference(found) < CLOSE
