"""The article's program as plain numbers: data, first weights, order of the batches. NumPy alone: every peer has it.

A recurrent layer of 50 units reads 30 steps of 4 features; a linear layer makes one number of its last state; mean
squared error, Adam (1e-3, 0.9, 0.999, 1e-8), batches of 32. Weights are named and laid out as in torch.nn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
LEARNING_RATE, BETAS, EPSILON = 1e-3, (0.9, 0.999), 1e-8


@dataclass(frozen=True)
class Article:
    """The sizes; `batches` are those of an epoch."""

    cell: str
    hidden: int = 50
    batch: int = 32
    steps: int = 30
    inputs: int = 4
    batches: int = 100
    seed: int = 0

    def data(self) -> tuple[Floats, Floats]:
        """Inputs [N, T, F] and targets [N, 1]: noisy sines, and the value that follows."""
        draw = np.random.default_rng(self.seed)
        count = self.batch * self.batches
        phase, speed = draw.uniform(0, 6, (count, 1, self.inputs)), draw.uniform(0.1, 0.5, (count, 1, self.inputs))
        times = np.arange(self.steps + 1)[None, :, None]
        waves = np.sin(phase + speed * times) + 0.1 * draw.normal(size=(count, self.steps + 1, self.inputs))
        waves = waves.astype(np.float32)
        return np.ascontiguousarray(waves[:, :-1]), np.ascontiguousarray(waves[:, -1, :1])

    def weights(self) -> dict[str, Floats]:
        """First weights, drawn as torch.nn draws them; `bias_hh` is zero, because some peers have one bias only."""
        draw = np.random.default_rng(self.seed + 1)
        rows, bound = GATES[self.cell] * self.hidden, self.hidden**-0.5

        def uniform(*shape: int) -> Floats:
            return draw.uniform(-bound, bound, shape).astype(np.float32)

        return {
            "weight_ih": uniform(rows, self.inputs),
            "weight_hh": uniform(rows, self.hidden),
            "bias_ih": uniform(rows),
            "bias_hh": np.zeros(rows, np.float32),
            "weight": uniform(1, self.hidden),
            "bias": uniform(1),
        }

    def order(self, shuffled: bool, epoch: int = 0) -> npt.NDArray[np.int64]:
        """[batches, B]: which examples each batch takes."""
        numbers = np.arange(self.batch * self.batches)
        if shuffled:
            np.random.default_rng(epoch).shuffle(numbers)
        return numbers.reshape(self.batches, self.batch)
