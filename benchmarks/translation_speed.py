"""Training step, beam search and one sentence, beside the same in plain PyTorch; pairs in turns, one thread.

    python benchmarks/translation_speed.py

The network is that of `nn.encoder_decoder` with a GRU. Plain PyTorch has torch.nn's layers with the same weights,
packed sequences, logits of all steps and `cross_entropy`; its beam search goes a sentence at a time, a step of PyTorch
at a time, as tutorials do. Where losses or translations differ nothing is reported.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from recurra.decoding.beam import Beam
from recurra.nn.encoder_decoder import EncoderDecoder, EncoderDecoderOptions


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


def pairs_of(ours: Callable[[], Any], theirs: Callable[[], Any], times: int) -> tuple[float, float]:
    """Median CPU seconds of both, in turns."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for run, into in ((ours, taken[0]), (theirs, taken[1])):
            begun = time.process_time()
            run()
            into.append(time.process_time() - begun)
    return statistics.median(taken[0]), statistics.median(taken[1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    sizes = (("batch", 64), ("steps", 15), ("classes", 6000), ("embedding", 256), ("hidden", 192))
    for name, usual in (*sizes, ("pairs", 5), ("sentences", 12)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    given = parser.parse_args()
    torch.set_num_threads(1)
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
    for dtype in (torch.float32, torch.bfloat16):
        with torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32):
            ours, theirs = pairs_of(lambda: network(*batch).backward(), lambda: plain(*batch).backward(), given.pairs)
        name = str(dtype).removeprefix("torch.")
        print(
            f"training step, {name}: {count / ours:,.0f} target tokens a second against {count / theirs:,.0f}, "
            f"{theirs / ours:.2f} times as fast"
        )
    network.eval()
    some, most = source[:, : given.sentences], 2 * given.steps
    beam = Beam(begin=1, end=2, size=5, penalty=1.0, most=most, ngram=0, never=(1,))

    @torch.no_grad()
    def together(rows: Tensor) -> list[list[int]]:
        whole = torch.full((rows.shape[1],), len(rows))
        state = network.start(network.encode(rows, whole), 5)
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
    single, _ = pairs_of(lambda: together(some[:, :1]), lambda: None, 5)
    print(f"one sentence of {given.steps} tokens, at most {most} written: {1e3 * single:.1f} ms")


if __name__ == "__main__":
    main()
