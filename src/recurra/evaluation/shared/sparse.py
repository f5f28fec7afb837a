"""The type of a sparse matrix."""

from __future__ import annotations

from typing import Any

Sparse = Any  # scipy.sparse.csr_matrix: scipy comes without types, and what a checker guesses of it is wrong
