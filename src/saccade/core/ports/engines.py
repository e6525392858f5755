"""Heavy array computations, implemented by adapters."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from saccade.core.types import Embeddings, Ids, PixelRecipe, Pixels, Scores


@runtime_checkable
class PatchEncoder(Protocol):
    """An encoder that also has features for parts of a picture."""

    @property
    def patch_shape(self) -> tuple[int, int, int]:
        """(rows, columns, channels) of `encode_patches` for one picture."""

    def encode_patches(self, pixels: Pixels) -> NDArray[np.float32]:
        """(n, size, size, 3) by the encoder's recipe -> (n, rows, columns, channels) features, not unit rows.

        Patch (r, c) mainly covers the part of the picture around ((c + 0.5) / columns, (r + 0.5) / rows).
        """


@runtime_checkable
class LookEncoder(Protocol):
    """An encoder that also describes how a picture looks, whatever it shows: textures, colors, sharpness."""

    @property
    def look_dim(self) -> int:
        """Number of features per picture."""

    def encode_looks(self, pixels: Pixels) -> NDArray[np.float32]:
        """(n, size, size, 3) by the encoder's recipe -> (n, look_dim) of any scale: compare them whitened."""


class KMeans(Protocol):
    """k-means on unit rows."""

    def fit(self, rows: Embeddings, k: int, *, seed: int, iterations: int = 20) -> Embeddings:
        """(k, d) centers as unit rows (spherical k-means); deterministic in rows and seed."""


class SelfJoin(Protocol):
    """All pairs of one set of rows that score at least a threshold, in constant memory."""

    def pairs(
        self, ids: Ids, rows: Embeddings, threshold: float, *, new: NDArray[np.bool_] | None = None
    ) -> Iterator[tuple[Ids, Ids, Scores]]:
        """Batches of pairs (a, b, score), a < b, each pair once.

        Args:
            ids: (n,) ascending ids.   rows: (n, d) unit rows; may be memory-mapped.
            threshold: inclusive.
            new: (n,) only pairs with at least one of these rows (the others were joined before).
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Whether two pictures are edits of the same one, with the evidence.

    Attributes:
        same: the verdict.
        probability: probability of that, in [0, 1].
        transform: (2, 3) affine map from `b` to `a`, both with x and y in [0, 1]; None if none was found.
        facts: numbers behind the verdict, by name, each explained by the verifier ("overlap", "inliers").
    """

    same: bool
    probability: float
    transform: NDArray[np.float64] | None = None
    facts: dict[str, float] = field(default_factory=dict)


class Verifier(Protocol):
    """Compares the pixels of two pictures that may be the same one."""

    @property
    def name(self) -> str:
        """Method and version: results are stored under this name."""

    @property
    def recipe(self) -> PixelRecipe:
        """The pixels it needs: "contain" keeps the proportions."""

    def verify(self, a: Pixels, b: Pixels, score: float) -> Match:
        """Whether (h, w, 3) `b` is (h', w', 3) `a` edited, or both are edits of one.

        Args:
            score: their cosine in the copy space.
        """
