"""A trained generator of text: its alphabet, network, the n-grams beside it, and how both are mixed.

    log p = a log p(network) + b log p(n-grams) + constant

a and b are fitted to a part of the text learnt from that neither has seen (`evaluation.shared.calibration`). The
mixture evaluates texts; what is written comes from the network alone, a step at a time. The n-grams that are mixed in
are compared with too, as they are and, where that does better, to a power: what they gain is not the network's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import log_softmax

from recurra.checking import require
from recurra.data.text.alphabet import Alphabet, Level, chosen_level
from recurra.decoding.sampling import Sampling
from recurra.ensemble.members import Member, Seat
from recurra.evaluation.generation.memorised import prints_of
from recurra.evaluation.generation.ngrams import NGrams, best_ngrams
from recurra.evaluation.shared.calibration import Blend, fit_blend
from recurra.language import mark
from recurra.nn.generator import GeneratorNetwork, GeneratorOptions
from recurra.tasks.generate.kinds import KINDS, Kind
from recurra.tasks.generate.precision import Precision, chosen, costs_of, stream_of
from recurra.tasks.generate.problem import TextProblem, lanes_of, logits_of
from recurra.training import Run, TrainingOptions
from recurra.training.lanes import LaneSource
from recurra.training.run import pick_device

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]

NETWORK = mark("the network alone")
RUN = 100  # symbols of a run by which a text is known again
NOTHING = 0.005  # a weight of the network in the mixture below which it is written as 0.00
_TEMPERED = 0.001  # nats per held-out symbol that a power must gain
_HELD, _FEWEST_HELD, _MOST_HELD = 0.04, 200, 25_000  # of the symbols learnt from, to stop training and to mix
_FITTED, _LOGITS = 12_000, 1 << 24  # symbols that a and b are fitted to, and their logits, at most


@dataclass(frozen=True)
class Recipe:
    """All that a user can set about the learning."""

    cell: str
    network: GeneratorOptions
    training: TrainingOptions
    window: int
    seed: int


@dataclass(frozen=True, eq=False)
class TextModel:
    """What was learnt: the network, the n-grams that correct it, and those it is compared with, the simplest first.

    `prints` are hashes of runs of what was learnt, by which a text is known again; `costs` are nats per held-out symbol
    that fewer bits cost while writing, by precision; `powers` the exponents with which n-grams of that name do better.
    """

    recipe: Recipe
    alphabet: Alphabet
    members: tuple[Member[GeneratorNetwork], ...]
    corrector: NGrams
    blend: Blend
    baselines: tuple[NGrams, ...]
    kind: str
    prints: npt.NDArray[np.uint64]
    costs: dict[str, float] = field(default_factory=dict)
    powers: dict[str, float] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse powers that no fit gives."""
        require(all(0 < power < np.inf for power in self.powers.values()), "a power of its n-grams is not above 0")

    @property
    def network(self) -> GeneratorNetwork:
        """The network."""
        return self.members[0].network

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the training."""
        return self.members[0].interrupted

    @property
    def start(self) -> int:
        """The symbol that stands before every text: a line end where the text has them."""
        return start_of(self.alphabet)

    @property
    def compared(self) -> dict[str, NGrams]:
        """The n-grams that it is compared with, by name: the baselines, and those that are mixed in."""
        mixed = (self.corrector,) if self.blend.stacked else ()
        return {each.name: each for each in (*self.baselines, *mixed)}

    def surprise(self, symbols: Ints) -> dict[str, Floats]:
        """What each symbol of a text [N] costs by every method, in nats: "mixture", the network, the baselines."""
        contexts = self.corrector.contexts(symbols) if self.blend.stacked else []
        mixture, alone = np.zeros(len(symbols)), np.zeros(len(symbols))
        for at, logits in logits_of(self.network, symbols, self.start):
            every = np.arange(len(at))
            alone[at] = -log_softmax(logits.astype(np.float64), axis=1)[every, symbols[at]]
            stacked = np.log(self.corrector.distributions(contexts, at)) if self.blend.stacked else None
            mixture[at] = -log_softmax(self.blend(logits, stacked), axis=1)[every, symbols[at]]
        found: dict[str, Floats] = {"mixture": mixture, NETWORK: alone}
        compared = self.compared
        found |= {name: -np.log(each.probabilities(symbols)) for name, each in compared.items()}
        for name, each in compared.items():
            if power := self.powers.get(name):
                found[f"{name} to the power {power:.2f}"] = -np.log(each.tempered(symbols, power))
        return found

    @cached_property
    def precision(self) -> Precision:
        """What texts are written with unless asked otherwise."""
        return chosen(self.network, self.costs)

    def write(
        self, prompt: Ints, length: int, rows: int, sampling: Sampling, *, seed: int, precision: Precision | None = None
    ) -> Iterator[Ints]:
        """`length` symbols [rows] one after the other, behind a prompt."""
        given = np.append(self.start, prompt)
        stream = stream_of(self.network, precision or self.precision, rows)
        table = self.network.embedding.weight.detach().float().numpy()
        out = np.empty((rows, self.network.size), np.float32)

        def step(symbols: Ints) -> Floats:
            stream.step(table[symbols], out)
            return out

        never, follows = np.zeros(1, dtype=np.int64), KINDS[self.kind].follows(self.alphabet)
        symbols = sampling.symbols(step, given, rows, seed=seed, never=never, follows=follows)
        for _ in range(length):
            yield next(symbols)


def start_of(alphabet: Alphabet) -> int:
    """The number of a line end, or of the most frequent symbol."""
    return alphabet.symbols.index("\n") + 1 if "\n" in alphabet.symbols else 1


def level_of(level: str, text: str) -> Level:
    """What one symbol is."""
    return chosen_level(text) if level == "auto" else level  # pyright: ignore[reportReturnType]  # checked before


def held_out(symbols: int) -> slice:
    """Which symbols are held out of the training, to stop it and to mix: some in the middle.

    The last ones are too precious: what comes after a text is most like its end. (Of tinyshakespeare the last 2 %, left
    out, cost 8-grams 0.1 nats per character on what follows.)
    """
    count = int(np.clip(_HELD * symbols, min(_FEWEST_HELD, symbols // 4), _MOST_HELD))
    return slice((symbols - count) // 2, (symbols + count) // 2)


def fit_text(text: str, alphabet: Alphabet, recipe: Recipe, kind: Kind, *, run: Run, name: str) -> TextModel:
    """Learn a text: the network on lanes of it, n-grams beside, and how to mix them."""
    symbols = alphabet.encode(text)
    aside = held_out(len(symbols))
    held, rest = symbols[aside], np.delete(symbols, aside)
    learnt = alphabet.encode(kind.learnt(alphabet.text(rest)))
    seat = Seat(name, 0, 1, recipe.seed)
    with seat.drawing():
        network = GeneratorNetwork(alphabet.size, recipe.cell, recipe.network)
    lanes, steps = lanes_of(len(learnt), recipe.training.batch_size, recipe.window)
    source = LaneSource(torch.from_numpy(learnt), lanes, steps)
    problem = TextProblem(network, source, held, start_of(alphabet), pick_device(run.device))
    wanted = max(1, round(source.per_pass * (recipe.training.epochs or 1.0)))
    record = seat.train(problem, recipe.training, run=run, watch=True, steps=wanted, source=source)
    best = best_ngrams(learnt, held, alphabet.size)
    corrector, blend, strongest, powers = _mixed(network, learnt, held, alphabet, best)
    symbols = alphabet.encode(kind.learnt(text))
    baselines = {
        each.name: each
        for each in (*_usual(symbols, alphabet.size), *(_again(each, symbols) for each in (best, strongest)))
    }
    corrector = _again(corrector, symbols)
    members, every = (Member(network, record),), tuple(baselines.values())
    prints = prints_of(alphabet.encode(text), RUN)
    costs = costs_of(network, held, start_of(alphabet))
    return TextModel(recipe, alphabet, members, corrector, blend, every, kind.name, prints, costs, powers)


def _mixed(
    network: GeneratorNetwork, learnt: Ints, held: Ints, alphabet: Alphabet, best: NGrams
) -> tuple[NGrams, Blend, NGrams, dict[str, float]]:
    """The n-grams that help the network most on the held-out part, by how much, those that do best alone to a power,
    and the powers with which all of these do better.

    Longer contexts than those of the best n-grams alone are tried too: where they were seen, they know more.
    """
    held = held[: min(_FITTED, max(_FEWEST_HELD, _LOGITS // alphabet.size))]
    parts = list(logits_of(network, held, start_of(alphabet), least=400))
    at, logits = np.concatenate([at for at, _ in parts]), np.concatenate([z for _, z in parts])
    found, alone, powers = [], [], {}
    for order in (len(best.orders), len(best.orders) + 2):
        model = NGrams.learn(learnt, alphabet.size, order=order, smoothing=best.smoothing)
        stacked = np.log(model.distributions(model.contexts(held), at))
        blend = fit_blend(logits, stacked, held[at])
        z = log_softmax(blend(logits, stacked), axis=1)
        found.append((_mean_cost(z, held[at]), model, blend))
        power = fit_blend(stacked, None, held[at]).network
        as_it_is, tempered = _mean_cost(stacked, held[at]), _mean_cost(log_softmax(power * stacked, axis=1), held[at])
        if as_it_is - tempered > _TEMPERED:
            powers[model.name] = power
        alone.append((min(as_it_is, tempered), model))
    _cost, corrector, blend = min(found, key=lambda each: each[0])
    strongest = min(alone, key=lambda each: each[0])[1]
    kept = {best.name, strongest.name, *([corrector.name] if blend.stacked else [])}
    return corrector, blend, strongest, {name: power for name, power in powers.items() if name in kept}


def _mean_cost(log_p: Floats, symbols: Ints) -> float:
    """Nats per symbol [n] by log probabilities [n, V]."""
    return -float(log_p[np.arange(len(symbols)), symbols].mean())


def _usual(symbols: Ints, size: int) -> tuple[NGrams, NGrams]:
    """What everybody compares with."""
    return (
        NGrams.learn(symbols, size, order=1, smoothing="witten-bell"),
        NGrams.learn(symbols, size, order=5, smoothing="witten-bell"),
    )


def _again(model: NGrams, symbols: Ints) -> NGrams:
    """The same n-grams, counted on all that is learnt from."""
    return NGrams.learn(symbols, model.size, order=len(model.orders), smoothing=model.smoothing)
