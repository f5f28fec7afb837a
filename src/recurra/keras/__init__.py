from recurra.keras.backend import KerasError, ensure_torch
ensure_torch()
from recurra.keras.recurrent import GRU, LSTM, RNN, SimpleRNN
