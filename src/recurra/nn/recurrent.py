"""Recurrent layers, one name each, so that the rest of the house does not know whose kernels run.

They are torch's own today: `recurra.nn.LSTM` has torch.nn's signature, state dict and results.
"""

from __future__ import annotations

from torch.nn import GRU, LSTM, RNN

RECURRENT = {"rnn": RNN, "gru": GRU, "lstm": LSTM}

__all__ = ["GRU", "LSTM", "RECURRENT", "RNN"]
