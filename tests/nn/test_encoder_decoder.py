"""Encoder, attention and decoder: step by step as all at once, padding, beams that follow one another, learning."""

from __future__ import annotations

import pytest
import torch

from recurra.errors import InputError
from recurra.nn.attention import Attention
from recurra.nn.encoder_decoder import EncoderDecoder, EncoderDecoderOptions

KINDS = [("gru", "multiplicative"), ("lstm", "additive"), ("mingru", "multiplicative"), ("transformer", "additive")]
SMALL = EncoderDecoderOptions(embedding=8, hidden=6, layers=2, heads=2, dropout=0.2)


def made(cell: str, form: str = "multiplicative", sources: int | None = 13) -> EncoderDecoder:
    torch.manual_seed(0)
    options = EncoderDecoderOptions(**{**vars(SMALL), "attention": form})
    return EncoderDecoder(sources, 11, cell, options)


@pytest.mark.parametrize(("cell", "form"), KINDS)
@torch.no_grad()
def test_steps_are_the_whole(cell, form):
    network = made(cell, form).eval()
    source, lengths = torch.randint(1, 13, (7, 3)), torch.tensor([7, 1, 4])
    tokens = torch.randint(1, 11, (5, 3))
    memory = network.encode(source, lengths)
    features, shares = network.read_out(tokens, memory)
    whole, state = network.logits(features), network.start(memory)
    for t, token in enumerate(tokens):
        logits, state = network.step(token, state)
        torch.testing.assert_close(logits, whole[t], rtol=1e-4, atol=1e-5)
    assert shares.shape == (3, 5, 7)
    torch.testing.assert_close(shares.sum(-1), torch.ones(3, 5))
    assert float(shares[1, :, 1:].sum()) == 0


@pytest.mark.parametrize(("cell", "form"), KINDS)
@torch.no_grad()
def test_padding_changes_nothing(cell, form):
    network = made(cell, form).eval()
    source, tokens = torch.randint(1, 13, (4, 1)), torch.randint(1, 11, (3, 1))
    alone = network.read_out(tokens, network.encode(source, torch.tensor([4])))[0]
    beside = torch.cat([source, torch.randint(1, 13, (4, 1))], dim=1)
    beside = torch.cat([beside, torch.randint(1, 13, (5, 2))])
    memory = network.encode(beside, torch.tensor([4, 9]))
    together = network.read_out(tokens.expand(-1, 2), memory)[0][:, :1]
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("cell", "form"), KINDS)
@torch.no_grad()
def test_rows_follow_others(cell, form):
    """Two rows of each source, the second source's first, then only that source."""
    network = made(cell, form).eval()
    memory = network.encode(torch.randint(1, 13, (6, 2)), torch.tensor([6, 3]))
    first, second = torch.tensor([1, 2]), torch.tensor([3, 4, 5, 6])
    state = network.start(memory)
    network.step(first, state)
    state = state.take(torch.tensor([0, 0, 1, 1]), 2)
    network.step(second, state)
    state = state.take(torch.tensor([3, 2, 3]), 3)
    logits, _ = network.step(torch.tensor([7, 8, 9]), state)
    for row, path in enumerate(([2, 6, 7], [2, 5, 8], [2, 6, 9])):
        tokens = torch.tensor(path).unsqueeze(1)
        alone = network.logits(network.read_out(tokens, memory.take(torch.tensor([1])))[0])[-1, 0]
        torch.testing.assert_close(logits[row], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("cell", "form"), KINDS)
@torch.no_grad()
def test_steps_in_8_bits_are_close_and_each_row_s_own(cell, form):
    network = made(cell, form).eval()
    source, lengths = torch.randint(1, 13, (7, 3)), torch.tensor([7, 1, 4])
    tokens = torch.randint(1, 11, (5, 3))
    memory = network.encode(source, lengths)
    whole = network.logits(network.read_out(tokens, memory)[0])
    state, apart = network.start(memory, int8=True), 0.0
    alone = [network.start(memory.take(torch.tensor([row])), int8=True) for row in range(3)]
    for t, token in enumerate(tokens):
        logits, state = network.step(token, state)
        apart = max(apart, float((logits - whole[t]).abs().max()))
        for row in range(3):
            own, alone[row] = network.step(token[row : row + 1], alone[row])
            torch.testing.assert_close(own[0], logits[row], rtol=1e-3, atol=2e-4)
    assert 1e-6 < apart < 0.1


