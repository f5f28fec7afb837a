"""One training run: from first weights to the best ones, exactly repeatable, stoppable and resumable at any step.

The order of examples is a function of (seed, epoch) alone and the learning rate one of the step alone, so that a
checkpoint needs only weights, optimiser, schedule and torch's generators to go on to the same bits. A training by time
(see `pace`) goes on after the time that was spent, which no two runs share to the bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from recurra.errors import TrainingError
from recurra.heap import keeping
from recurra.kernels import workspace
from recurra.language import _
from recurra.training.adam import Adam
from recurra.training.callback import Callbacks, MakeWatcher
from recurra.training.checkpoint import Checkpoint
from recurra.training.guard import GuardedWatcher, Remarks
from recurra.training.interrupt import Interrupt, graceful_interrupt
from recurra.training.logging import Logger, open_log
from recurra.training.options import TrainingOptions
from recurra.training.pace import pace
from recurra.training.parallel import Parallel, single_process
from recurra.training.precision import autocast
from recurra.training.progress import Progress, following
from recurra.training.randomness import forked, seeded_states, set_states, states
from recurra.training.record import COLUMNS, TrainingRecord
from recurra.training.run import Run
from recurra.training.schedule import schedule
from recurra.training.source import Carrying, DataSource, Source, SourceEnded, Telling
from recurra.training.stepper import Stepper
from recurra.training.threads import fitting_threads

_CHECKPOINT_SECONDS = 2.0
_SHOWN_SECONDS = 0.5  # of slow steps every one is shown
_NOISE = 1.05  # a validation loss within 5 % of the best one is as good: the difference is mostly luck


class Problem(Protocol):
    """What is learnt. `examples` training examples are numbered; `batch` reads some of them."""

    network: nn.Module

    @property
    def examples(self) -> int:
        """How many training examples there are now."""
        ...

    @property
    def lengths(self) -> Tensor | None:
        """Of the training examples [N], where batches of about equal length are worth having."""
        ...

    def batch(self, numbers: Tensor) -> Any:
        """The training examples `numbers` [B]."""
        ...

    def loss(self, network: nn.Module, batch: Any) -> Tensor:
        """The mean loss of a batch, a scalar."""
        ...

    def validate(self, network: nn.Module) -> float:
        """The loss on the held-out examples; the weights with the smallest are kept, the last where it is NaN."""
        ...


def train(
    problem: Problem,
    options: TrainingOptions,
    *,
    seed: int,
    name: str,
    steps: int | None = None,
    label: str = "",
    run: Run | None = None,
    parallel: Parallel | None = None,
    watch: MakeWatcher | None = None,
    source: Source | None = None,
) -> TrainingRecord:
    """Train `problem.network` in place and leave it with the best weights found, or the last if as good within 5 %.

    The last are kept without `options.early_stopping`. It is left in evaluation mode, without gradients, its parameters
    views of one tensor (see `Stepper`). `steps` of the optimiser are by default what `options` makes of the number of
    examples; they do not matter where `options` give seconds. `name` names the run's checkpoint and log; `label` is
    what the user reads. `watch` makes a watcher of the network; neither it nor the log can stop the training, and what
    goes wrong with them is in the record's `remarks`. `source` gives the batches where they are not the shuffled
    examples of `problem`: a stream, or experience that grows. Raises `TrainingError` when the loss is no longer finite.
    The caller's random state is untouched.
    """
    run = run or Run()
    steps = steps or options.steps(problem.examples)
    state = _State(problem, options, steps, seed, parallel or single_process(), watch, source)
    callbacks = Callbacks(run.callbacks if state.parallel.leads else (), state.device)
    if run.checkpoints is not None and (found := run.checkpoints.load(name)) is not None:
        state.restore(found)
    if not state.finished:
        with (
            fitting_threads(problem.network),
            keeping(),
            forked(state.device),
            graceful_interrupt() as interrupt,
            open_log(run.log, name, state.remarks) as log,
            following(run.progress, label or name, state.pace.length) as progress,
        ):
            set_states(state.random, state.device)
            state.pace.begin(state.done)
            callbacks.start(name, state.network, state.total)
            _run(state, run, name, interrupt, log, progress, callbacks)
    workspace.release()
    for rows in state.stepper.rows:
        rows.release()
    state.network.load_state_dict(state.best_weights)
    state.network.eval().zero_grad()
    callbacks.end(state.network)
    rows = np.array(state.rows).reshape(-1, len(COLUMNS))
    watched = state.watcher.state()
    return TrainingRecord(
        rows, state.best, state.best_step, state.total, state.interrupted, watched, remarks=state.remarks.all()
    )


def _run(
    state: _State, run: Run, name: str, interrupt: Interrupt, log: Logger, progress: Progress, callbacks: Callbacks
) -> None:
    saved = shown = time.monotonic()
    progress.update(int(state.done), "")
    while not state.finished:
        try:
            state.advance()
        except SourceEnded as error:
            if not state.step:
                raise TrainingError(str(error)) from error
            state.remarks.say(_("the training ended early: {reason}", reason=error))
            state.finished = state.interrupted = True
            if state.losses:
                state.validate()
            break
        callbacks.step(state.step, state.losses[-1], state.norms[-1])
        if state.at_validation:
            row = state.validate()
            callbacks.validation(row)
            telling = state.source if isinstance(state.source, Telling) else None
            log.write(row if telling is None else row | telling.figures())
            log.show(state.watcher, picture=False)
            text = telling.told() if telling is not None else _("loss {row:.4g}", row=row["train_loss"])
            if not math.isnan(row["validation_loss"]):
                text += _(", validation {row:.4g}", row=row["validation_loss"])
            progress.update(int(state.done), text)
            shown = time.monotonic()
        elif state.step % 10 == 0 or time.monotonic() - shown > _SHOWN_SECONDS:
            progress.update(int(state.done), "")
            shown = time.monotonic()
        if run.callbacks and state.parallel.any(callbacks.asked):
            if not state.at_validation:
                state.validate()
            state.finished = True
        # Every process must take the same turn here, or the others would wait for it for ever.
        if state.parallel.any(interrupt.asked):
            if not state.at_validation:
                state.validate()
            state.finished = state.interrupted = True
        elif run.checkpoints is not None and time.monotonic() - saved > _CHECKPOINT_SECONDS and state.parallel.leads:
            run.checkpoints.save(name, state.checkpoint())
            saved = time.monotonic()
    log.show(state.watcher, picture=True)
    if run.checkpoints is not None and not state.interrupted and state.parallel.leads:
        run.checkpoints.save(name, state.checkpoint())


class _State:
    """Everything that changes from step to step."""

    def __init__(
        self,
        problem: Problem,
        options: TrainingOptions,
        steps: int,
        seed: int,
        parallel: Parallel,
        watch: MakeWatcher | None,
        source: Source | None,
    ) -> None:
        self.source = source or DataSource(problem, options.batch_size, seed, parallel.share)
        self.problem, self.options, self.seed, self.parallel = problem, options, seed, parallel
        self.network = problem.network
        self.pace = pace(options, steps, parallel)
        self.schedule = schedule(options, self.pace.length)
        # no method of the state: what keeps it would hold the state and its data until garbage is collected
        self.loss = partial(_loss, problem, autocast(self.network, options.precision))
        adam = Adam(options.learning_rate, weight_decay=options.weight_decay)
        self.stepper = Stepper(
            parallel.place(self.network), self.loss, adam, clip_norm=options.clip_norm, by_row=parallel.alone
        )
        self.network.train()
        self.device = next(self.network.parameters()).device
        self.remarks = Remarks()
        self.watcher = GuardedWatcher(watch if parallel.leads else None, self.network, self.device, self.remarks)
        self.random = seeded_states(seed, self.device)
        self.step, self.best, self.best_step, self.since_best = 0, math.inf, 0, 0
        self.done = 0.0  # of `pace.length`
        self.best_weights = _copy(self.network)
        self.rows: list[list[float]] = []
        self.losses: list[float] = []
        self.norms: list[float] = []
        self.finished = self.interrupted = False

    @property
    def at_validation(self) -> bool:
        return self.pace.due(self.step)

    @property
    def at_end(self) -> bool:
        return self.done >= self.pace.length

    @property
    def total(self) -> int:
        return self.pace.steps(self.step)

    def advance(self) -> None:
        """One optimiser step."""
        value = float(self.stepper.differentiate(self.source.batch(self.step)))
        if not math.isfinite(value):
            raise TrainingError(
                _(
                    "the training loss became {value} at step {step} of {total}: the steps are too large for "
                    "this data; lower the learning rate (it is {learning_rate:g}), or look for extreme "
                    "values in the target and the covariates",
                    value=value,
                    step=self.step + 1,
                    total=self.total,
                    learning_rate=self.options.learning_rate,
                )
            )
        for group in self.stepper.groups:
            self.parallel.average(group.gradient)
        norm = self.stepper.update(self.schedule.at(self.done))
        if norm is None or not math.isfinite(norm):
            raise TrainingError(
                _(
                    "the norm of the gradient became {norm} at step {step} of {total}, with a loss of "
                    "{value:g}: lower the learning rate (it is {learning_rate:g}), or look for extreme "
                    "values in the target and the covariates",
                    norm=norm,
                    step=self.step + 1,
                    total=self.total,
                    value=value,
                    learning_rate=self.options.learning_rate,
                )
            )
        self.losses.append(value)
        self.norms.append(norm)
        self.step += 1
        self.done = self.pace.done(self.step)
        again = partial(_again, self.loss, self.network, self.source, self.step - 1)
        self.watcher.step(again, loss=value, gradient_norm=norm)

    def validate(self) -> dict[str, float]:
        """Look at the held-out part; keep the weights if they are the best so far, or whatever they are."""
        self.network.eval()
        with torch.no_grad():
            loss = self.problem.validate(self.network)
        self.network.train()
        if loss < self.best or math.isnan(loss) or not self.options.early_stopping:
            self.best, self.best_step, self.since_best = loss, self.step, 0
            self.best_weights = _copy(self.network)
        elif loss > _NOISE * self.best:
            self.since_best += 1
        # Without a held-out part the training loss has to tell; NaN would count as no better, every time.
        self.schedule = self.schedule.after(float(np.mean(self.losses)) if math.isnan(loss) else loss)
        row = dict(
            step=float(self.step),
            train_loss=float(np.mean(self.losses)),
            validation_loss=loss,
            learning_rate=self.schedule.at(self.done),
            gradient_norm=float(np.mean(self.norms)),
            clipped=float(np.mean(np.array(self.norms) > self.options.clip_norm)),
        )
        self.rows.append([row[column] for column in COLUMNS])
        self.losses, self.norms = [], []
        self.pace.validated(self.step)
        self.finished = self.at_end or self.since_best >= self.options.patience
        # At the end of the schedule the steps are small and the weights settled.
        if self.at_end and loss <= _NOISE * self.best:
            self.best_step, self.best_weights = self.step, _copy(self.network)
        return row

    def checkpoint(self) -> Checkpoint:
        """All of it, as tensors and plain numbers."""
        tensors = {f"weights/{key}": value for key, value in self.network.state_dict().items()}
        tensors |= {f"best/{key}": value for key, value in self.best_weights.items()}
        tensors |= {f"optimiser/{key}": value for key, value in self.stepper.tensors().items()}
        if isinstance(self.source, Carrying):
            tensors |= {f"source/{key}": value for key, value in self.source.tensors().items()}
        tensors |= states(self.device)
        tensors["rows"] = torch.tensor(self.rows, dtype=torch.float64).reshape(-1, len(COLUMNS))
        tensors["best"] = torch.tensor(self.best, dtype=torch.float64)
        if (watched := self.watcher.state()) is not None:
            tensors["watched"] = watched
        tensors["losses"] = torch.tensor([self.losses, self.norms], dtype=torch.float64)
        plain = dict(step=self.step, done=self.done, best_step=self.best_step, since_best=self.since_best)
        return Checkpoint(tensors, dict(plain, finished=self.finished, schedule=asdict(self.schedule)))

    def restore(self, found: Checkpoint) -> None:
        """Go back to where `found` was saved."""
        tensors, state = found.tensors, found.state
        self.network.load_state_dict(_below(tensors, "weights/"))
        self.best_weights = _below(tensors, "best/")
        self.stepper.restore(_below(tensors, "optimiser/"))
        if isinstance(self.source, Carrying):
            self.source.restore(_below(tensors, "source/"))
        self.schedule = replace(self.schedule, **state["schedule"])
        self.random = {name: tensors.get(name, seeded) for name, seeded in self.random.items()}
        self.rows = tensors["rows"].tolist()
        self.losses, self.norms = tensors["losses"].tolist()
        self.step, self.since_best, self.finished = state["step"], state["since_best"], state["finished"]
        self.done = state.get("done", self.step)
        self.best, self.best_step = float(tensors["best"]), state["best_step"]
        if "watched" in tensors:
            self.watcher.restore(tensors["watched"])


def _loss(problem: Problem, precision: Callable[[], Any], network: nn.Module, batch: Any) -> Tensor:
    with precision():
        return problem.loss(network, batch)


def _again(loss: Callable[..., Tensor], network: nn.Module, source: Source, step: int) -> Tensor:
    return loss(network, source.glance(step))


def _copy(network: nn.Module) -> dict[str, Tensor]:
    return {key: value.detach().clone() for key, value in network.state_dict().items()}


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}
