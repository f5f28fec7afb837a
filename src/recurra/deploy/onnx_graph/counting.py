"""A linear model of n-grams as ONNX: TfIdfVectorizer counts them."""

from __future__ import annotations

import numpy as np

from recurra.deploy.graph.nodes import Counted
from recurra.deploy.onnx_graph.operations import Operations


def write_counted(to: Operations, node: Counted, tokens: str) -> None:
    """tokens [T, B, 1], -1 after a row's end -> what their n-grams are worth [B, n], under the name of node.y."""
    two = to.constant([2], np.int64)
    rows = to.add("Transpose", to.add("Squeeze", tokens, two), perm=[1, 0])
    places = sorted(range(len(node.grams)), key=lambda k: (len(node.grams[k]), k))
    longest = max((len(gram) for gram in node.grams), default=1)
    pool, starts = [], []
    for order in range(1, longest + 1):
        starts.append(len(pool))
        for place in places:
            if len(node.grams[place]) == order:
                pool += node.grams[place]
    counts = to.add(
        "TfIdfVectorizer", rows, mode="TF", min_gram_length=1, max_gram_length=longest, max_skip_count=0,
        ngram_counts=starts, ngram_indexes=places, pool_int64s=pool,
    )  # fmt: skip
    there = to.cast(to.add("Greater", counts, to.constant(0.0)), 1)
    if node.values == "binary":
        features = there
    elif node.values == "counts":
        features = counts
    else:
        raised = to.add("Add", to.add("Log", to.add("Max", counts, to.constant(1.0))), to.constant(1.0))
        weighed = to.add("Mul", raised, there)
        squares = to.add("ReduceSum", to.add("Mul", weighed, weighed), to.constant([1], np.int64), keepdims=1)
        features = to.add("Div", weighed, to.add("Sqrt", to.add("Max", squares, to.constant(1e-30))))
    to.add("MatMul", features, to.constant(node.coefficients), to=node.y.name)