def test_8_bits_are_of_float32():
    network = made("gru").double().eval()
    memory = network.encode(torch.ones(2, 1, dtype=torch.int64), torch.tensor([2]))
    with pytest.raises(InputError, match=r"int8 is True, but the weights are torch\.float64: expected float32"):
        network.start(memory, int8=True)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["gru", "transformer"])
def test_it_learns_to_reverse(cell):
    torch.manual_seed(0)
    options = EncoderDecoderOptions(embedding=24, hidden=16, dropout=0.0, word_dropout=0.0, recurrent_dropout=0.0)
    network = EncoderDecoder(None, 8, cell, options)
    optimiser = torch.optim.Adam(network.parameters(), 5e-3)
    source = torch.randint(2, 8, (4, 64))
    targets = source.flip(0)
    tokens = torch.cat([torch.ones(1, 64, dtype=torch.int64), targets[:-1]])
    lengths = torch.full((64,), 4)
    before = float(network.eval()(source, lengths, tokens, targets).detach())
    network.train()
    for _ in range(60):
        optimiser.zero_grad()
        network(source, lengths, tokens, targets).backward()
        optimiser.step()
    after = float(network.eval()(source, lengths, tokens, targets).detach())
    assert after < 0.5 * before


@pytest.mark.parametrize("cell", ["gru", "transformer"])
@pytest.mark.parametrize("sources", [None, 13])
def test_the_loss_and_its_gradients_are_those_of_all_logits(cell, sources):
    network = made(cell, sources=sources).eval()
    source, lengths = torch.randint(1, 11, (7, 3)), torch.tensor([7, 1, 4])
    tokens, targets = torch.randint(1, 11, (5, 3)), torch.randint(-1, 11, (5, 3))
    targets[0, 0] = 2
    named = dict(network.named_parameters())
    wanted = {name: p for name, p in named.items() if p.requires_grad and name != "core.attention.score"}
    ours = network(source, lengths, tokens, targets)
    logits = network.logits(network.read_out(tokens, network.encode(source, lengths))[0])
    theirs = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1)
    torch.testing.assert_close(ours, theirs)
    found, expected = (torch.autograd.grad(each, list(wanted.values())) for each in (ours, theirs))
    for name, one, other in zip(wanted, found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6, msg=lambda text, name=name: f"{name}: {text}")


def test_one_table_serves_both_sides():
    assert made("gru", sources=None).source_table is None
    table = made("gru").source_table
    assert table is not None
    assert table.shape == (13, 8)


def test_a_network_in_training_does_not_step():
    network = made("gru")
    memory = network.encode(torch.ones(2, 1, dtype=torch.int64), torch.tensor([2]))
    with pytest.raises(InputError, match="training mode"):
        network.start(memory)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"hidden": 0}, "hidden is 0: expected a whole number"),
        ({"dropout": 1.0}, "dropout is 1.0: expected a share"),
        ({"attention": "dot"}, "attention is 'dot': expected multiplicative or additive"),
    ],
)
def test_options_that_are_none_are_refused(changed, words):
    with pytest.raises(InputError, match=words):
        EncoderDecoderOptions(**changed)


def test_heads_divide_the_memory():
    with pytest.raises(InputError, match="heads is 3: expected a divisor"):
        Attention(4, 8, heads=3)


@torch.no_grad()
def test_steps_after_a_training_are_those_of_its_weights():
    network, tokens = made("gru").eval(), torch.tensor([1])

    def stepped():
        memory = network.encode(torch.tensor([[3], [4]]), torch.tensor([2]))
        whole = network.logits(network.read_out(tokens.unsqueeze(1), memory)[0])[0]
        return network.step(tokens, network.start(memory))[0], whole

    before = stepped()[0]
    network.train()
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)  # past its version counter, as an engine writes
    after, whole = (network.eval(), stepped())[1]
    torch.testing.assert_close(after, whole, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(before, after)
