"""The mathematics of recurrence: one file per cell, a frozen dataclass of its variant and a pure one-step function.

Every cell offers the same three names: `GATES` (blocks of rows in its weights), `STATES` (tensors it carries), and
`step(projected_input, state, weights, dropout) -> state`, whose first entry is the hidden state h, the output.
"""

from recurra.cells.gru import GRU
from recurra.cells.lstm import LSTM
from recurra.cells.rnn import RNN
from recurra.cells.weights import Weights

Cell = RNN | LSTM | GRU
CELLS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}

__all__ = ["CELLS", "GRU", "LSTM", "RNN", "Cell", "Weights"]
