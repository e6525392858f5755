"""How property tests are run: always the same examples in `make test`, ever new ones in `make fuzz`.

Under the profile "test" hypothesis draws the same examples each time, keeps no database, and has no deadline:
a red run means a change of ours. A counterexample that `make fuzz` finds becomes an `@example` of its test.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from hypothesis import settings

_USUAL = 100
_FUZZ_FACTOR = 20

settings.register_profile("test", derandomize=True, database=None, deadline=None, max_examples=_USUAL)
settings.register_profile(
    "fuzz",
    derandomize=False,
    database=None,
    deadline=None,
    max_examples=_USUAL * _FUZZ_FACTOR,
    print_blob=True,
)


def examples(count: int = _USUAL, **others: Any) -> settings:
    """Settings of one property test: `count` examples under "test", 20 times as many under "fuzz"."""
    return settings(max_examples=count * settings().max_examples // _USUAL, **others)


@contextmanager
def oracle() -> Iterator[None]:
    """A call of the library that a result is compared with: its warnings are its own business."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
