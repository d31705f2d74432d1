"""Loading many objects that all stay: Python's cycle collector waits until it is done.

It would walk everything that was made so far again and again, and find nothing: half the
time of compiling a large policy. Reference counting goes on, so nothing piles up meanwhile.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_waits() -> Iterator[None]:
    """Stop the cycle collector within a block, unless it was stopped already.

    It belongs to the whole process: of two blocks in two threads, the first to end starts it.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # what somebody froze stays so
            gc.freeze()
            gc.unfreeze()  # both together file what was made as old, unseen and at no cost
        gc.enable()
