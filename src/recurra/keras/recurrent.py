"""The layers: Keras' own in everything but the loop over the steps."""

from __future__ import annotations

from typing import Any, final

import keras
from torch import Tensor

from recurra.keras.loop import inner_loop, run_layer
from recurra.keras.naming import public


class OnKernels(keras.layers.RNN):
    """Base of the layers: our kernels first, Keras where they decline."""

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """The whole layer: straight to the kernels where nothing of Keras' own bookkeeping is asked for."""
        found = run_layer(self, sequences, mask, training) if initial_state is None else None
        return super().call(sequences, initial_state, mask, training) if found is None else found

    def inner_loop(self, sequences: Tensor, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """All steps, from states that Keras prepared."""
        found = inner_loop(self, sequences, initial_state, mask, training)
        return super().inner_loop(sequences, initial_state, mask, training) if found is None else found


@final
@public
class SimpleRNN(OnKernels, keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN` on Recurra's kernels: the same arguments, weights and results, to rounding.

        h_t = f(x_t W + h_{t-1} U + b)            f = tanh or relu; Keras' own loop for any other

    Shapes: inputs [B, T, F] -> [B, H], or [B, T, H] with `return_sequences`. The gradients need the outputs as they
    are: write into a copy, torch refuses a `backward` otherwise. Errors: Keras' own.
    Source: Elman (1990), "Finding structure in time".

    >>> import numpy as np
    >>> import recurra.keras as rk
    >>> rk.SimpleRNN(4)(np.zeros((2, 7, 3), "float32")).shape
    torch.Size([2, 4])
    """


@final
@public
class LSTM(OnKernels, keras.layers.LSTM):
    """`keras.layers.LSTM` on Recurra's kernels: the same arguments, weights and results, to rounding.

        i, f, g, o = split(x_t W + h_{t-1} U + b)
        c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
        h_t = sigmoid(o) * tanh(c_t)

    Shapes: inputs [B, T, F] -> [B, H], or [B, T, H] with `return_sequences`. With other activations than tanh and
    sigmoid, and for `recurrent_dropout` in training (Keras draws a mask per gate), Keras' own loop runs. The gradients
    need the outputs as they are: write into a copy, torch refuses a `backward` otherwise. Errors: Keras' own.
    Source: Hochreiter and Schmidhuber (1997), "Long short-term memory".

    >>> import numpy as np
    >>> import recurra.keras as rk
    >>> rk.LSTM(4, return_sequences=True)(np.zeros((2, 7, 3), "float32")).shape
    torch.Size([2, 7, 4])
    """


@final
@public
class GRU(OnKernels, keras.layers.GRU):
    """`keras.layers.GRU` on Recurra's kernels, with `reset_after` either way: same arguments, weights and results.

        z = sigmoid(x_t W_z + h_{t-1} U_z + b_z)                  r likewise
        n = tanh(x_t W_n + b_n + r * (h_{t-1} U_n + b_Un))        (r * h_{t-1}) U_n without `reset_after`
        h_t = (1 - z) * n + z * h_{t-1}

    Shapes: inputs [B, T, F] -> [B, H], or [B, T, H] with `return_sequences`. With other activations than tanh and
    sigmoid, and for `recurrent_dropout` in training (Keras draws a mask per gate), Keras' own loop runs. The gradients
    need the outputs as they are: write into a copy, torch refuses a `backward` otherwise. Errors: Keras' own.
    Source: Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder".

    >>> import numpy as np
    >>> import recurra.keras as rk
    >>> outputs, h = rk.GRU(4, return_sequences=True, return_state=True)(np.zeros((2, 7, 3), "float32"))
    >>> h.shape
    torch.Size([2, 4])
    """


@final
@public
class RNN(OnKernels):
    """`keras.layers.RNN` that computes Keras' own cells, one or a stack of them, on Recurra's kernels.

    A cell of anybody's own runs in Keras' loop, as it always did. The gradients need the outputs as they are: write
    into a copy, torch refuses a `backward` otherwise.

    >>> import keras, numpy as np
    >>> import recurra.keras as rk
    >>> rk.RNN([keras.layers.LSTMCell(4), keras.layers.GRUCell(5)])(np.zeros((2, 7, 3), "float32")).shape
    torch.Size([2, 5])
    """
