"""How well `Transcriber` hears: CMU AN4 from its cepstra, and spoken digits of speakers that were never heard.

    python benchmarks/speech.py an4 --data ../shared/data/speech --out speech.json
    python benchmarks/speech.py an4 --decoder attention
    python benchmarks/speech.py digits --data ../shared/data/speech --folder digits

AN4: 948 training and 130 test recordings of other speakers, 13 cepstra every 10 ms (an4-mfcc.npz: features, offsets,
speaker, text, split). Digits: the Free Spoken Digit Dataset (free-spoken-digits.tar.xz), each of five speakers left out
in turn, sound to text. Nothing is chosen by test recordings: the training ends, and the language model is weighed, by
training speakers that are held out. Times are CPU seconds of one thread.
"""

from __future__ import annotations

import argparse
import json
import tarfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from common import machine

from recurra import Transcriber
from recurra.decoding.ctc.prefix_beam import Beam
from recurra.evaluation.transcripts.error_rates import evaluate_transcripts
from recurra.training import Run
from recurra.training.checkpoint import CheckpointFolder
from recurra.training.progress import default_progress

WORDS = "zero one two three four five six seven eight nine".split()


def an4(data: Path, epochs: float, hidden: int, decoder: Any, checkpoints: Path | None) -> dict[str, Any]:
    """The best path, and the beam with the lexicon and the trigrams of the training texts, by one network.

    With an attention decoder its greedy text and its beam, a share of whose score is CTC's.
    """
    found = np.load(data / "an4-mfcc.npz")
    ends = found["offsets"].astype(np.int64)
    features = found["features"]  # once: every look into the archive unpacks it
    frames = [features[a:b] for a, b in pairwise(ends)]
    texts, who = found["text"].astype(str), found["speaker"].astype(str)
    train, test = (np.flatnonzero(found["split"] == part) for part in ("train", "test"))
    training = {"epochs": epochs, "batch_size": 16, "learning_rate": 2e-3, "precision": "bfloat16"}
    network = {"hidden": hidden, "layers": 3}
    model = Transcriber(cell="lstm", normalise="speaker", decoder=decoder, network=network, training=training)
    begun = time.process_time()
    model.fit([frames[k] for k in train], texts[train].tolist(), groups=who[train], run=run_of(checkpoints, decoder))
    seconds = time.process_time() - begun
    fitted = model.model_
    spoken = [frames[k] for k in test]
    beam = "lexicon and trigrams" if decoder == "ctc" else "beam"
    said = {beam: model.predict(spoken, groups=who[test])}
    model.model_ = replace(fitted, beam=Beam(width=0))
    said["best path"] = model.predict(spoken, groups=who[test])
    evaluation = evaluate_transcripts(texts[test].tolist(), said, speakers=who[test])
    rows = evaluation.intervals[evaluation.intervals["score"] == "WER"].set_index("method")
    return {
        "cpu minutes of training": seconds / 60,
        "parameters": sum(p.numel() for p in model.module_.parameters()),
        "beam": vars(fitted.beam),
        "WER": {name: float(evaluation.table.loc[name, "WER"]) for name in said},  # pyright: ignore[reportArgumentType]
        "interval by speakers": {name: rows.loc[name, ["low", "high"]].to_numpy().tolist() for name in said},
        "CER": {name: float(evaluation.table.loc[name, "CER"]) for name in said},  # pyright: ignore[reportArgumentType]
    }


def digits(
    data: Path, folder: Path, epochs: float, checkpoints: Path | None, speakers: list[str], features: Any
) -> dict[str, Any]:
    """Each speaker left out: the error rate of the transcriber and of its baselines."""
    if not folder.exists():
        with tarfile.open(data / "free-spoken-digits.tar.xz") as archive:
            archive.extractall(folder, filter="data")
    files = sorted(map(str, folder.rglob("*.wav")))
    names = [Path(file).stem.split("_") for file in files]
    texts, who = np.array([WORDS[int(name[0])] for name in names]), np.array([name[1] for name in names])
    found: dict[str, Any] = {}
    for speaker in speakers or sorted(set(who)):
        learnt, left = np.flatnonzero(who != speaker), np.flatnonzero(who == speaker)
        training = {"epochs": epochs, "batch_size": 32, "learning_rate": 4e-3, "precision": "bfloat16"}
        augment = {"pace": 0.2, "warp": 0.2, "bands": 2, "noise": 0.3}  # of four speakers much has to be made
        network = {"hidden": 96, "layers": 2, "dropout": 0.4, "input_dropout": 0.1}
        model = Transcriber(features=features, network=network, training=training, augment=augment)
        begun = time.process_time()
        evaluation = model.study(
            [files[k] for k in learnt],
            texts[learnt].tolist(),
            test=([files[k] for k in left], texts[left].tolist()),
            groups=who[learnt],
            test_groups=who[left],
            run=run_of(checkpoints, f"digits-{speaker}"),
        )
        found[speaker] = {**evaluation.table["WER"].to_dict(), "cpu minutes": (time.process_time() - begun) / 60}
        print(speaker, found[speaker], flush=True)
    return found


def run_of(checkpoints: Path | None, name: str) -> Run:
    """With checkpoints that the same command goes on from."""
    folder = None if checkpoints is None else CheckpointFolder(checkpoints / name, {"run": name}, resume=True)
    return Run(checkpoints=folder, progress=default_progress(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("an4", "digits"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data/speech"))
    parser.add_argument("--folder", type=Path, default=Path("digits"), help="where the digits are unpacked")
    parser.add_argument("--epochs", type=float)
    parser.add_argument("--hidden", type=int, default=160)
    parser.add_argument("--speakers", nargs="*", default=[])
    parser.add_argument("--features", choices=("log-mel", "cepstra"), default="cepstra")
    parser.add_argument("--decoder", choices=("ctc", "attention"), default="ctc", help="of AN4")
    parser.add_argument("--checkpoints", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.what == "an4":
        found = an4(given.data, given.epochs or 24, given.hidden, given.decoder, given.checkpoints)
    else:
        found = digits(given.data, given.folder, given.epochs or 16, given.checkpoints, given.speakers, given.features)
    text = json.dumps(
        {"benchmark": given.what, **vars_of(given), "found": found, "machine": machine()}, indent=1, default=str
    )
    print(text)
    if given.out is not None:
        given.out.write_text(text + "\n", encoding="utf-8")


def vars_of(given: argparse.Namespace) -> dict[str, Any]:
    """What was asked for, without paths."""
    return {name: getattr(given, name) for name in ("epochs", "hidden", "features", "decoder")}


if __name__ == "__main__":
    main()
