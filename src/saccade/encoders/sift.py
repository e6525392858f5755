"""The verifier of the extra `verify`: points by OpenCV's SIFT, in larger pictures than the base one's."""

import importlib
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import MissingExtraError
from saccade.core.pixels.alignment import Transform, compose
from saccade.core.pixels.comparison import Prepared
from saccade.core.pixels.verification import COMPARED_SIZE, best_match, guesses
from saccade.core.ports.engines import Match
from saccade.core.types import PixelRecipe, Pixels

_SIZE = 448
_POINTS = 800
_RATIO = 0.8
"""A match counts if its distance is below this share of the second best's (Lowe, IJCV 2004)."""
_MISS = 3.0
"""Maximum error of a point, pixels."""
_FEWEST = 5
"""Points that must agree: three define an affine map, so fewer than five prove nothing."""
_REMEMBERED = 32
_MIRROR: Transform = np.array([[-1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])


class _Points(NamedTuple):
    """(n, 2) x and y in [0, 1], and (n, 128) descriptors."""

    places: NDArray[np.float32]
    descriptors: NDArray[np.float32]


class _Looked:
    """A picture with its points, found on first use."""

    def __init__(self, cv2: ModuleType, pixels: Pixels) -> None:
        self.prepared = Prepared(pixels, COMPARED_SIZE)
        self.size = np.array(pixels.shape[1::-1], np.float32)
        self._cv2 = cv2
        self._gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)

    @cached_property
    def points(self) -> _Points:
        """Its points."""
        return self._found(self._gray)

    @cached_property
    def mirrored(self) -> _Points:
        """The points of its mirror image."""
        return self._found(np.ascontiguousarray(self._gray[:, ::-1]))

    def _found(self, gray: NDArray[np.uint8]) -> _Points:
        # Low contrast counts: a dark or blurred copy has the same points as its original, but fainter.
        detector = self._cv2.SIFT_create(nfeatures=_POINTS, contrastThreshold=0.02)
        found, descriptors = detector.detectAndCompute(gray, None)
        if descriptors is None:
            return _Points(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
        # OpenCV's (0, 0) is the center of the first pixel; ours is its corner.
        places = (np.array([point.pt for point in found], np.float32) + 0.5) / self.size
        return _Points(places.astype(np.float32), descriptors)


class SiftVerifier:
    """Aligns two pictures by SIFT and MAGSAC++, and judges like the base verifier.

    SIFT: Lowe, IJCV 60, 2004. MAGSAC++: Barath et al., CVPR 2020. Thread-safe.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(self) -> None:
        self._cv2 = _opencv()
        self._look: Callable[[bytes, int, int], _Looked] = lru_cache(maxsize=_REMEMBERED)(self._looked)

    @property
    def name(self) -> str:
        """Method and version."""
        return "sift-1"

    @property
    def recipe(self) -> PixelRecipe:
        """The pixels it needs."""
        return PixelRecipe(size=_SIZE, fit="contain")

    def verify(self, a: Pixels, b: Pixels, score: float) -> Match:
        """Whether (h, w, 3) `b` is (h', w', 3) `a` edited, or both are edits of one.

        Args:
            score: not used: it depends on the encoder; the pixels alone decide.
        Returns:
            facts as for `AlignmentVerifier.verify`.
        """
        del score
        first, second = (self._look(one.tobytes(), *one.shape[:2]) for one in (a, b))
        return best_match(
            first.prepared,
            second.prepared,
            guesses(first.prepared, second.prepared, lambda: self._maps(first, second)),
        )

    def _looked(self, data: bytes, height: int, width: int) -> _Looked:
        return _Looked(self._cv2, np.frombuffer(data, np.uint8).reshape(height, width, 3))

    def _maps(self, a: _Looked, b: _Looked) -> Iterator[tuple[Transform, int]]:
        """Maps from `b`, as it is and mirrored, to `a` that most points agree with."""
        plain = self._fit(a, b.points)
        if plain is not None:
            yield plain
        turned = self._fit(a, b.mirrored)
        if turned is not None:
            yield compose(turned[0], _MIRROR), turned[1]

    def _fit(self, a: _Looked, b: _Points) -> tuple[Transform, int] | None:
        if min(len(a.points.places), len(b.places)) < _FEWEST:
            return None
        pairs = self._cv2.BFMatcher().knnMatch(b.descriptors, a.points.descriptors, k=2)
        good = [one for one, other in pairs if one.distance < _RATIO * other.distance]
        if len(good) < _FEWEST:
            return None
        start = b.places[[match.queryIdx for match in good]] * a.size
        to = a.points.places[[match.trainIdx for match in good]] * a.size
        pixels, agrees = self._cv2.estimateAffine2D(
            start,
            to,
            method=self._cv2.USAC_MAGSAC,
            ransacReprojThreshold=_MISS,
            maxIters=2000,
            confidence=0.99,
        )
        if pixels is None or (votes := int(agrees.sum())) < _FEWEST:
            return None
        unit = pixels / a.size[:, None]
        unit[:, :2] *= a.size
        return unit, votes


def _opencv() -> ModuleType:
    try:
        return importlib.import_module("cv2")
    except ImportError as error:
        raise MissingExtraError(
            "comparing pictures by SIFT needs OpenCV, which is not installed",
            hint="pip install 'saccade[verify]'",
        ) from error
