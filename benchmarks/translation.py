"""Multi30k (or any pairs): BLEU of a translator that was trained for so many passes, with the CPU time that it took.

    python benchmarks/translation.py --data ../shared/data/translation --from de --to en --epochs 12

Prints the CPU minutes of training and of translating, sacreBLEU (13a, cased) with its signature, the tokenised BLEU of
the tutorials (small letters), and the baselines. --out keeps the model file, --resume goes on with an interrupted run.
"""

from __future__ import annotations

import argparse
import gzip
import time
from pathlib import Path

import torch

from recurra.evaluation.translation.scores import Counter
from recurra.tasks import Translator
from recurra.training import Run
from recurra.training.checkpoint import CheckpointFolder
from recurra.training.progress import ProgressBar


def main() -> None:
    """Train, evaluate and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--from", dest="source", default="de")
    parser.add_argument("--to", dest="target", default="en")
    parser.add_argument("--epochs", type=float, default=12.0)
    parser.add_argument("--cell", default="gru")
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()

    torch.set_num_threads(1)
    train = [read(given.data / f"multi30k-train.{side}.gz") for side in (given.source, given.target)]
    test = [read(given.data / f"multi30k-test_2016_flickr.{side}.gz") for side in (given.source, given.target)]
    run = None
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        fingerprint = {name: str(value) for name, value in vars(given).items() if name not in ("resume", "out")}
        run = Run(checkpoints=CheckpointFolder(given.out / "run", fingerprint, given.resume), progress=ProgressBar())
    model = Translator(
        cell=given.cell, members=given.members, training={"epochs": given.epochs}, seed=given.seed, verbose=True
    )
    begun = time.process_time()
    evaluation = model.study(*train, test=(test[0], test[1]), run=run)
    taken = time.process_time() - begun
    said = model.holdout_.produced
    begun = time.process_time()
    model.predict(test[0])
    translated = time.process_time() - begun
    lower = Counter(lowercase=True).scores(said, test[1])["BLEU"].value
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


def read(path: Path) -> list[str]:
    """The lines of a compressed file."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return stream.read().splitlines()


if __name__ == "__main__":
    main()
