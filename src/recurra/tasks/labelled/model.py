"""A trained model of labelled sequences: how inputs are read, an ensemble of networks, and what corrects them.

    outputs = a * mean over the members' outputs + b * outputs of a linear model of n-grams

A part of the training examples is held out of the training of all members, which it ends. To what the ensemble says
of them a and b are fitted: a tells how sure the networks may be (Guo et al. 2017, "On calibration of modern neural
networks"), b how much the linear model knows that they do not; it is 0 where that is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recurra.data.encoders.batching import Batches
from recurra.data.encoders.cooccurrence import token_vectors
from recurra.data.encoders.reader import TOKENS, Encoded, Reader, step_counts
from recurra.data.encoders.vectors import read_vectors
from recurra.data.examples.inputs import Text
from recurra.data.examples.ragged import Ragged
from recurra.ensemble.members import Member, Seat
from recurra.errors import InputError
from recurra.evaluation.shared.calibration import Blend
from recurra.language import _
from recurra.nn.own import OwnNetwork, OwnParts, own_network
from recurra.nn.sequence import SequenceNetwork, SequenceOptions
from recurra.objectives.objective import Objective
from recurra.tasks.labelled.baselines import Baseline
from recurra.tasks.labelled.blend import fit_blended
from recurra.tasks.labelled.data import LabelledData
from recurra.tasks.labelled.network import build_network, mark_known, part_of
from recurra.tasks.labelled.plan import Plan, of_words
from recurra.tasks.labelled.problem import SequenceProblem, network_outputs
from recurra.training import Run, TrainingOptions
from recurra.training.run import pick_device

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """All that a user can set about the learning; `networks` by input."""

    cell: str
    members: int
    networks: dict[str, SequenceOptions]
    training: TrainingOptions
    optional: tuple[str, ...]
    seed: int


@dataclass(frozen=True, eq=False)
class SequenceModel:
    """What was learnt.

    `stacked` is the linear model that corrects the networks, `blend` the two weights, `baselines` what it is compared
    with.
    """

    recipe: Recipe
    reader: Reader
    objective: Objective
    members: tuple[Member[SequenceNetwork | OwnNetwork], ...]
    stacked: Baseline | None
    blend: Blend
    baselines: tuple[Baseline, ...] = ()

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the training."""
        return any(member.interrupted for member in self.members)

    def outputs(self, encoded: Encoded) -> Floats:
        """Blended outputs [N, K], or end to end for every step [N_total, K]."""
        linear = None if self.stacked is None else self.stacked.outputs(encoded)
        return self.blend(self.ensemble(encoded), linear)

    @property
    def hidden_size(self) -> int:
        """How many features `hidden` gives. Raises InputError for networks of the user's own, which do not tell."""
        sizes = [m.network.head.in_features for m in self.members if isinstance(m.network, SequenceNetwork)]
        if len(sizes) < len(self.members):
            raise InputError(_("a network of your own does not say how many hidden features it has"))
        return sum(sizes)

    def hidden(self, encoded: Encoded) -> Floats:
        """What enters the members' heads, side by side: [N, H], of tags the mean over the steps of each example."""
        per_step = self.objective.per_step
        batches, lengths = Batches(encoded), torch.from_numpy(step_counts(encoded, least=not per_step))
        numbers = torch.arange(len(lengths))
        found = np.concatenate(
            [network_outputs(m.network, batches, lengths, numbers, per_step, hidden=True) for m in self.members], axis=1
        )
        if not per_step:
            return found
        owner = np.repeat(np.arange(len(lengths)), lengths.numpy())
        sums = np.zeros((len(lengths), found.shape[1]))
        np.add.at(sums, owner, found)
        return sums / np.maximum(lengths.numpy(), 1)[:, None]

    def ensemble(self, encoded: Encoded) -> Floats:
        """The mean of the members' outputs."""
        per_step = self.objective.per_step
        batches, lengths = Batches(encoded), torch.from_numpy(step_counts(encoded, least=not per_step))
        numbers = torch.arange(len(lengths))
        every = [network_outputs(member.network, batches, lengths, numbers, per_step) for member in self.members]
        return np.mean(every, axis=0) if len(every) > 1 else every[0]


