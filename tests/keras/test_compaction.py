"""The laws of compaction: what is gathered and scattered is what Keras' loop would have seen."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from recurra.keras.compaction import compact


@st.composite
def masks(draw: st.DrawFn) -> torch.Tensor:
    batch, steps = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    return torch.tensor([[draw(st.booleans()) for _ in range(steps)] for _ in range(batch)])


@given(masks())
def test_steps_that_count_come_first_and_go_back(mask: torch.Tensor) -> None:
    found = compact(mask)
    if found is None:
        assert mask.all()
        return
    x = torch.arange(1.0, mask.numel() + 1).reshape(*mask.shape, 1)
    gathered = found.gather(x)
    for row, length in enumerate(found.lengths.tolist()):
        assert gathered[row, :length].equal(x[row][mask[row]])
    zeroed = found.scatter(gathered, True)
    assert zeroed.equal(x * mask.unsqueeze(-1))
    last, repeated = torch.zeros(len(mask), 1), found.scatter(gathered, False)
    for t in range(mask.shape[1]):
        last = torch.where(mask[:, t : t + 1], x[:, t], last)
        assert repeated[:, t].equal(last)
    h = torch.full((len(mask), 1), 5.0)
    assert found.last(h, True).equal(h * mask[:, -1:])
    assert found.last(h, False).equal(h * mask.any(1, keepdim=True))


def test_a_mask_that_only_ends_rows_early_moves_nothing() -> None:
    found = compact(torch.tensor([[True, True, False], [True, False, False]]))
    assert found is not None
    assert found.order is None
    assert found.lengths.tolist() == [2, 1]
