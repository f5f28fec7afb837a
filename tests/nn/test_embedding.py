"""Tables of rows: what is read is what stands there, and only what is read gets a gradient."""

from __future__ import annotations

import torch

from recurra.nn.embedding import Embedding, Embeddings


def test_rows_by_number():
    table = Embedding(5, 3)
    ids = torch.tensor([[0, 4], [4, 1]])
    assert torch.equal(table(ids), table.weight[ids])


def test_by_row_gives_the_same_rows_and_gradients():
    torch.manual_seed(0)
    table, ids, scale = Embedding(6, 3), torch.tensor([[1, 4, 4], [1, 0, 4]]), torch.randn(2, 3, 3)
    (table(ids) * scale).sum().backward()
    expected = table.weight.grad
    table.weight.grad, table.by_row = None, True
    found = table(ids)
    assert torch.equal(found, table.weight[ids])
    (found * scale).sum().backward()
    assert table.weight.grad is None
    [(numbers, rows)] = table.read
    assert numbers.tolist() == [0, 1, 4]
    assert expected is not None
    torch.testing.assert_close(rows.grad, expected[numbers])


def test_without_gradients_nothing_is_remembered():
    table = Embedding(6, 3)
    table.by_row = True
    with torch.no_grad():
        table(torch.tensor([1, 2]))
    assert table.read == []


def test_categories_side_by_side():
    tables = Embeddings((2, 9))
    codes = torch.tensor([[0, 9], [2, 0]])
    found = tables(codes)
    assert found.shape == (2, tables.width)
    assert tables.width == 2 + 4
    assert torch.equal(found[:, :2], tables.tables[0](codes[:, 0]))
    assert Embeddings(())(torch.zeros(3, 0, dtype=torch.int64)).shape == (3, 0)
