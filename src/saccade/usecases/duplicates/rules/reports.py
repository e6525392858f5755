"""What duplicates are: tiers, pairs with their evidence, groups with their keeper."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from saccade.core.pixels.alignment import inverse
from saccade.core.types import Failure, ImageRecord


class Tier(StrEnum):
    """How two files are the same, the strictest first."""

    BYTES = "bytes"
    """The same file twice."""
    PIXELS = "pixels"
    """The same pixels: saved again without loss, or with other metadata."""
    PICTURE = "picture"
    """The same picture, edited: resized, recompressed, cropped, flipped, rotated, recolored, captioned."""
    BURST = "burst"
    """The same scene, seconds apart."""
    SCENE = "scene"
    """The same scene."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Why two images are the same.

    Attributes:
        tier: how they are.
        probability: that they are.
        score: cosine in the copy space.
        transform: six numbers of the affine map from the second to the first; empty if none.
        facts: what was measured.
        method: which verifier looked; "" if none had to.
    """

    tier: Tier
    probability: float
    score: float
    transform: tuple[float, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
    method: str = ""

    def turned(self) -> "Link":
        """The same with first and second exchanged."""
        if not self.transform:
            return self
        back = inverse(np.array(self.transform).reshape(2, 3)).ravel()
        return Link(
            tier=self.tier,
            probability=self.probability,
            score=self.score,
            transform=tuple(float(number) for number in back),
            facts=self.facts,
            method=self.method,
        )


EQUAL = Link(tier=Tier.PIXELS, probability=1.0, score=1.0)
"""The link of two images with the very same pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why two images are in a tier.

    Attributes:
        copy_score: cosine in the copy space.
        hash_distance: differing bits of 64 of the perceptual hashes; -1 if one of them has none.
        seconds: between the times they were taken; None if one is unknown.
        transform: six numbers (row by row) of the affine map from b to a, x and y in [0, 1]; empty if none.
        facts: what the verifier measured.
        method: which verifier looked; "" if none had to.
    """

    copy_score: float
    hash_distance: int
    seconds: float | None = None
    transform: tuple[float, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatePair:
    """Two images and how they are the same."""

    a: ImageRecord
    b: ImageRecord
    tier: Tier
    probability: float
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateFile:
    """One file of a group.

    Attributes:
        path: archive members as "ARCHIVE!/MEMBER".
        record: the image in it.
        tier: how it is the same as the keeper; None for the keeper itself.
        probability: that it is.
        evidence: None for the keeper and for the same bytes.
        reason: why it is (not) the keeper, in words: "larger: 4032 x 3024".
    """

    path: str
    record: ImageRecord
    tier: Tier | None
    probability: float
    evidence: Evidence | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateGroup:
    """Files that are the same; each of the others matches the keeper itself, so groups do not chain.

    Attributes:
        tier: the loosest tier among the others.
        keeper: the file worth keeping.
        others: at least one, strictest tier first.
    """

    tier: Tier
    keeper: DuplicateFile
    others: tuple[DuplicateFile, ...]

    @property
    def spare_bytes(self) -> int:
        """Bytes freed if only the keeper stays."""
        return sum(one.record.info.size_bytes for one in self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateReport:
    """What a search for duplicates found.

    Attributes:
        groups: strictest tier first, then most spare bytes.
        images: number of images looked through.
        candidates: pairs that were looked at.
        verified: pairs whose pixels were compared now (the rest was remembered or needed none).
        failed: files whose pixels were wanted and could not be read.
        seconds: wall time.
    """

    groups: tuple[DuplicateGroup, ...]
    images: int
    candidates: int
    verified: int
    failed: tuple[Failure, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMatch:
    """An image of the library that a picture is the same as.

    Attributes:
        tier: how it is.
        probability: that it is.
        record: the image.
        paths: the files it lies in, the picture's own left out.
        evidence: None for the same bytes; its transform maps the picture to the image.
    """

    tier: Tier
    probability: float
    record: ImageRecord
    paths: tuple[str, ...]
    evidence: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """Whether the library holds a picture already.

    Attributes:
        picture: the picture as it was named.
        matches: strictest tier first, then the most probable; none if it is new.
        failure: why it could not be checked; None if it was.
        took_ms: milliseconds, shared evenly among the pictures that were checked together.
    """

    picture: str
    matches: tuple[CheckMatch, ...]
    failure: Failure | None
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapReport:
    """Pictures that two sets of images share: two folders, two splits, or two libraries.

    Attributes:
        pairs: `a` of the one set, `b` of the other, strictest tier first; the same image twice for files with
            the same bytes.
        images: how many images each set holds.
        leaked: how many images of each set are in a pair.
        verified: pairs whose pixels were compared now.
        failed: files whose pixels were wanted and could not be read.
        seconds: wall time.
    """

    pairs: tuple[DuplicatePair, ...]
    images: tuple[int, int]
    leaked: tuple[int, int]
    verified: int
    failed: tuple[Failure, ...]
    seconds: float