def fit_model(
    data: LabelledData, recipe: Recipe, plan: Plan, *, run: Run, name: str, own: OwnParts | None = None
) -> SequenceModel:
    """Train the ensemble, and correct it by what it says of the examples that `plan` holds out."""
    own = own or OwnParts()
    vectors = {} if own.network is not None else first_vectors(data.reader, data.encoded, recipe)
    recipe = replace(recipe, networks=_as_wide(recipe.networks, vectors))
    members: list[Member[SequenceNetwork | OwnNetwork]] = []
    while len(members) < recipe.members and not (members and members[-1].interrupted):
        members.append(_train_member(data, recipe, vectors, len(members), plan, run=run, name=name, own=own))
    numbers, per_step = torch.from_numpy(plan.held), data.objective.per_step
    every = [network_outputs(m.network, data.batches, data.lengths, numbers, per_step) for m in members]
    stacked, blend, outputs = fit_blended(data, plan, np.mean(every, axis=0))
    objective = data.objective.choosing(data.offset_of(outputs))
    return SequenceModel(recipe, data.reader, objective, tuple(members), stacked, blend)


def first_vectors(reader: Reader, encoded: Encoded, recipe: Recipe) -> dict[str, Tensor]:
    """Where the embeddings begin: the vectors of a file, or else, of words, those of the company that they keep."""
    found = {}
    for name, encoder in reader.encoders.items():
        kind, column = reader.kinds[name], encoded[name]
        if not isinstance(encoder, TOKENS) or not isinstance(column, Ragged):
            continue
        if isinstance(kind, Text) and kind.vectors:
            found[name] = torch.from_numpy(read_vectors(kind.vectors, encoder.tokens))
        elif of_words(encoder):
            width = recipe.networks[name].embedding
            found[name] = torch.from_numpy(token_vectors(column, len(encoder.tokens) + 1, width, recipe.seed))
    return found


def tokens_of_files(reader: Reader, vectors: Mapping[str, Tensor]) -> dict[str, npt.NDArray[np.bool_]]:
    """Of each input that begins with the word vectors of a file, which tokens [V + 1] have one."""
    kinds = {name: reader.kinds[name] for name in vectors}
    named = [name for name, kind in kinds.items() if isinstance(kind, Text) and kind.vectors]
    return {name: torch.isfinite(vectors[name]).all(1).numpy() for name in named}


def _as_wide(networks: dict[str, SequenceOptions], vectors: dict[str, Tensor]) -> dict[str, SequenceOptions]:
    """Embeddings as wide as the vectors with which they begin."""
    return {
        name: replace(options, embedding=vectors[name].shape[1]) if name in vectors else options
        for name, options in networks.items()
    }


def made_network(
    own: OwnParts, reader: Reader, objective: Objective, recipe: Recipe, vectors: Mapping[str, Tensor]
) -> SequenceNetwork | OwnNetwork:
    """A fresh network, of the user's making or ours."""
    if own.network is None:
        return build_network(reader, objective, recipe.cell, recipe.networks, recipe.optional, vectors)
    specs = {name: part_of(encoder, name in recipe.optional) for name, encoder in reader.encoders.items()}
    shape = "[T, B, K]" if objective.per_step else "[B, K]"
    return own_network(own.network, specs, objective.outputs, shape=shape, last=objective.outputs)


def _train_member(
    data: LabelledData,
    recipe: Recipe,
    vectors: dict[str, Tensor],
    number: int,
    plan: Plan,
    *,
    run: Run,
    name: str,
    own: OwnParts,
) -> Member[SequenceNetwork | OwnNetwork]:
    seat = Seat(name, number, recipe.members, recipe.seed)
    with seat.drawing():
        network = made_network(own, data.reader, data.objective, recipe, vectors)
    if isinstance(network, SequenceNetwork):
        mark_known(network, data.encoded, plan.learnt, tokens_of_files(data.reader, vectors))
    learnt, held = torch.from_numpy(plan.learnt), torch.from_numpy(plan.held)
    problem = SequenceProblem(network, data, learnt, held, pick_device(run.device), own.loss)
    # Where there is a single step, there is no way through time to watch.
    return Member(network, seat.train(problem, recipe.training, run=run, watch=int(data.lengths.max()) > 1))
