"""How property tests draw their examples: the same ones in `make test`, new and more ones in `make fuzz`."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings

MORE = int(os.environ.get("SACCADE_FUZZ", "1"))
"""How many times as many examples; 1 draws the same ones every time."""

Test = TypeVar("Test", bound=Callable[..., Any])


def load_profile() -> None:
    """No deadlines: machines differ. Exploring prints what reproduces a failure, and remembers it."""
    if MORE == 1:
        settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
        settings.load_profile("fixed")
        return
    settings.register_profile("fuzz", max_examples=100 * MORE, deadline=None, print_blob=True)
    settings.load_profile("fuzz")


def examples(count: int = 100, **other: Any) -> settings:
    """Settings of one test with that many examples, or more when exploring; a decorator.

    A test may share its fixtures among its examples: each says in its own words that they are left as found.
    """
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=count * MORE, suppress_health_check=quiet, **other)
