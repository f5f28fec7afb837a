"""How well `Voice` speaks Mandarin: sentences that it did not learn from, heard by a recogniser, beside re-synthesis.

    python benchmarks/voice.py --data ../shared/data/tts --folder hsk --out voice.json --samples samples

1,546 sentences of the HSK's levels 1 to 3, 44.8 minutes at 24 kHz (hsk1-3-mandarin.tar, hsk-sentences.jsonl.xz). The
voice in these recordings is itself synthetic, and more even than people are. A tenth of the sentences is the test part;
nothing is chosen by them. The recogniser (CTC, no language model) is trained on the other recordings alone; it errs in
syllables, tones included. Times are CPU seconds of one thread.
"""

from __future__ import annotations

import argparse
import json
import lzma
import tarfile
import time
from pathlib import Path
from typing import Any

from common import machine

from recurra import Voice
from recurra.evaluation.shared.evaluation import MODEL
from recurra.tasks.speak.results import write_sound
from recurra.training import Run
from recurra.training.checkpoint import CheckpointFolder
from recurra.training.progress import default_progress

SAYS = ("你好，很高兴认识你。", "明天下午我们一起去看电影，好吗？")


def mandarin(data: Path, folder: Path) -> tuple[list[str], list[str]]:
    """The sound files and their texts."""
    if not folder.exists():
        with tarfile.open(data / "hsk1-3-mandarin.tar") as archive:
            archive.extractall(folder, filter="data")
    with lzma.open(data / "hsk-sentences.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    there = [row for row in rows if (folder / f"{row['id']}.mp3").is_file()]
    return [str(folder / f"{row['id']}.mp3") for row in there], [row["chinese"] for row in there]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/tts"))
    parser.add_argument("--folder", type=Path, default=Path("hsk"), help="where the recordings are unpacked")
    parser.add_argument("--recordings", type=int, help="so many of them only, for a trial")
    parser.add_argument("--training", type=json.loads, help='options of the voice: {"epochs": 20}')
    parser.add_argument("--listening", type=json.loads, help="options of the aligner and the recogniser")
    parser.add_argument("--checkpoints", type=Path)
    parser.add_argument("--samples", type=Path, help="where sentences are written as sound")
    parser.add_argument("--model", type=Path, help="where the voice is written")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    files, texts = mandarin(given.data, given.folder)
    if given.recordings:
        step = max(1, len(files) // given.recordings)
        files, texts = files[::step], texts[::step]
    asked = {"training": given.training, "listening": given.listening}
    checkpoints = None
    if given.checkpoints is not None:
        checkpoints = CheckpointFolder(given.checkpoints, {"run": "voice", **asked}, resume=True)
    voice = Voice(**asked)
    begun = time.process_time()
    evaluation = voice.study(files, texts, run=Run(checkpoints=checkpoints, progress=default_progress(None)))
    seconds = time.process_time() - begun
    if given.model is not None:
        voice.save(given.model)
    rehearsal = voice.holdout_.produced
    words = sum(rehearsal.words)
    ours, best = (sum(each.wrong for each in rows) / words for rows in (rehearsal.methods[MODEL], rehearsal.again))
    if given.samples is not None:
        _write(voice, given.samples)
    found: dict[str, Any] = {
        "sentences": {"learnt from": len(files) - len(voice.holdout_.rows), "tested": len(rehearsal.words)},
        "scores": {str(name): row.to_dict() for name, row in evaluation.table.iterrows()},
        "syllable error": {"voice": ours, "re-synthesis": best, "points above": 100 * (ours - best)},
        "real-time factor": rehearsal.real_time,
        "cpu minutes of learning and evaluation": seconds / 60,
        "parameters": [sum(p.numel() for p in network.parameters()) for network in voice.module_],
        "verdict": evaluation.verdict.sentence,
        "notes": list(evaluation.notes),
    }
    text = json.dumps({"benchmark": "voice", **asked, "found": found, "machine": machine()}, indent=1, default=str)
    print(text)
    if given.out is not None:
        given.out.write_text(text + "\n", encoding="utf-8")


def _write(voice: Voice, folder: Path) -> None:
    """Two texts of its own, and three test sentences beside their re-synthesis."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, sound in enumerate(voice.predict(SAYS)):
        write_sound(folder / f"said-{k}.wav", sound.samples, sound.rate)
    model, rehearsal = voice.model_, voice.holdout_.produced
    for k in range(min(3, len(rehearsal.words))):
        for name, each in (("voice", rehearsal.methods[MODEL][k]), ("again", rehearsal.again[k])):
            write_sound(folder / f"test-{k}-{name}.wav", model.samples(each.bands), model.vocoder.kind.rate)


if __name__ == "__main__":
    main()
