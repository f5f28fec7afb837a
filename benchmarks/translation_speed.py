"""Training step, beam search and one sentence, beside the same in plain PyTorch; pairs in turns, one thread.

    python benchmarks/translation_speed.py
    python benchmarks/translation_speed.py --model model.safetensors --data ../shared/data/translation

The network is that of `nn.encoder_decoder` with a GRU. Plain PyTorch has torch.nn's layers with the same weights,
packed sequences, logits of all steps and `cross_entropy`; its beam search goes a sentence at a time, a step of PyTorch
at a time, as tutorials do. Where losses or translations differ nothing is reported. A training step is timed in float32
and under autocast in bfloat16, which is Recurra's default where the processor has AMX, both networks in both.

With a model (translation.py --out writes one) sentences of Multi30k's test set are translated one at a time, with
weights of 8 bits, as the translator does, and of float32: milliseconds, BLEU, and how many translations are the same.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from translation import multi30k

from recurra import load
from recurra.decoding.beam import Beam
from recurra.decoding.greedy import Greedy
from recurra.evaluation.translation.scores import Counter, tokeniser_of
from recurra.heap import keeping
from recurra.nn.encoder_decoder import EncoderDecoder, EncoderDecoderOptions
from recurra.tasks.translate import model


class Plain(nn.Module):
    """The same network by torch.nn."""

    def __init__(self, ours: EncoderDecoder) -> None:
        super().__init__()
        core, options = ours.core, ours.options
        width, units = options.embedding, 2 * options.hidden
        self.table, self.bias = ours.table, ours.output.bias
        self.encoder = nn.GRU(width, options.hidden, bidirectional=True)
        self.lower, self.upper = nn.GRU(width, units), nn.GRU(2 * units, units)
        self.attention, self.join, self.gist, self.leave = core.attention, core.join, core.gist, core.leave
        for name in ("encoder", "lower", "upper"):
            getattr(self, name).load_state_dict(getattr(core, name).state_dict())

    def read(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Memory [B, S, D] and which of its steps are there."""
        packed = pack_padded_sequence(functional.embedding(source, self.table), lengths, enforce_sorted=False)
        outputs, _ = pad_packed_sequence(self.encoder(packed)[0], total_length=len(source))
        there = torch.arange(len(source)) < lengths.unsqueeze(1)
        return self.join(outputs).transpose(0, 1) * there.unsqueeze(-1), there

    def write(self, tokens: Tensor, memory: Tensor, there: Tensor, states: Any = None) -> tuple[Tensor, Any]:
        """Logits [T, B, V] and the states after them."""
        gist = self.gist(memory.sum(1) / there.sum(1, keepdim=True))
        one, other = states or (None, None)
        lower, one = self.lower(functional.embedding(tokens, self.table) + gist, one)
        context, _ = self.attention(lower.transpose(0, 1), self.attention.keys(memory), memory, there)
        context = context.transpose(0, 1)
        upper, other = self.upper(torch.cat([lower, context], dim=-1), other)
        features = self.leave(torch.cat([upper, context], dim=-1))
        return functional.linear(features, self.table, self.bias), (one, other)

    def forward(self, source: Tensor, lengths: Tensor, tokens: Tensor, targets: Tensor) -> Tensor:
        """The mean loss."""
        logits, _ = self.write(tokens, *self.read(source, lengths))
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1, label_smoothing=0.1)


@torch.no_grad()
def plain_beam(network: Plain, source: Tensor, size: int, penalty: float, most: int) -> list[int]:
    """The best translation of one sentence [S]: a loop over steps and beginnings."""
    memory, there = network.read(source.unsqueeze(1), torch.tensor([len(source)]))
    beams: list[tuple[float, list[int], Any]] = [(0.0, [1], None)]
    best: tuple[float, list[int]] = (float("-inf"), [])
    for _ in range(most + 1):
        found = []
        for score, tokens, states in beams:
            logits, after = network.write(torch.tensor([[tokens[-1]]]), memory, there, states)
            logs = logits[0, 0].log_softmax(-1)
            logs[1] = float("-inf")
            if len(tokens) > most:
                logs[:2], logs[3:] = float("-inf"), float("-inf")
            values, places = logs.topk(2 * size)
            found += [(score + v, [*tokens, p], after) for v, p in zip(values.tolist(), places.tolist(), strict=True)]
        found = sorted(found, key=lambda each: -each[0])[: 2 * size]
        length = ((5 + len(found[0][1]) - 1) / 6) ** penalty
        for score, tokens, _state in found[:size]:
            if tokens[-1] == 2 and score / length > best[0]:
                best = score / length, tokens[1:-1]
        beams = [each for each in found if each[1][-1] != 2][:size]
        if not beams or beams[0][0] / ((5 + most) / 6) ** penalty <= best[0]:
            break
    return best[1]


@keeping()  # as in a training, for both
def training_steps(networks: tuple[nn.Module, nn.Module], batch: Any, times: int) -> dict[tuple[str, str], float]:
    """Median CPU seconds of a loss and its gradients, of both networks in both dtypes, in turns."""
    taken: dict[tuple[str, str], list[float]] = {}
    for turn in range(times + 1):
        for dtype in ("float32", "bfloat16"):
            for name, network in zip(("ours", "theirs"), networks, strict=True):
                begun = time.process_time()
                with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
                    loss = network(*batch)
                loss.backward()
                if turn:  # the first prepares products
                    taken.setdefault((name, dtype), []).append(time.process_time() - begun)
                network.zero_grad()
    return {key: statistics.median(each) for key, each in taken.items()}


