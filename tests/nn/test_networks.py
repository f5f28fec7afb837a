"""Every network of the house: its steps are its forward pass, or it says why it has none."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import recurra.nn
from recurra import InputError, cells
from recurra.nn.agent import AgentNetwork, AgentOptions
from recurra.nn.density import DensityNetwork, DensityOptions
from recurra.nn.encoder_decoder import EncoderDecoder, EncoderDecoderOptions
from recurra.nn.forecast import ForecastNetwork, Inputs, NetworkOptions
from recurra.nn.generator import GeneratorNetwork, GeneratorOptions
from recurra.nn.network import Network
from recurra.nn.next_event import NextEventNetwork, NextEventOptions
from recurra.nn.own import OwnNetwork
from recurra.nn.sequence import InputBatch, InputSpec, SequenceNetwork, SequenceOptions
from recurra.nn.transcription import TranscriptionNetwork, TranscriptionOptions
from recurra.nn.voice import VoiceNetwork, VoiceOptions

STEPS, ROWS = 7, 3
Parts = tuple[Any, ...]  # of the inputs of a network, each with the steps first


@dataclass(frozen=True)
class Case:
    """`whole` gives the outputs [T, ...] of inputs and the state after them, `step` those of the inputs of one step."""

    network: Any
    inputs: Parts
    whole: Callable[[Parts, Any], tuple[Tensor, Any]]
    step: Callable[[Parts, Any], tuple[Tensor, Any]]
    cut: bool = True  # whether `whole` goes on from a state


def generator(cell: str) -> Case:
    drop = 0.0 if cell == "transformer" else 0.2
    network = GeneratorNetwork(6, cell, GeneratorOptions(hidden=8, layers=2, embedding=5, weight_drop=drop))
    return plain(network, torch.randint(0, 6, (STEPS, ROWS)))


def next_event(cell: str) -> Case:
    options = NextEventOptions(hidden=8, layers=2, embedding=4)
    network = NextEventNetwork(5, 4, torch.randn(5, 2), 3, 1, cell, options)
    return plain(
        network,
        torch.randint(0, 6, (STEPS, ROWS)),
        torch.randn(STEPS, ROWS, 3),
        whole=lambda parts, state: network(*parts, state=state),
    )


def transcription(cell: str, ahead: int = 0) -> Case:
    options = TranscriptionOptions(hidden=6, layers=2, bidirectional=False, ahead=ahead)
    network = TranscriptionNetwork(5, 4, cell, options)
    case = plain(network, torch.randn(STEPS, ROWS, 5), whole=lambda parts, state: network(*parts, state=state))
    return replace(case, cut=ahead == 0)


def sequence(cell: str) -> Case:
    options = SequenceOptions(hidden=6, layers=2, bidirectional=False, embedding=4)
    specs = {"word": InputSpec("tokens", 20), "side": InputSpec("columns", 2)}
    network = SequenceNetwork(specs, 4, cell, dict.fromkeys(specs, options), per_step=True)
    side = InputBatch(torch.randn(ROWS, 2), torch.ones(ROWS).long(), torch.zeros(ROWS, 0).long())

    def read(words: Tensor) -> dict[str, InputBatch]:
        return {"word": InputBatch(words, torch.full((ROWS,), len(words))), "side": side}

    return Case(
        network,
        (torch.randint(0, 21, (STEPS, ROWS)),),
        lambda parts, state: network(read(*parts), state),
        lambda parts, state: network.step(read(parts[0].unsqueeze(0)), state),
    )


def decoder(cell: str) -> Case:
    network = EncoderDecoder(None, 9, cell, EncoderDecoderOptions(embedding=8, hidden=6, heads=2))
    source, lengths = torch.randint(0, 9, (4, ROWS)), torch.tensor([4, 1, 3])
    network.eval()
    with torch.no_grad():
        memory = network.encode(source, lengths)
    return Case(
        network,
        (torch.randint(0, 9, (STEPS, ROWS)),),
        lambda parts, _state: (network.logits(network.read_out(parts[0], memory)[0]), None),
        lambda parts, state: network.step(parts[0], network.start(memory) if state is None else state),
        cut=False,
    )


def agent(cell: str, *, remembers: bool = True) -> Case:
    network = AgentNetwork(3, 2, cell, AgentOptions(6, 2), chosen=True, remembers=remembers)

    def joined(found: tuple[tuple[Tensor, Tensor], Any]) -> tuple[Tensor, Any]:
        (outputs, values), state = found
        return torch.cat([outputs, values.unsqueeze(-1)], dim=-1), state

    return Case(
        network,
        (torch.randn(STEPS, ROWS, 3),),
        lambda parts, state: joined(network(parts[0], state)),
        lambda parts, state: joined(network.step(parts[0], state)),
    )


def density(cell: str) -> Case:
    network = DensityNetwork(3, cell, DensityOptions(hidden=6, components=2))

    def joined(found: tuple[tuple[Tensor, ...], Any]) -> tuple[Tensor, Any]:
        return torch.cat(list(found[0]), dim=-1), found[1]

    return Case(
        network,
        (torch.randn(STEPS, ROWS, 3), torch.randn(STEPS, ROWS, 3)),
        lambda parts, state: joined(network(*parts, state=state)),
        lambda parts, state: joined(network.step(*parts, state=state)),
    )


def plain(network: Any, *inputs: Tensor, whole: Any = None) -> Case:
    return Case(
        network,
        inputs,
        whole or (lambda parts, state: network(*parts, state)),
        lambda parts, state: network.step(*parts, state),
    )


CAUSAL = {
    "generator": generator,
    "next event": next_event,
    "transcription": transcription,
    "transcription, ahead": lambda cell: transcription(cell, 2),
    "sequence": sequence,
    "decoder": decoder,
    "agent": agent,
    "density": density,
    "agent without memory": lambda cell: agent(cell, remembers=False),
}


def forecast() -> ForecastNetwork:
    shape = Inputs(2, 3, 1, 0, 0, 0, 0, 0, (), (), (), 1)
    return ForecastNetwork(shape, "gru", NetworkOptions(hidden=4, context=2), torch.ones(1))


def pooled() -> SequenceNetwork:
    specs = {"word": InputSpec("tokens", 20)}
    return SequenceNetwork(specs, 4, "gru", dict.fromkeys(specs, SequenceOptions(hidden=4, bidirectional=False)))


def voice() -> VoiceNetwork:
    return VoiceNetwork(9, 3, 2, 11, "gru", VoiceOptions())


NOT_CAUSAL: dict[str, tuple[Callable[[], Network], str]] = {
    "forecast": (forecast, "own level and scale"),
    "pooled sequence": (pooled, "one output for the whole sequence"),
    "both directions": (lambda: TranscriptionNetwork(5, 4, "gru", TranscriptionOptions(4, 1)), "in both directions"),
    "voice": (voice, "a text in both directions"),
    "own": (lambda: OwnNetwork(nn.Linear(2, 2), "[B, K]", 2, "Linear"), "a module of your own"),
}


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        *((name, cell) for name in CAUSAL for cell in cells.names()),
        *((name, "transformer") for name in ("decoder", "generator", "next event")),
    ],
)
@torch.no_grad()
def test_steps_are_the_forward_pass(name: str, cell: str) -> None:
    torch.manual_seed(0)
    case = CAUSAL[name](cell)
    network: Network = case.network.eval()
    assert network.why_not_causal == ""
    whole, _last = case.whole(case.inputs, None)
    state, said, delay = None, [], network.delay
    for t in range(STEPS + delay):
        y, state = case.step(tuple(x[t] if t < STEPS else torch.zeros_like(x[0]) for x in case.inputs), state)
        said.append(y)
    torch.testing.assert_close(torch.stack(said[delay:]), whole, rtol=1e-5, atol=1e-5)
    if case.cut:
        first, between = case.whole(tuple(x[:3] for x in case.inputs), None)
        rest, _last = case.whole(tuple(x[3:] for x in case.inputs), between)
        torch.testing.assert_close(torch.cat([first, rest]), whole, rtol=1e-5, atol=1e-5)
        y, _next = case.step(tuple(x[3] for x in case.inputs), between)  # a step goes on from where forward ended
        torch.testing.assert_close(y, whole[3], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NOT_CAUSAL)
def test_what_is_not_causal_says_why(name: str) -> None:
    make, why = NOT_CAUSAL[name]
    network = make().eval()
    with pytest.raises(InputError, match=f"cannot run step by step: .*{why}"):
        network.step({})
    with pytest.raises(InputError, match=f"takes no state: .*{why}"):
        network.refuse_state([])


@pytest.mark.parametrize("name", CAUSAL)
def test_a_network_in_training_has_no_steps(name: str) -> None:
    case = CAUSAL[name]("gru")
    case.network.train()
    with pytest.raises(InputError, match="training mode"):
        case.step(tuple(x[0] for x in case.inputs), None)


def test_a_network_that_looks_ahead_goes_on_by_steps_alone() -> None:
    case = transcription("gru", 2)
    with pytest.raises(InputError, match=r"looks 2 steps ahead: go on from a state with step\(\)"):
        case.whole(case.inputs, [None, None])


def test_no_network_is_without_the_contract() -> None:
    """Whatever is called a network stands on `Network`, and has its place in this file."""
    here = Path(__file__).read_text()
    for path in sorted(Path(recurra.nn.__file__).parent.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name.endswith("Network") and node.name != "Network":
                bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
                assert "Network" in bases, f"{node.name} of {path.name} does not stand on Network"
                assert f"{node.name}(" in here, f"{node.name} of {path.name} is not tested here"
