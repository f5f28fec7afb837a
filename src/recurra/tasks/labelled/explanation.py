"""What moved a prediction: which tokens, which steps of a series, which columns.

    m(x) = z_c - mean of the other classes' z                   the margin of class c; the output itself for numbers
    attribution = a / M * sum over members of integrated gradients of m + b * what the linear model adds to m

Integrated gradients run from an example in which every token and category is the unknown one and every number the
training part's mean. They add up to the difference between the example's margin and that one's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recurra.data.encoders.batching import Batches, like_with_like
from recurra.data.encoders.reader import TOKENS, Encoded, Fixed, step_counts
from recurra.data.encoders.standardising import ArrayEncoder, ColumnEncoder, SeriesEncoder
from recurra.data.examples.examples import Examples
from recurra.data.examples.inputs import Audio
from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.labelled.joint import JointModel
from recurra.inspect import attribute
from recurra.language import _
from recurra.nn.front_ends import step_mask
from recurra.nn.own import OwnNetwork
from recurra.nn.sequence import InputBatch, SequenceNetwork
from recurra.tasks.labelled.given import steps_of
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.labelled.problem import ROWS_AT_ONCE, STEPS_AT_ONCE, given

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Explained:
    """For some examples, and one output of each: an array per input.

    `values`: of tokens a `Ragged` [N_total], of series a `Ragged` [N_total, F], of columns [N, numbers + categories],
    of all else [N, .].
    """

    targets: npt.NDArray[np.int64]
    values: dict[str, Ragged | Floats]


def explain(
    model: SequenceModel,
    encoded: Encoded,
    targets: npt.NDArray[np.int64],
    *,
    step: int | None = None,
    points: int = 32,
    most: int = 1024,
) -> Explained:
    """What moved the output `targets` [N] of every encoded example; for tags at one `step`, from 0, or their mean.

    `points` of the integral, and `most` where that many are needed, are those of `inspect.attribute`.
    """
    values: dict[str, Ragged | Floats] = {}
    for name, found in _of_ensemble(model, encoded, targets, step, points, most).items():
        column, scaled = encoded[name], model.blend.network / len(model.members) * found
        sound = isinstance(model.reader.encoders[name], ArrayEncoder)
        values[name] = Ragged(scaled, column.offsets) if isinstance(column, Ragged) and not sound else scaled
    if model.stacked is not None and model.blend.stacked:
        linear = model.stacked.model
        parts = linear.parts if isinstance(linear, JointModel) else {model.stacked.column: linear}
        for name, part in parts.items():
            values[name] = _with_linear(values[name], part, encoded[name], targets, model.blend.stacked)
    return Explained(targets, values)


def _with_linear(
    own: Ragged | Floats, part: Any, column: Ragged | Fixed, targets: Ints, weight: float
) -> Ragged | Floats:
    """What the networks say of an input, and `weight` times what its part of the linear model adds to the margin."""
    if isinstance(column, Ragged):
        assert isinstance(own, Ragged)
        asked = np.repeat(targets, column.lengths)
        return Ragged(own.values + weight * _margins(part.contributions(column), asked), own.offsets)
    shares = part.contributions(column)  # [N, features, K]
    asked = np.repeat(targets, shares.shape[1])
    return np.asarray(own) + weight * _margins(shares.reshape(-1, shares.shape[2]), asked).reshape(shares.shape[:2])


def _margins(shares: Floats, targets: Ints) -> Floats:
    return _margin(torch.from_numpy(shares), torch.from_numpy(targets)).numpy()


def explanation_frame(model: SequenceModel, examples: Examples, explained: Explained, names: list[str]) -> pd.DataFrame:
    """example, input, step, token, target, attribution: a row per step and feature; `names` are the outputs'.

    Examples stand one after the other, and within each its inputs, in the order in which the model has them.
    """
    frames = []
    for name, found in explained.values.items():
        encoder, column = model.reader.encoders[name], examples.columns[name]
        if isinstance(model.reader.kinds[name], Audio) and isinstance(found, Ragged):
            frames.append(_rows(name, found.lengths, name, found.values.sum(axis=1)))
        elif isinstance(encoder, TOKENS) and isinstance(found, Ragged):
            tokens = [encoder.cut(column[k]) if column[k] is not None else [] for k in range(len(found))]  # type: ignore[index, arg-type]
            lengths = found.lengths
            frames.append(_rows(name, lengths, [t for each in tokens for t in each], found.values))
        elif isinstance(encoder, SeriesEncoder) and isinstance(found, Ragged):
            features = [
                *encoder.names,
                *(f"{n} (missing)" for n, gap in zip(encoder.names, encoder.gaps, strict=True) if gap),
            ]
            features += [_("time since the step before")] if encoder.pace is not None else []
            frames += [_rows(name, found.lengths, feature, found.values[:, k]) for k, feature in enumerate(features)]
        elif isinstance(encoder, ColumnEncoder):
            features = [
                *encoder.numeric,
                *(f"{n} (missing)" for n, gap in zip(encoder.numeric, encoder.gaps, strict=True) if gap),
                *encoder.categories,
            ]
            ones = np.ones(len(found), dtype=np.int64)
            frames += [_rows(name, ones, feature, np.asarray(found)[:, k]) for k, feature in enumerate(features)]
        else:
            sums = np.asarray(found).reshape(len(found), -1).sum(1)
            frames.append(_rows(name, np.ones(len(found), dtype=np.int64), name, sums))
    frame = pd.concat(frames, ignore_index=True).sort_values("example", kind="stable", ignore_index=True)
    return frame.assign(target=np.array(names, dtype=object)[explained.targets[frame["example"]]])


def explained_outputs(model: SequenceModel, encoded: Encoded, step: int | None) -> npt.NDArray[np.int64]:
    """For each example the number of the output that is explained [N]; where steps have labels that of `step`."""
    objective, outputs = model.objective, model.outputs(encoded)
    if not objective.per_step:
        return objective.explained(outputs)
    steps = steps_of(encoded)
    if step is not None:
        return objective.explained(outputs[steps.offsets[:-1] + step])
    sums = np.zeros((len(steps), outputs.shape[1]))
    np.add.at(sums, np.repeat(np.arange(len(steps)), steps.lengths), outputs)
    return objective.explained(sums)


def _rows(name: str, lengths: npt.NDArray[np.int64], token: list[str] | str, values: Floats) -> pd.DataFrame:
    example = np.repeat(np.arange(len(lengths)), lengths)
    step = np.arange(len(example)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return pd.DataFrame(dict(example=example, input=name, step=step, token=token, attribution=values))


def _of_ensemble(
    model: SequenceModel, encoded: Encoded, targets: npt.NDArray[np.int64], step: int | None, points: int, most: int
) -> dict[str, Floats]:
    """The sum over all members, by input: [N_total, ...] of tokens and series, [N, ...] of all else."""
    batches = Batches(encoded)
    total: dict[str, Floats] = {}
    # Like with like: one long example among many short ones would have all of them padded to its length.
    for places in like_with_like(torch.from_numpy(step_counts(encoded)), STEPS_AT_ONCE, ROWS_AT_ONCE):
        batch, wanted = given(batches.read(places)), torch.from_numpy(targets)[places]
        for member in model.members:
            network = member.network
            if isinstance(network, OwnNetwork):
                raise InputError(
                    _(
                        "the network {network} is your own, and its inputs are not known here: use "
                        "recurra.inspect.attribute with a function of your inputs",
                        network=network.name,
                    )
                )
            for name, found in _of_network(network, batch, wanted, step, points, most).items():
                _add(total, name, found.numpy(), encoded[name], places.numpy(), network.parts[name].kind)
    return total


def _add(
    total: dict[str, Floats], name: str, found: Floats, column: Ragged | Fixed, places: npt.NDArray[np.int64], kind: str
) -> None:
    """Add what was found for the examples `places` to the total of an input, where they stand in it."""
    if not isinstance(column, Ragged):
        at, rows = places, len(column)
    elif kind == "sound":
        # The front-end's steps are explained, which are fewer than its samples: an example is told their sum.
        found, at, rows = found.reshape(len(found), -1).sum(1, keepdims=True), places, len(column)
    else:
        steps = np.arange(found.shape[1])
        alive = steps < column.lengths[places][:, None]
        found, at, rows = found[alive], (column.offsets[places][:, None] + steps)[alive], len(column.values)
    total.setdefault(name, np.zeros((rows, *found.shape[1:]), found.dtype))[at] += found


def _of_network(
    network: SequenceNetwork, batch: dict[str, InputBatch], targets: Tensor, step: int | None, points: int, most: int
) -> dict[str, Tensor]:
    """By input: [B, T] for tokens, [B, T, F] for series and sounds, [B, ...] for what is fixed."""
    with torch.no_grad():
        features = {name: network.features(name, part) for name, part in batch.items()}
        nothing = {name: network.features(name, _nothing(part)) for name, part in batch.items()}
    names = list(features)
    steps = next((features[name].lengths for name in names if network.parts[name].in_steps), None)

    def across(part: InputBatch) -> Tensor:
        return part.values.transpose(0, 1) if part.values.dim() == 3 else part.values

    def forward(*given: Tensor) -> Tensor:
        *values, which = given
        rows = which[:, 0].long()
        inputs = {}
        for name, value in zip(names, values, strict=True):
            part = features[name]
            turned = value.transpose(0, 1) if part.values.dim() == 3 else value
            inputs[name] = InputBatch(turned, part.lengths[rows])
        outputs = network.outputs(inputs)
        if network.per_step:
            assert steps is not None
            outputs = _mean_of_steps(outputs, steps[rows]) if step is None else outputs[step]
        return _margin(outputs, targets[rows])

    # Not all rows go through the network together: each has its number with it, the same as in its baseline.
    which = torch.arange(len(targets), dtype=torch.float32).unsqueeze(1)
    found = attribute(
        forward,
        (*(across(features[name]) for name in names), which),
        baselines=(*(across(nothing[name]) for name in names), which),
        points=points,
        most=most,
    )
    return {
        name: values.sum(-1)
        if network.parts[name].kind == "tokens"
        else _by_column(values, network.embedding_widths(name))
        for name, values in zip(names, found.values[:-1], strict=True)
    }


def _by_column(values: Tensor, widths: list[int]) -> Tensor:
    """[B, N + sum of widths] -> [B, N + C]: what the features of each embedded category add up to."""
    if not widths:
        return values
    numbers, *embedded = values.split([values.shape[1] - sum(widths), *widths], dim=1)
    return torch.cat([numbers, *(each.sum(1, keepdim=True) for each in embedded)], dim=1)


def _mean_of_steps(outputs: Tensor, lengths: Tensor) -> Tensor:
    """[T, B, K] -> [B, K], over the steps that a row has."""
    alive = step_mask(lengths, len(outputs)).unsqueeze(-1)
    return (outputs * alive).sum(0) / lengths.clamp(min=1).unsqueeze(-1)


def _margin(outputs: Tensor, targets: Tensor) -> Tensor:
    """[B, K] -> [B]: the target's output, less the mean of the others where there are any."""
    own = outputs.gather(1, targets.unsqueeze(1))[:, 0]
    others = outputs.shape[1] - 1
    return own - (outputs.sum(1) - own) / others if others else own


def _nothing(part: InputBatch) -> InputBatch:
    """The same input without anything to say: unknown tokens and categories, means."""
    codes = None if part.codes is None else torch.zeros_like(part.codes)
    return InputBatch(torch.zeros_like(part.values), part.lengths, codes)