def pairs_of(ours: Callable[[], Any], theirs: Callable[[], Any], times: int) -> tuple[float, float]:
    """Median CPU seconds of both, in turns."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for run, into in ((ours, taken[0]), (theirs, taken[1])):
            begun = time.process_time()
            run()
            into.append(time.process_time() - begun)
    return statistics.median(taken[0]), statistics.median(taken[1])


def one_at_a_time(path: Path, folder: Path, source: str, target: str, count: int) -> None:
    """A model's translations of sentences alone, with weights of 8 bits and of float32 in turns."""
    found: Any = load(path)
    _, (texts, truths) = multi30k(folder, source, target)
    texts, truths = texts[:count], truths[:count]
    small, said, taken = model._SMALL, {"8 bits": [], "float32": []}, {"8 bits": [], "float32": []}
    for text in (*texts[:3], *texts):  # the first ones pack weights
        for name in said:
            model._SMALL = small if name == "8 bits" else float("inf")
            begun = time.process_time()
            said[name] += found.predict([text])
            taken[name].append(time.process_time() - begun)
    model._SMALL = small
    score = Counter(tokeniser_of(truths)).scores
    same = sum(one == other for one, other in zip(said["8 bits"][3:], said["float32"][3:], strict=True))
    together = found.predict(texts)
    for name, every in said.items():
        print(
            f"{name}: {1e3 * statistics.median(taken[name][3:]):.1f} ms a sentence (median), "
            f"BLEU {score(every[3:], truths)['BLEU'].value:.2f}"
        )
    alone = sum(one == other for one, other in zip(together, said["8 bits"][3:], strict=True))
    print(f"{same} of {len(texts)} the same with both; {alone} of 8 bits the same alone and together")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--data", type=Path, help="the folder of Multi30k, for --model")
    parser.add_argument("--from", dest="source", default="de")
    parser.add_argument("--to", dest="target", default="en")
    sizes = (("batch", 64), ("steps", 15), ("classes", 6000), ("embedding", 256), ("hidden", 192))
    for name, usual in (*sizes, ("pairs", 5), ("sentences", 12)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.model is not None:
        return one_at_a_time(given.model, given.data, given.source, given.target, given.sentences)
    torch.manual_seed(0)
    options = EncoderDecoderOptions(
        embedding=given.embedding, hidden=given.hidden, dropout=0.0, recurrent_dropout=0.0, word_dropout=0.0
    )
    network = EncoderDecoder(None, given.classes, "gru", options)
    plain = Plain(network)
    source = torch.randint(3, given.classes, (given.steps, given.batch))
    lengths = torch.randint(given.steps // 2, given.steps + 1, (given.batch,))
    lengths[0] = given.steps
    tokens = torch.randint(3, given.classes, (given.steps, given.batch))
    targets = torch.randint(3, given.classes, (given.steps, given.batch))
    batch = (source, lengths, tokens, targets)
    one, other = float(network(*batch).detach()), float(plain(*batch).detach())
    if abs(one - other) > 1e-3 * other:
        raise SystemExit(f"the losses differ, {one:g} and {other:g}: nothing is reported")
    count = given.steps * given.batch
    taken = training_steps((network, plain), batch, given.pairs)
    for ours, theirs in (("float32", "float32"), ("bfloat16", "bfloat16"), ("bfloat16", "float32")):
        one, other = taken["ours", ours], taken["theirs", theirs]
        print(
            f"training step, {ours} against PyTorch in {theirs}: {count / one:,.0f} target tokens a second against "
            f"{count / other:,.0f}, {other / one:.2f} times as fast"
        )
    network.eval()
    some, most = source[:, : given.sentences], 2 * given.steps
    beam = Beam(begin=1, end=2, size=5, penalty=1.0, most=most, ngram=0, never=(1,))

    @torch.no_grad()
    def together(rows: Tensor, int8: bool = False) -> list[list[int]]:
        whole = torch.full((rows.shape[1],), len(rows))
        state = network.start(network.encode(rows, whole), 5, int8=int8)
        return [each.tolist() for each in beam.decode(lambda t, s: (s.step(t), s), state, rows.shape[1])]

    def apart() -> list[list[int]]:
        return [plain_beam(plain, row, 5, 1.0, most) for row in some.T]

    if together(some) != apart():
        raise SystemExit("the translations differ: nothing is reported")
    ours, theirs = pairs_of(lambda: together(some), apart, 1)
    print(
        f"beam of 5, {given.sentences} sentences: {ours:.2f} s against {theirs:.2f} s, "
        f"{theirs / ours:.1f} times as fast"
    )
    alone = some[:, :1]

    @torch.no_grad()
    def greedily() -> None:
        state = network.start(network.encode(alone, torch.tensor([len(alone)])), int8=True)
        Greedy(begin=1, end=2, most=most + 1).decode(lambda t, s: (s.step(t), s), state, 1)

    together(alone, True)
    single, exact = pairs_of(lambda: together(alone, True), lambda: together(alone), 15)
    greedy, _ = pairs_of(greedily, lambda: None, 15)
    print(
        f"one sentence of {given.steps} tokens, at most {most} written: {1e3 * single:.1f} ms with weights of 8 bits, "
        f"{1e3 * exact:.1f} ms of float32; greedy, 8 bits, {1e3 * greedy:.1f} ms"
    )


if __name__ == "__main__":
    main()
