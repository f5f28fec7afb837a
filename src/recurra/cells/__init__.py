"""The mathematics of recurrence: one file per cell, a frozen dataclass of its variant and a pure one-step function.

Every cell offers the same names: `GATES` (blocks of rows in its weights) and their `NAMES`, `STATES` (tensors it
carries), and `step(projected_input, state, weights, dropout) -> state`, whose first entry is the hidden state h, the
output. A step is made of `gates`, with the same arguments, and `update(gates, state, weights) -> state`.
"""

from recurra.cells.gru import GRU
from recurra.cells.lstm import LSTM
from recurra.cells.rnn import RNN
from recurra.cells.weights import Weights

Cell = RNN | LSTM | GRU
CELLS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}

__all__ = ["CELLS", "GRU", "LSTM", "RNN", "Cell", "Weights"]
