"""Options are checked where they are made."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.errors import InputError
from recurra.training import TrainingOptions


def test_numbers_of_numpy_are_as_good_as_plain_ones() -> None:
    given = TrainingOptions(epochs=np.int64(3), batch_size=np.int64(8), learning_rate=np.float32(0.5))  # type: ignore[arg-type]
    assert given == TrainingOptions(epochs=3.0, batch_size=8, learning_rate=0.5)
    assert [type(x) for x in (given.epochs, given.batch_size, given.learning_rate)] == [float, int, float]


@pytest.mark.parametrize("wrong", [0, 2.5, True, np.float64(8.0)])
def test_a_batch_of_no_whole_number_is_refused(wrong: float) -> None:
    with pytest.raises(InputError, match=r"batch_size is .*: expected a whole number of at least 1"):
        TrainingOptions(batch_size=wrong)  # type: ignore[arg-type]
