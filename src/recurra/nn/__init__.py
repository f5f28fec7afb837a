"""Recurrent layers, and the networks and heads built of them."""

from recurra.nn.accelerate import accelerate, restore
from recurra.nn.recurrent import GRU, LSTM, RNN
from recurra.nn.regularisation import Regularisation
from recurra.nn.stack import Stack

__all__ = ["GRU", "LSTM", "RNN", "Regularisation", "Stack", "accelerate", "restore"]
