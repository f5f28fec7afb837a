"""Multi30k, or a table of pairs: BLEU of a translator trained for so many passes, with the CPU time that it took.

    python benchmarks/translation.py --data ../shared/data/translation --from de --to en
    python benchmarks/translation.py --pairs ../shared/data/translation/tatoeba-cmn-eng.tsv.gz --columns 2 1

A table is split by connected components of equal sides, a tenth of the pairs for the test; Multi30k has its test set.
Prints the CPU minutes of training and of translating, sacreBLEU (13a, cased) with its signature, the tokenised BLEU of
the tutorials (small letters), and the baselines. --out keeps the model file, --resume goes on with an interrupted run.
"""

from __future__ import annotations

import argparse
import gzip
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from recurra.evaluation.translation.scores import Counter, tokeniser_of
from recurra.tasks import Translator
from recurra.training import Run
from recurra.training.checkpoint import CheckpointFolder
from recurra.training.progress import ProgressBar


def main() -> None:
    """Train, evaluate and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    given_data = parser.add_mutually_exclusive_group(required=True)
    given_data.add_argument("--data", type=Path, help="the folder of Multi30k")
    given_data.add_argument("--pairs", type=Path, help="a table without a header, tabs between its columns")
    parser.add_argument(
        "--columns", type=int, nargs=2, default=(2, 1), help="of --pairs: sources, targets; 1 the first"
    )
    parser.add_argument("--from", dest="source", default="de")
    parser.add_argument("--to", dest="target", default="en")
    parser.add_argument("--epochs", type=float, help="of the training; its own default unless given")
    parser.add_argument("--cell", default="gru")
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()

    torch.set_num_threads(1)
    train, test = table(given.pairs, given.columns) if given.pairs else multi30k(given.data, given.source, given.target)
    run = None
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        fingerprint = {name: str(value) for name, value in vars(given).items() if name not in ("resume", "out")}
        run = Run(checkpoints=CheckpointFolder(given.out / "run", fingerprint, given.resume), progress=ProgressBar())
    training = None if given.epochs is None else {"epochs": given.epochs}
    model = Translator(cell=given.cell, members=given.members, training=training, seed=given.seed, verbose=True)
    begun = time.process_time()
    evaluation = model.study(*train, test=test, run=run)
    taken = time.process_time() - begun
    said, data = model.holdout_.produced, model.holdout_.data
    begun = time.process_time()
    model.predict(data.sources)
    translated = time.process_time() - begun
    lower = Counter(tokeniser_of(data.targets), lowercase=True).scores(said, data.targets)["BLEU"].value
    print(f"training, baselines and evaluation: {taken / 60:.1f} CPU minutes")
    print(
        f"translating {len(said):,} sentences: {translated:.1f} CPU seconds, {1e3 * translated / len(said):.1f} ms each"
    )
    print(evaluation.table.round(2).to_string())
    print(f"tokenised, small letters: {lower:.2f}")
    print(model.signature_)
    print(evaluation.verdict.sentence)
    if given.out is not None:
        model.save(given.out / "model.safetensors")
        model.results().to_csv(given.out / "translations.csv", index=False)


def multi30k(folder: Path, source: str, target: str) -> tuple[tuple[list[str], list[str]], Any]:
    """Its training pairs, and those of the test set of 2016."""
    train, test = (
        (read(folder / f"multi30k-{part}.{source}.gz"), read(folder / f"multi30k-{part}.{target}.gz"))
        for part in ("train", "test_2016_flickr")
    )
    return train, test


def table(path: Path, columns: Sequence[int]) -> tuple[tuple[list[str], list[str]], None]:
    """All pairs of a table; the estimator splits them."""
    rows = [line.split("\t") for line in read(path)]
    sources, targets = ([row[column - 1] for row in rows] for column in columns)
    return (sources, targets), None


def read(path: Path) -> list[str]:
    """The lines of a compressed file."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return stream.read().splitlines()


if __name__ == "__main__":
    main()
