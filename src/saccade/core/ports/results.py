"""Versions of models and results; what they hold of one image is kept apart, so that it can be forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Ids

Arrays: TypeAlias = Mapping[str, NDArray[np.generic]]
"""Named arrays of numbers (no objects), as `numpy.savez` keeps them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRows:
    """What a result holds of single images: row i of every array is derived from image i.

    Attributes:
        ids: (n,) image ids, in any order, repeated or not; 0: a picture outside the library.
        arrays: {name: (n, ...) numbers}.
    """

    ids: Ids = field(default_factory=lambda: np.zeros(0, np.int64))
    arrays: Arrays = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A result or model of a pipeline, stored by name and version.

    Attributes:
        kind: `clusters`, `map`, `classifier`, `outliers`, ...
        version: 1, 2, ... within kind and name.
        created: UTC, ISO 8601.
        facts: JSON values: parameters, metrics, inputs.
        arrays: its numbers that belong to no single image.
        rows: those that do, in the order they were stored; the rows of forgotten images are gone.
    """

    kind: str
    name: str
    version: int
    created: str
    facts: Mapping[str, object]
    arrays: Arrays
    rows: ImageRows


class Results(Protocol):
    """Versions of models and results; never pickled."""

    def save(
        self,
        kind: str,
        name: str,
        facts: Mapping[str, object],
        arrays: Arrays,
        *,
        rows: ImageRows | None = None,
        keep: int = 10,
    ) -> int:
        """Keep a new version, and of the older ones the newest `keep` - 1; its version number.

        Args:
            rows: what it holds of single images. Nothing derived from one image belongs in `arrays`.
        """

    def extend(self, kind: str, name: str, rows: ImageRows) -> None:
        """Add rows to the newest version.

        Raises:
            NotFoundError: there is none.
            InputError: its rows have other arrays, or of other shapes or types.
        """

    def load(self, kind: str, name: str, version: int | None = None) -> Result | None:
        """The version asked for, or the newest; None if there is none."""

    def versions(self, kind: str, name: str | None = None) -> Sequence[Result]:
        """Every version kept, newest first, with facts and without arrays and rows."""

    def remove(self, kind: str, name: str) -> int:
        """Delete all versions; number removed."""
