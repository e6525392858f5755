"""Pictures of one scene: bursts, taken within seconds, and scenes, similar whenever they were taken."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from saccade.core.calibration import Calibration, image_confidence
from saccade.core.ports.catalog import Catalog
from saccade.core.types import Ids, SpaceInfo

_MOST_NEIGHBORS = 50
"""Maximum later pictures within the window to compare with: time-lapses have thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One image and when it was taken: seconds since 1970, and by which camera ("" if not known)."""

    image: int
    at: float
    camera: str


def shots_together(shots: Sequence[Shot], seconds: float) -> list[tuple[int, int]]:
    """Pairs a < b of images taken at most so many seconds apart, and not by two different known cameras."""
    ordered = sorted(shots, key=lambda shot: (shot.at, shot.image))
    pairs = []
    for place, shot in enumerate(ordered):
        for later in ordered[place + 1 : place + 1 + _MOST_NEIGHBORS]:
            if later.at - shot.at > seconds:
                break
            if shot.camera == later.camera or not shot.camera or not later.camera:
                pairs.append((min(shot.image, later.image), max(shot.image, later.image)))
    return sorted(pairs)


def pair_scores(catalog: Catalog, space: SpaceInfo, pairs: Sequence[tuple[int, int]]) -> list[float]:
    """Cosine of each pair in a space."""
    scores: list[float] = []
    for start in range(0, len(pairs), 2000):
        ends: Ids = np.array(pairs[start : start + 2000], np.int64)
        ids = np.unique(ends)
        rows = catalog.embeddings.get(space.id, ids)
        left, right = (rows[np.searchsorted(ids, ends[:, side])] for side in (0, 1))
        scores += np.einsum("ij,ij->i", left, right).tolist()
    return scores


def least_score(calibration: Calibration, confidence: float) -> float:
    """The lowest score, to a hundredth, of a true neighbor at this confidence; 1 if none."""
    scores = np.arange(101) / 100
    enough = np.flatnonzero(image_confidence(calibration, scores) >= confidence)
    return float(scores[enough[0]]) if len(enough) else 1.0
