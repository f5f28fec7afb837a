"""Batches that do not depend on each other, each on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TypeVar

import torch

T = TypeVar("T")


def for_each(work: Callable[[T], None], batches: Sequence[T]) -> None:
    """Do `work` for each of the batches, as many at once as torch may use threads, each on one.

    Its first error is raised, and what has not begun is left.

    Threads that share an operation meet after each: beside a busy core 1,000 series took 25 s so, 2.7 s on one thread.
    Batches of their own never meet. `work` draws no random numbers and asks for no gradients.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        if min(threads, len(batches)) < 2:
            for batch in batches:
                work(batch)
            return
        pool = ThreadPoolExecutor(min(threads, len(batches)), initializer=partial(torch.set_num_threads, 1))
        try:
            for done in [pool.submit(copy_context().run, work, batch) for batch in batches]:
                done.result()
        finally:
            pool.shutdown(cancel_futures=True)
    finally:
        torch.set_num_threads(threads)
