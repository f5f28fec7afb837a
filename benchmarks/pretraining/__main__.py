"""`python -m benchmarks.pretraining pack|train|evaluate`: from the corpus to the weights and their figures."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path

import torch
from benchmarks.pretraining.batches import Batches
from benchmarks.pretraining.corpus import Pack, Real, corpus_folder, pack_training
from benchmarks.pretraining.evaluate import geometric, load_sets, save_sets, scores, windows_of
from benchmarks.pretraining.sources import HELD_OUT, VALIDATION
from benchmarks.pretraining.train import Plan, Trainer, describe_plan

from recurra.nn.pretrained.shape import Shape
from recurra.nn.pretrained.weights import load_network


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pretraining", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    pack = commands.add_parser("pack", help="read the corpus once: training.npz, validation.npz and held-out.npz")
    pack.add_argument("folder", type=Path)
    pack.add_argument("--corpus")
    pack.add_argument("--context", type=int, default=Shape.context)
    pack.add_argument("--most", type=int, default=150, help="windows of a set")
    train = commands.add_parser("train", help="train on a folder that `pack` made")
    train.add_argument("folder", type=Path, help="with training.npz and validation.npz")
    train.add_argument("--out", type=Path, required=True)
    train.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    train.add_argument("--begin-from", type=Path, help="weights to start from, a .safetensors of an earlier run")
    train.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    train.add_argument("--batch", type=int, default=256)
    train.add_argument("--pool", type=int, default=8192)
    train.add_argument("--chunk", type=int, default=2048)
    train.add_argument("--uses", type=float, default=3.0)
    train.add_argument("--real-share", type=float, default=0.4)
    train.add_argument("--no-seasons", action="store_true")
    for of in (Shape, Plan):
        for field in fields(of):
            name = "--" + field.name.replace("_", "-")
            if isinstance(field.default, bool):
                train.add_argument(name, action="store_true")
            else:
                train.add_argument(name, type=type(field.default), default=field.default)
    evaluate = commands.add_parser("evaluate", help="figures of a network on the sets of a folder")
    evaluate.add_argument("network", type=Path)
    evaluate.add_argument("folder", type=Path)
    figures = commands.add_parser("figures", help="the tables: M4 Weekly, M1, well-known sets")
    figures.add_argument("network", type=Path)
    figures.add_argument("--data")
    given = parser.parse_args(arguments)
    {"pack": _pack, "train": _train, "evaluate": _evaluate, "figures": _figures}[given.command](given)


def _pack(given: argparse.Namespace) -> None:
    corpus = corpus_folder(given.corpus)
    given.folder.mkdir(parents=True, exist_ok=True)
    pack_training(corpus).save(given.folder / "training.npz")
    save_sets(windows_of(corpus, VALIDATION, given.context, given.most), given.folder / "validation.npz")
    save_sets(windows_of(corpus, HELD_OUT, given.context, 2 * given.most), given.folder / "held-out.npz")


def _train(given: argparse.Namespace) -> None:
    device = torch.device(given.device)
    shape = Shape(**{field.name: getattr(given, field.name) for field in fields(Shape)})
    plan = Plan(**{field.name: getattr(given, field.name) for field in fields(Plan)})
    training = given.folder / "training.npz"
    real = Real(Pack.load(training), device) if training.exists() else None
    batches = Batches(
        shape, given.batch, real, plan.seed, device, real_share=given.real_share, chunk=given.chunk, pool=given.pool,
        uses=given.uses, seasons=not given.no_seasons,
    )  # fmt: skip
    trainer = Trainer(shape, plan, batches, device, given.out)
    if given.begin_from:
        trainer.begin_from(given.begin_from)
    if given.resume:
        trainer.load(given.out)
    parameters = sum(parameter.numel() for parameter in trainer.network.parameters())
    print(f"{parameters:,} parameters {describe_plan(shape, plan)}", flush=True)
    trainer.run(load_sets(given.folder / "validation.npz"), say=lambda line: print(line, flush=True))


def _evaluate(given: argparse.Namespace) -> None:
    network = load_network(given.network)
    for name in ("validation", "held-out"):
        of = scores(network, load_sets(given.folder / f"{name}.npz"))
        print(json.dumps(of, indent=1))
        print(
            f"{name}: geometric mean of MASE over seasonal naive {geometric(of):.4f}, CRPS {geometric(of, 'crps'):.4f}"
        )


def _figures(given: argparse.Namespace) -> None:
    from benchmarks.pretraining.figures import COMPETITIONS, SERIES, competition, data_folder, rolling

    from recurra.nn.pretrained.series import zero_shot

    network, folder = load_network(given.network), data_folder(given.data)

    def zero(history, horizon):
        return zero_shot(history, horizon, network=network)

    for name in COMPETITIONS:
        print(name, {key: round(value, 4) for key, value in competition(folder, name, zero).items()}, flush=True)
    for file in SERIES:
        print(file, {key: round(value, 4) for key, value in rolling(folder, file, zero).items()}, flush=True)


if __name__ == "__main__":
    main()
