"""For a user who asks why a layer takes as long as it does."""

from __future__ import annotations

from typing import Any

import keras

from recurra.errors import InputError
from recurra.keras.declining import reason
from recurra.keras.recurrent import OnKernels


def why_not(
    layer: Any, inputs: Any, *, initial_state: Any = None, mask: Any = None, training: bool = False
) -> str | None:
    """Why a recurrent layer would leave these inputs [B, T, F] to Keras' own loop; None where our kernels take them.

    The results are the same either way, the time is not. The layer may be Keras' or ours; of a wrapper such as
    Bidirectional, ask the layers within.

    Errors: InputError for anything but a recurrent layer, or for one that is not built.

    >>> import numpy as np
    >>> import recurra.keras as rk
    >>> x = np.zeros((2, 7, 3), "float32")
    >>> layer = rk.SimpleRNN(4, activation="gelu")
    >>> y = layer(x)
    >>> rk.why_not(layer, x)
    'the kernels have no SimpleRNNCell with these activations'
    """
    if not isinstance(layer, keras.layers.RNN):
        raise InputError(f"layer is of type {type(layer).__name__}: expected a SimpleRNN, LSTM, GRU or RNN of Keras")
    if not layer.built:
        raise InputError(f"layer {layer.name!r} has no weights yet: expected a built layer, call it on a batch first")
    if not isinstance(layer, OnKernels):
        kind = type(layer)
        return f"it is {kind.__module__}.{kind.__name__}: `recurra.keras.accelerate` exchanges Keras' own layers"
    sequences: Any = layer.dtype_policy.convert_input(inputs, layer.autocast, layer.input_dtype)
    mask, initial_state = (
        keras.tree.map_structure(lambda part: None if part is None else keras.ops.convert_to_tensor(part), given)
        for given in (mask, initial_state)
    )
    return reason(layer, sequences, mask, initial_state, training)
