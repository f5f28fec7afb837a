"""Batches of pairs: as many steps as a multiple of four, of which those that are added teach nothing."""

from __future__ import annotations

import torch

from recurra.data.demo.phrases import make_phrases
from recurra.data.pairs.pairs import Pairs
from recurra.data.pairs.subwords import Subwords
from recurra.nn.encoder_decoder import EncoderDecoder, EncoderDecoderOptions
from recurra.tasks.translate.problem import Batch, EncodedPairs


def test_steps_that_are_added_teach_nothing():
    table = make_phrases(20)
    pairs = Pairs(tuple(table["lumi"]), tuple(table["english"]))
    assert pairs.targets is not None
    words = Subwords.learn([*pairs.sources, *pairs.targets], 100)
    data = EncodedPairs.of(pairs, words, words)
    torch.manual_seed(0)
    network = EncoderDecoder(None, len(words.tokens), "gru", EncoderDecoderOptions(embedding=6, hidden=5)).eval()
    batch = data.batch(torch.arange(9))
    assert len(batch.source) % 4 == len(batch.targets) % 4 == 0
    steps = int((batch.targets >= 0).sum(0).max())
    bare = Batch(batch.source[: int(batch.lengths.max())], batch.lengths, batch.tokens[:steps], batch.targets[:steps])
    learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
    losses, grads = [], []
    for each in (batch, bare):
        losses.append(network(*each))
        grads.append(torch.autograd.grad(losses[-1], learnt))
    torch.testing.assert_close(losses[0], losses[1])
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other)
