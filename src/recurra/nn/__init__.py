"""Recurrent layers, and the networks and heads built of them."""

from recurra.nn.recurrent import GRU, LSTM, RNN

__all__ = ["GRU", "LSTM", "RNN"]
