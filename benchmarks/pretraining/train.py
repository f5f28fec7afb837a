"""Training: seeded, in steps or minutes, checkpointed, resumable; the same on a CPU and on a GPU."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from benchmarks.pretraining.batches import Batch, Batches
from benchmarks.pretraining.evaluate import Sets, geometric, scores
from benchmarks.pretraining.muon import Muon
from benchmarks.pretraining.recorded import Recorded

from recurra.nn.pretrained.loss import origin_loss, truth_at
from recurra.nn.pretrained.network import Pretrained, torch_recurrence
from recurra.nn.pretrained.shape import Shape
from recurra.nn.pretrained.weights import load_network, save_network


@dataclass(frozen=True)
class Plan:
    """How to train. With `minutes` the schedule follows the clock, with `steps` a run can be repeated bit by bit."""

    steps: int = 0
    minutes: float = 0.0
    rate: float = 2e-3
    warm: float = 0.03
    decay: float = 0.05
    clip: float = 1.0
    average: float = 0.999
    muon: bool = False
    muon_rate: float = 0.02
    seed: int = 1
    precision: str = "auto"  # auto: bfloat16 on a GPU, float32 on a CPU
    every_seconds: float = 45.0


class Trainer:
    """One network, its optimiser, its running average and the way to go on with it."""

    def __init__(
        self, shape: Shape, plan: Plan, batches: Batches, device: torch.device, folder: Path | None = None
    ) -> None:
        if not plan.steps and not plan.minutes:
            raise ValueError("steps=0 and minutes=0: give one of them")
        torch.manual_seed(plan.seed)
        self.shape, self.plan, self.batches, self.device, self.folder = shape, plan, batches, device, folder
        self.network = Pretrained(shape).to(device)
        self.average = [parameter.detach().clone() for parameter in self.network.parameters()]
        self.optimisers = _optimisers(self.network, plan, device)
        self.passes = Recorded(self.network, self._loss, device)
        self.step, self.spent = 0, 0.0
        self.best = math.inf

    def run(self, validation: Sets | None = None, say=print) -> list[tuple[float, float]]:
        """Train to the end; (progress, geometric mean) of every evaluation. An interrupted run goes on after `load`."""
        history = []
        begun, since, seen = time.monotonic() - self.spent, time.monotonic(), 0
        running = torch.zeros((), device=self.device)
        while self.progress < 1:
            running += self._step()
            seen += 1
            self.spent = time.monotonic() - begun
            if time.monotonic() - since > self.plan.every_seconds or self.progress >= 1:
                loss = float(running) / seen
                running.zero_()
                seen = 0
                line = f"{self.spent:7.1f} s step {self.step} {100 * self.progress:5.1f} % loss {loss:.4f}"
                if validation is not None:
                    mean = self._evaluate(validation)
                    history.append((self.progress, mean))
                    line += f" validation {mean:.4f} best {self.best:.4f}"
                if self.folder is not None:
                    self.save(self.folder)
                say(line)
                since = time.monotonic()
        return history

    @property
    def progress(self) -> float:
        done = self.step / self.plan.steps if self.plan.steps else 0.0
        return max(done, self.spent / (60 * self.plan.minutes) if self.plan.minutes else 0.0)

    def _step(self) -> torch.Tensor:
        plan = self.plan
        share = min(self.progress, 1.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["top"] * _rate(share, plan.warm)
        loss = self.passes(self.batches.batch(self.step))
        for parameter in self.network.parameters():
            if parameter.grad is not None:
                torch.nan_to_num_(parameter.grad, 0.0, 0.0, 0.0)  # one impossible window must not end a run
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), plan.clip)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        keep = min(plan.average, 1 - 1 / (1 + self.step / 10))
        latest = [p.detach() for p in self.network.parameters()]
        torch._foreach_lerp_(self.average, latest, 1 - keep)  # pyright: ignore[reportPrivateImportUsage]
        return loss

    def _loss(self, batch: Batch) -> torch.Tensor:
        precision = self.plan.precision
        half = precision == "bfloat16" or (precision == "auto" and self.device.type == "cuda")
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half, cache_enabled=False):
            quantiles, of = self.network(batch.shown, batch.zero, batch.lags, batch.scores, batch.at)
        truth = truth_at(batch.truth, of.last, of.unit, of.count, batch.at, self.shape.patch, self.shape.horizon)
        return origin_loss(quantiles.float(), truth)

    def averaged(self) -> Pretrained:
        """A network of the running average."""
        out = Pretrained(self.shape).to(self.device)
        with torch.no_grad():
            for parameter, value in zip(out.parameters(), self.average, strict=True):
                parameter.copy_(value)
        return out

    def _evaluate(self, validation: Sets) -> float:
        averaged = self.averaged()
        mean = geometric(scores(averaged, validation, self.device))
        if mean < self.best:
            self.best = mean
            self._write(averaged, "best", validation=mean)
        return mean

    def save(self, folder: Path) -> None:
        """All that is needed to go on: checkpoint.pt; and the averaged network: last.safetensors."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            "network": self.network.state_dict(),
            "average": self.average,
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "step": self.step,
            "spent": self.spent,
            "best": self.best,
        }
        torch.save(state, folder / "checkpoint.tmp")
        (folder / "checkpoint.tmp").replace(folder / "checkpoint.pt")
        self._write(self.averaged(), "last")

    def _write(self, network: Pretrained, name: str, **facts: float) -> None:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{name}.safetensors"
            save_network(network, path, torch.float32, step=self.step, **facts)

    def load(self, folder: Path) -> None:
        state = torch.load(folder / "checkpoint.pt", map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        for mine, stored in zip(self.average, state["average"], strict=True):
            mine.copy_(stored)
        for optimiser, stored in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(stored)
        self.step, self.spent, self.best = state["step"], state["spent"], state["best"]

    def begin_from(self, path: Path) -> None:
        """The weights of a network that was saved, with everything else as at the beginning."""
        self.network.load_state_dict(load_network(path, torch_recurrence).state_dict())
        self.average = [parameter.detach().clone() for parameter in self.network.parameters()]


def _rate(share: float, warm: float) -> float:
    """Up in a straight line, down along a cosine to a hundredth."""
    if share < warm:
        return max(share / warm, 0.01)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (share - warm) / (1 - warm)))


def _optimisers(network: Pretrained, plan: Plan, device: torch.device) -> list[torch.optim.Optimizer]:
    matrices = [p for name, p in network.named_parameters() if p.ndim == 2]
    rest = [p for p in network.parameters() if p.ndim != 2]
    fused = device.type == "cuda"
    adam = {"lr": plan.rate, "betas": (0.9, 0.98), "fused": fused}
    if plan.muon:
        # the matrices inside the network; what meets inputs and outputs stays with Adam
        inner = [p for name, p in network.named_parameters() if p.ndim == 2 and name.startswith("blocks")]
        ids = {id(p) for p in inner}
        outer = [p for p in network.parameters() if id(p) not in ids]
        chosen: list[torch.optim.Optimizer] = [
            Muon(inner, plan.muon_rate, plan.decay),
            torch.optim.AdamW(outer, weight_decay=plan.decay, **adam),
        ]
    else:
        groups = [{"params": matrices, "weight_decay": plan.decay}, {"params": rest, "weight_decay": 0.0}]
        chosen = [torch.optim.AdamW(groups, **adam)]
    for optimiser in chosen:
        for group in optimiser.param_groups:
            group["top"] = group["lr"]
    return chosen


def describe_plan(shape: Shape, plan: Plan) -> str:
    return json.dumps({**asdict(shape), **asdict(plan)})
