"""Vectors of tokens by co-occurrence in the training part, with which an embedding begins.

    PPMI(w, c) = max(0, log p(w, c) / (p(w) p(c)^0.75)),    neighbours at distance d count 1 / d
    vectors = U sqrt(S) of its singular value decomposition

Levy, Goldberg and Dagan (2015), "Improving distributional similarity with lessons learned from word embeddings". On
10,000 short texts a network that begins there is a point more accurate than one that begins at random.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.data.examples.ragged import Ragged

WINDOW = 4
_MOST = 2_000_000  # tokens that are counted; of more, sequences spread evenly
_SIZE = 0.3  # the standard deviation of all numbers of the vectors
_SMOOTH = 0.75


def token_vectors(tokens: Ragged, size: int, width: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """[size, width] for token numbers 0 .. size - 1 of `tokens`; noise where there are too few tokens to tell.

    >>> tokens = Ragged.of([[1, 3, 2], [1, 4, 2]] * 50)
    >>> v = token_vectors(tokens, 5, 2)
    >>> bool(np.linalg.norm(v[3] - v[4]) < np.linalg.norm(v[3] - v[1]))  # 3 and 4 keep the same company
    True
    """
    noise = np.random.default_rng(seed).normal(size=(size, width))
    pairs = _pairs(tokens, size)
    if pairs.nnz and size > 2:
        from sklearn.utils.extmath import randomized_svd  # scikit-learn takes a second to import

        word = np.asarray(pairs.sum(axis=1)).ravel()
        context = np.asarray(pairs.sum(axis=0)).ravel() ** _SMOOTH
        pmi = np.log(pairs.data / (word[pairs.row] * (context / context.sum())[pairs.col]))
        kept = pmi > 0
        # In float32, in which the vectors are used: half the time.
        ppmi = sparse.csr_matrix((pmi[kept].astype(np.float32), (pairs.row[kept], pairs.col[kept])), pairs.shape)
        u, s, _ = randomized_svd(ppmi, min(width, size - 1), n_iter=3, random_state=seed)  # pyright: ignore[reportArgumentType]  # an int is documented
        found = u * np.sqrt(s)
        if found.std() > 0:
            noise[:, : found.shape[1]] = found / found.std()
    return (_SIZE * noise).astype(np.float32)


def _pairs(tokens: Ragged, size: int) -> sparse.coo_matrix:
    """How often two tokens are neighbours [size, size], both ways."""
    if len(tokens.values) > _MOST:
        share = max(1, round(len(tokens) * _MOST / len(tokens.values)))
        tokens = tokens.take(np.linspace(0, len(tokens) - 1, share).astype(np.int64))
    ids = tokens.values
    owner = np.repeat(np.arange(len(tokens)), tokens.lengths)
    counts = sparse.csr_matrix((size, size), dtype=np.float64)
    for distance in range(1, WINDOW + 1):
        left, right = ids[:-distance], ids[distance:]
        within = owner[:-distance] == owner[distance:]
        weights = np.full(int(within.sum()), 1.0 / distance)
        counts = counts + sparse.csr_matrix((weights, (left[within], right[within])), (size, size))
    return (counts + counts.T).tocoo()
