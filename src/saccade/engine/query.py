"""Combines the weighted text and picture parts of a query into one vector."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.calibration import Calibration, image_confidence, text_confidence
from saccade.core.errors import InvalidQueryError
from saccade.core.types import Embeddings, Scores

_SMALLEST_LENGTH = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a query, embedded.

    Attributes:
        label: as given by the user.
        vector: (d,) unit float32.
        weight: its weight; negative for parts that hits should be unlike.
        text: its words if it is text, None for a picture.
    """

    label: str
    vector: NDArray[np.float32]
    weight: float = 1.0
    text: str | None = None


def combine(parts: Sequence[Part], calibration: Calibration) -> Embeddings:
    """The (1, d) unit vector that ranks images by the weighted sum of the parts' standardized scores.

    Scores of texts and of pictures spread differently, so each part is divided by its kind's spread: with
    weight 1, one standard deviation then counts as one for either kind. The sum of standardized scores is
    linear in the image's embedding, hence one vector and one search.

    Raises:
        InvalidQueryError: the query is empty, or the parts cancel each other.
    """
    if not any(part.weight > 0 for part in parts):
        raise InvalidQueryError("nothing to search for", hint="give words or a picture")
    if len(parts) == 1:
        return parts[0].vector[np.newaxis]
    total = np.zeros_like(parts[0].vector, dtype=np.float64)
    for part in parts:
        spread = calibration.image_spread if part.text is None else calibration.text_spread
        total += part.weight / spread * part.vector
    length = float(np.linalg.norm(total))
    if length < _SMALLEST_LENGTH:
        raise InvalidQueryError("the parts of the query cancel each other out", hint="change a weight")
    return (total / length).astype(np.float32)[np.newaxis]


def describe(parts: Sequence[Part]) -> str:
    """The query in words, such as "2:beach + ./photo.jpg - people"; 2 is a weight."""
    text = ""
    for part in parts:
        sign = (" - " if text else "- ") if part.weight < 0 else (" + " if text else "")
        weight = abs(part.weight)
        text += sign + (part.label if weight == 1 else f"{weight:g}:{part.label}")
    return text


def confidence(parts: Sequence[Part], part_scores: Scores, calibration: Calibration) -> NDArray[np.float64]:
    """Confidence in [0, 1] of each image.

    The mean over the wanted parts, by weight, of each part's confidence, times (1 - confidence) of every
    unwanted part: an image that clearly shows something unwanted does not match.

    Args:
        part_scores: (parts, images) cosine of each part with each image.
    """
    wanted = np.zeros(part_scores.shape[1])
    spoiled = np.ones(part_scores.shape[1])
    weights = sum(part.weight for part in parts if part.weight > 0)
    for part, scores in zip(parts, part_scores, strict=True):
        sure = (image_confidence if part.text is None else text_confidence)(calibration, scores)
        if part.weight > 0:
            wanted += part.weight / weights * sure
        else:
            spoiled *= 1.0 - sure
    return wanted * spoiled


def content_words(text: str, stop_words: AbstractSet[str]) -> tuple[str, ...]:
    """Meaningful lower-case words of a text, in order, each once."""
    words = re.findall(r"[^\W_]+", text.lower())
    return tuple(dict.fromkeys(word for word in words if word not in stop_words))
