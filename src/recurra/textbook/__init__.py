"""The article's equations in NumPy, float64, to be read beside the paper and looked at number by number.

Nothing here is fast, and nothing here is used by the rest of the library: it is a third computation of the same
mathematics, by hand, against which the kernels are tested.

>>> from recurra import textbook
>>> trained = textbook.train(*textbook.example(), steps=10)
>>> bool(trained.losses[-1] < trained.losses[0])
True
"""

from recurra.textbook.article import errata, erratum
from recurra.textbook.descent import Trained, train
from recurra.textbook.erratum import Errata, Erratum, Evidence
from recurra.textbook.example import Example, example
from recurra.textbook.gru import GRU
from recurra.textbook.lstm import LSTM
from recurra.textbook.network import Network, backward, forward, loss_of
from recurra.textbook.output import Output, loss
from recurra.textbook.rnn import RNN
from recurra.textbook.walking import Walk, walk

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Errata",
    "Erratum",
    "Evidence",
    "Example",
    "Network",
    "Output",
    "Trained",
    "Walk",
    "backward",
    "errata",
    "erratum",
    "example",
    "forward",
    "loss",
    "loss_of",
    "train",
    "walk",
]
