"""Graphs: put together with fitting widths and names, and every recurrence written out with all that its step reads."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from tests.deploy.networks import a_network
from tests.drawing import examples
from torch import nn

import recurra as rc
from recurra.deploy.c_source.memory import plan
from recurra.deploy.graph import Builder, graph_of
from recurra.deploy.graph.cells import expanded
from recurra.deploy.graph.nodes import Part, Recurrence, read_by
from recurra.errors import InputError


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(a_network())
def test_a_graph_written_out_reads_only_what_is_there_and_forgets_no_state(network):
    module, head, features = network
    graph = graph_of(module, head)
    step = expanded(graph)
    assert [each.width for each in step.inputs] == [features]
    assert not any(isinstance(node, Recurrence) for node in step.nodes)
    there = {each.name for each in (*step.inputs, *step.states)}
    for node in step.nodes:
        assert {each.name for each in read_by(node)} <= there
        assert node.y.name not in there, "made twice"
        there.add(node.y.name)
    assert {each.name for each in (*step.outputs, *step.updated)} <= there
    assert [each.width for each in step.updated] == [each.width for each in graph.states]
    assert step.outputs[0].width == graph.outputs[0].width


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(a_network())
def test_no_vector_is_overwritten_before_it_was_read(network):
    module, head, _ = network
    step = expanded(graph_of(module, head))
    named, size = plan(step)
    owner: dict[int, str] = {}  # of each place of the working memory, which vector was the last to be written there
    whose = {each.name: each.name for each in (*step.inputs, *step.states)}
    places = {}

    def still_there(name: str) -> bool:
        return all(owner[place] == whose[name] for place in places.get(whose[name], ()))

    for node in step.nodes:
        assert all(still_there(each.name) for each in read_by(node))
        if isinstance(node, Part):
            whose[node.y.name] = whose[node.x.name]
            continue
        whose[node.y.name] = node.y.name
        start = int(named[node.y.name].partition(" + ")[2] or 0)
        places[node.y.name] = range(start, start + node.y.width)
        assert places[node.y.name].stop <= size
        owner |= dict.fromkeys(places[node.y.name], node.y.name)
    assert all(still_there(each.name) for each in (*step.outputs, *step.updated))


def test_widths_and_names_that_do_not_fit_are_refused():
    builder = Builder()
    x = builder.input("x", 3)
    with pytest.raises(InputError, match=r"weight has shape \(2, 4\): expected \(outputs, 3\), the width of x"):
        builder.linear(x, np.ones((2, 4)))
    with pytest.raises(InputError, match="bias has 3 numbers: expected 2, or one"):
        builder.linear(x, np.ones((2, 3)), np.ones(3))
    with pytest.raises(InputError, match="x has 3 numbers and v1 2: expected as many"):
        builder.add(x, builder.part(x, 0, 2))
    for name in ("x", "a b", ""):
        with pytest.raises(InputError, match="expected a word of letters, digits and _, that is not taken"):
            builder.state(name, 2)


def test_networks_that_have_no_graph_are_refused():
    with pytest.raises(InputError, match="of type Linear: expected a recurrent layer of Recurra, or a Stack"):
        graph_of(nn.Linear(2, 2))
    with pytest.raises(InputError, match=r"expected a torch.nn.Linear of 4 features"):
        graph_of(rc.nn.GRU(3, 4), nn.Linear(3, 1))
    with pytest.raises(InputError, match="with a function of its own, cannot be exported"):
        graph_of(rc.nn.RNN(3, 4, nonlinearity=torch.sin))
