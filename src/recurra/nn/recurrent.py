"""RNN, LSTM and GRU: torch.nn's, with its signatures, state dicts and results, on kernels of our own.

>>> import torch
>>> import recurra as rc
>>> layer = rc.nn.LSTM(3, 5, num_layers=2, bidirectional=True)
>>> outputs, (h, c) = layer(torch.randn(7, 2, 3), lengths=[7, 4])
>>> outputs.shape, h.shape
(torch.Size([7, 2, 10]), torch.Size([4, 2, 5]))
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from recurra.cells import GRU as GRUCell
from recurra.cells import LSTM as LSTMCell
from recurra.cells import RNN as RNNCell
from recurra.errors import InputError
from recurra.nn.compiling import allow_compiling
from recurra.nn.drop_in import DropInLayer
from recurra.nn.regularisation import Regularisation

_TANH, _RELU, _LSTM = RNNCell("tanh"), RNNCell("relu"), LSTMCell()
_GRU = {True: GRUCell(), False: GRUCell(reset_after=False)}
for _cell in (_TANH, _RELU, _LSTM, *_GRU.values()):
    _ = _cell.variant  # made now, because torch.compile cannot


class RNN(DropInLayer, nn.RNN):
    """The simple recurrent layer of Elman (1990), in the place of torch.nn.RNN.

        h_t = f(W x_t + b + U h_{t-1} + b_U)

    Arguments and parameters as torch.nn.RNN's, and
    nonlinearity    f: "tanh", "relu", or a callable [B, H] -> [B, H], which runs without a kernel of its own
    layer_norm      norm_ih * LN(W x) + b + norm_hh * LN(U h) + b_U inside f (Ba et al. 2016): adds
                    `weight_norm_ih_l0` and `weight_norm_hh_l0` [H] of every layer and direction
    regularisation  dropout and zoneout of the recurrence

    Raises InputError for another `nonlinearity`, and what torch.nn.RNN raises.

    >>> outputs, h = RNN(3, 5)(torch.randn(7, 2, 3))
    """

    TORCH = nn.RNN

    _own_cell: RNNCell | None = None  # with a callable

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str | Callable[[Tensor], Tensor] = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        regularisation: Regularisation | None = None,
    ) -> None:
        named = isinstance(nonlinearity, str)
        if nonlinearity not in ("tanh", "relu") if named else not callable(nonlinearity):
            raise InputError(f"nonlinearity is {nonlinearity!r}: expected 'tanh', 'relu' or a callable on a tensor")
        super().__init__(
            input_size, hidden_size, num_layers, nonlinearity if named else "tanh", bias, batch_first, dropout,
            bidirectional, device=device, dtype=dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity
        _ = self.cell  # made now, because torch.compile cannot
        self.layer_norm = layer_norm
        self.regularisation = regularisation
        if layer_norm:
            self._add({"weight_norm_ih": (hidden_size,), "weight_norm_hh": (hidden_size,)})

    @property
    def cell(self) -> RNNCell:
        """Elman's cell with this layer's nonlinearity."""
        if isinstance(self.nonlinearity, str):
            return _TANH if self.nonlinearity == "tanh" else _RELU
        if self._own_cell is None or self._own_cell.nonlinearity is not self.nonlinearity:
            self._own_cell = RNNCell(self.nonlinearity)
            _ = self._own_cell.variant
        return self._own_cell

    @property
    def is_plain(self) -> bool:
        """Whether torch.nn.RNN is this very layer."""
        return self.regularisation is None and not self.layer_norm and isinstance(self.nonlinearity, str)


class LSTM(DropInLayer, nn.LSTM):
    """The long short-term memory of Hochreiter and Schmidhuber (1997), in the place of torch.nn.LSTM.

        i, f, g, o = split(W x_t + b + U h_{t-1} + b_U)
        c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
        h_t = sigmoid(o) * tanh(c_t)                        times `weight_hr` with `proj_size`

    Arguments and parameters as torch.nn.LSTM's, and
    peepholes       the gates see the cell state (Gers and Schmidhuber 2000): adds `weight_peephole_l0` [3, H], rows
                    i, f, o
    layer_norm      norm_ih * LN(W x) + b + norm_hh * LN(U h) + b_U, and LN(c) in the output (Ba et al. 2016,
                    equations 20 to 22): adds `weight_norm_ih_l0`, `weight_norm_hh_l0` [4H], `weight_norm_cell_l0`
                    and `bias_norm_cell_l0` [H]
    regularisation  dropout and zoneout of the recurrence

    Raises what torch.nn.LSTM raises.

    >>> outputs, (h, c) = LSTM(3, 5, peepholes=True)(torch.randn(7, 2, 3))
    """

    TORCH = nn.LSTM

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        peepholes: bool = False,
        layer_norm: bool = False,
        regularisation: Regularisation | None = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size,
            device=device, dtype=dtype,
        )  # fmt: skip
        self.peepholes = peepholes
        self.layer_norm = layer_norm
        self.regularisation = regularisation
        shapes: dict[str, tuple[int, ...]] = {}
        if peepholes:
            shapes["weight_peephole"] = (3, hidden_size)
        if layer_norm:
            shapes |= dict.fromkeys(("weight_norm_ih", "weight_norm_hh"), (4 * hidden_size,))
            shapes |= dict.fromkeys(("weight_norm_cell", "bias_norm_cell"), (hidden_size,))
        self._add(shapes)

    @property
    def cell(self) -> LSTMCell:
        """The cell, whose variants show by their weights."""
        return _LSTM

    @property
    def is_plain(self) -> bool:
        """Whether torch.nn.LSTM is this very layer."""
        return self.regularisation is None and not (self.layer_norm or self.peepholes)


class GRU(DropInLayer, nn.GRU):
    """The gated recurrent unit of Cho et al. (2014), in the place of torch.nn.GRU.

        r = sigmoid(W_r x_t + b_r + U_r h_{t-1} + b_Ur)
        z = sigmoid(W_z x_t + b_z + U_z h_{t-1} + b_Uz)
        n = tanh(W_n x_t + b_n + r * (U_n h_{t-1} + b_Un))
        h_t = (1 - z) * n + z * h_{t-1}

    Arguments and parameters as torch.nn.GRU's, and
    reset_after     as above, torch's form; False for that of the paper and of ONNX's default, where the reset gate
                    comes before the product: n = tanh(W_n x_t + b_n + U_n (r * h_{t-1}) + b_Un)
    layer_norm      norm_ih * LN(W x) + b and norm_hh * LN(U h) + b_U (Ba et al. 2016), over the three blocks
                    together: adds `weight_norm_ih_l0` and `weight_norm_hh_l0` [3H]; only with `reset_after`
    regularisation  dropout and zoneout of the recurrence

    Raises InputError for `layer_norm` without `reset_after`, and what torch.nn.GRU raises.

    >>> outputs, h = GRU(3, 5, reset_after=False)(torch.randn(7, 2, 3))
    """

    TORCH = nn.GRU

    reset_after: bool = True

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        reset_after: bool = True,
        layer_norm: bool = False,
        regularisation: Regularisation | None = None,
    ) -> None:
        if layer_norm and not reset_after:
            raise InputError(
                "layer_norm is True and reset_after is False: expected reset_after=True, because the layer norm is "
                "taken over the whole of U h, which there is not before the reset gate"
            )
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device=device, dtype=dtype
        )
        self.reset_after = reset_after
        self.layer_norm = layer_norm
        self.regularisation = regularisation
        if layer_norm:
            self._add({"weight_norm_ih": (3 * hidden_size,), "weight_norm_hh": (3 * hidden_size,)})

    @property
    def cell(self) -> GRUCell:
        """The cell in this layer's form."""
        return _GRU[self.reset_after]

    @property
    def is_plain(self) -> bool:
        """Whether torch.nn.GRU is this very layer."""
        return self.regularisation is None and not self.layer_norm and self.reset_after

    def extra_repr(self) -> str:
        """The arguments that differ from their defaults."""
        return super().extra_repr() + ("" if self.reset_after else ", reset_after=False")


allow_compiling()

DROP_INS: dict[str, type[DropInLayer]] = {"rnn": RNN, "gru": GRU, "lstm": LSTM}

__all__ = ["DROP_INS", "GRU", "LSTM", "RNN"]
