"""The mathematics of recurrence: one file per cell, each a pure one-step function.

Every cell offers the same three names: `GATES` (blocks of rows in its weights), `STATES` (tensors it carries), and
`step(projected_input, state, weights) -> state`, whose first entry is the hidden state h, the output.
"""

from recurra.cells import gru, lstm, rnn

CELLS = {"rnn": rnn, "gru": gru, "lstm": lstm}

__all__ = ["CELLS", "gru", "lstm", "rnn"]
