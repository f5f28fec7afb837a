"""Training on several processes, by Lightning Fabric."""

from __future__ import annotations

import copy
import gc
import importlib.util
import json
import os
import tempfile
import traceback
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.multiprocessing.spawn import ProcessException

from recurra.errors import InputError, RecurraError, TrainingError
from recurra.files import whole_file
from recurra.language import _, listing
from recurra.options import spelling, spelt
from recurra.training.callback import MakeWatcher
from recurra.training.interrupt import graceful_interrupt
from recurra.training.loop import Problem, train
from recurra.training.options import TrainingOptions
from recurra.training.progress import quiet
from recurra.training.record import TrainingRecord
from recurra.training.run import Run

_REFUSAL = "refusal"


def train_on(
    devices: int,
    problem: Problem,
    options: TrainingOptions,
    *,
    seed: int,
    name: str,
    steps: int,
    label: str,
    run: Run,
    watch: MakeWatcher | None = None,
) -> TrainingRecord:
    """As `train`, with every batch shared among `devices` processes; leaves the best weights in `problem.network`.

    The processes are spawned: a program that calls this needs its `if __name__ == "__main__":`.
    """
    if importlib.util.find_spec("lightning_fabric") is None:
        raise InputError(
            _("devices is {devices}, which needs Lightning Fabric: pip install 'recurra[distributed]'", devices=devices)
        )
    from lightning_fabric import Fabric  # it takes a second to import, and one process does not need it
    from lightning_fabric.strategies.ddp import DDPStrategy

    _check_place(run.nodes)
    on_gpu = next(problem.network.parameters()).device.type == "cuda"
    strategy = DDPStrategy(start_method="spawn", process_group_backend="nccl" if on_gpu else "gloo")
    fabric = Fabric(accelerator="cuda" if on_gpu else "cpu", devices=devices, num_nodes=run.nodes, strategy=strategy)
    # Ctrl-C reaches every process: those that train stop by themselves, and this one waits for their weights.
    with tempfile.TemporaryDirectory() as folder, graceful_interrupt():
        try:
            fabric.launch(cast(Any, _work), _Job(problem, options, seed, name, steps, label, run, folder, watch))
        except ProcessException as error:  # it raised, or it was killed when the one that refused had left
            refusal = Path(folder) / _REFUSAL
            if refusal.exists():
                raise TrainingError(refusal.read_text(encoding="utf-8")) from error
            raise
        weights = load_file(Path(folder) / "weights.safetensors")
        record = load_file(Path(folder) / "record.safetensors")
    problem.network.load_state_dict(weights)
    best_step, steps, interrupted = (int(value) for value in record["state"])
    watched = record.get("watched")
    remarks = tuple(json.loads(record["remarks"].numpy().tobytes()))
    rows, best = record["rows"].numpy(), float(record["best"])
    return TrainingRecord(rows, best, best_step, steps, bool(interrupted), watched, remarks)


def _check_place(nodes: int) -> None:
    """Raise InputError where the environment does not say which of several machines this is."""
    missing = [name for name in ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK") if name not in os.environ]
    if nodes > 1 and missing:
        raise InputError(
            _(
                "{nodes} machines train together, but {missing} is not set: set MASTER_ADDR and MASTER_PORT to where "
                "the first one is, and NODE_RANK to the number of this one, from 0",
                nodes=nodes,
                missing=listing(missing),
            )
        )


class _Job:
    """The arguments of `_work`; no dataclass, because Fabric would take it apart and cannot put frozen ones back."""

    def __init__(
        self,
        problem: Problem,
        options: TrainingOptions,
        seed: int,
        name: str,
        steps: int,
        label: str,
        run: Run,
        folder: str,
        watch: MakeWatcher | None,
    ) -> None:
        self.problem, self.options, self.run, self.folder = problem, options, run, Path(folder)
        self.spelling = spelling()
        self.details: dict[str, Any] = dict(seed=seed, name=name, steps=steps, label=label, watch=watch)


def _work(fabric: Any, job: _Job) -> None:
    leads = fabric.global_rank == 0
    run = job.run if leads else replace(job.run, log=None, progress=quiet())
    # The processes were handed one memory, and each has to step weights of its own.
    job.problem.network = network = copy.deepcopy(job.problem.network)
    with _Membership(), spelt(job.spelling):
        try:
            record = train(job.problem, job.options, **job.details, run=run, parallel=_Several(fabric))
        except RecurraError as error:
            # What comes back from a spawned process is a traceback; the user gets the words. They have to be there
            # before this process leaves the group, for then the others fail and the launcher ends them all.
            with whole_file(job.folder / _REFUSAL) as temporary:
                temporary.write_text(str(error), encoding="utf-8")
            raise
    if fabric.local_rank == 0:  # on each machine
        save_file({k: v.contiguous() for k, v in network.state_dict().items()}, job.folder / "weights.safetensors")
        tensors = {
            "rows": torch.from_numpy(record.rows).contiguous(),
            "best": torch.tensor(record.best, dtype=torch.float64),
            "remarks": torch.frombuffer(bytearray(json.dumps(record.remarks).encode()), dtype=torch.uint8),
            "state": torch.tensor([record.best_step, record.steps, int(record.interrupted)]),
        }
        if record.watched is not None:
            tensors["watched"] = record.watched
        save_file(tensors, job.folder / "record.safetensors")


class _Membership:
    """In the process group until the work ends, in whatever way; then its threads are joined.

    A thread that is left when Python ends is killed in the midst of its C++, which aborts the process. The threads live
    as long as the group does, and that as long as anybody knows it: the frames of an error would.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        traceback.clear_frames(frames)
        gc.collect()
        torch.distributed.destroy_process_group()


class _Several:
    """The `Parallel` of one process among several."""

    def __init__(self, fabric: Any) -> None:
        self._fabric = fabric
        self.leads, self.alone = fabric.global_rank == 0, False

    def place(self, network: nn.Module) -> nn.Module:
        return self._fabric.to_device(network)

    def share(self, numbers: Tensor) -> Tensor:
        # Every process has at least one example, or its gradient would be a mean over nothing.
        size, rank = self._fabric.world_size, self._fabric.global_rank
        return numbers[rank::size].contiguous() if len(numbers) >= size else numbers

    def average(self, gradient: Tensor) -> None:
        # Not DistributedDataParallel: of a flat gradient one call does, and it would keep the process group for ever.
        gradient.copy_(self._fabric.all_reduce(gradient, reduce_op="mean"))

    def any(self, asked: bool) -> bool:
        return bool(self._fabric.all_reduce(torch.tensor(float(asked)), reduce_op="sum") > 0)
