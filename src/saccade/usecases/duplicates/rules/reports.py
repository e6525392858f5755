"""Duplicate reports: tiers, pairs with evidence, groups with their keeper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from saccade.core.pixels.alignment import inverse
from saccade.core.results import Listed
from saccade.core.types import Failure, ImageRecord


class Tier(StrEnum):
    """How two files match, strictest first."""

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
    """Why two images match.

    Attributes:
        tier: how they match.
        probability: probability of that.
        score: cosine in the copy space.
        transform: six numbers of the affine map from the second to the first; empty if none.
        facts: what was measured.
        method: the verifier; "" if none was needed.
    """

    tier: Tier
    probability: float
    score: float
    transform: tuple[float, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
    method: str = ""

    def turned(self) -> "Link":
        """The same with first and second swapped."""
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
"""The link of two images with identical pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why two images are in a tier.

    Attributes:
        copy_score: cosine in the copy space.
        hash_distance: differing bits of 64 of the perceptual hashes; -1 if one of them has none.
        seconds: between the times they were taken; None if one is unknown.
        transform: six numbers (row by row) of the affine map from b to a, x and y in [0, 1]; empty if none.
        facts: what the verifier measured.
        method: the verifier; "" if none was needed.
    """

    copy_score: float
    hash_distance: int
    seconds: float | None = None
    transform: tuple[float, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatePair:
    """Two images and how they match."""

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
        tier: how it matches the keeper; None for the keeper itself.
        probability: probability of that.
        evidence: None for the keeper and for identical bytes.
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
    """Duplicate files; each of the others matches the keeper directly, so groups do not chain.

    Attributes:
        tier: the loosest tier among the others.
        keeper: the file to keep.
        others: at least one, strictest tier first.
    """

    tier: Tier
    keeper: DuplicateFile
    others: tuple[DuplicateFile, ...]

    @property
    def spare_bytes(self) -> int:
        """Bytes freed if only the keeper is kept."""
        return sum(one.record.info.size_bytes for one in self.others)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DuplicateReport(Listed[DuplicateGroup]):
    """The result of a search for duplicates; a sequence of groups.

    Attributes:
        groups: strictest tier first, then most spare bytes.
        images: number of images examined.
        candidates: pairs considered.
        verified: pairs whose pixels were compared in this run (the rest was stored or did not need it).
        failed: files whose pixels were needed and could not be read.
        seconds: wall time.
    """

    groups: tuple[DuplicateGroup, ...]
    images: int
    candidates: int
    verified: int
    failed: tuple[Failure, ...]
    seconds: float

    @property
    def listed(self) -> Sequence[DuplicateGroup]:
        """The groups."""
        return self.groups


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMatch:
    """An image of the library that matches a picture.

    Attributes:
        tier: how it matches.
        probability: probability of that.
        record: the image.
        paths: its files, without the picture's own.
        evidence: None for identical bytes; its transform maps the picture to the image.
    """

    tier: Tier
    probability: float
    record: ImageRecord
    paths: tuple[str, ...]
    evidence: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """Whether the library already has a picture.

    Attributes:
        picture: the picture as given.
        matches: strictest tier first, then the most probable; none if it is new.
        failure: why it could not be checked; None if it was.
        took_ms: milliseconds, divided evenly among pictures that were checked together.
    """

    picture: str
    matches: tuple[CheckMatch, ...]
    failure: Failure | None
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OverlapReport(Listed[DuplicatePair]):
    """Pictures that two sets of images share (two folders, two splits, two libraries); a sequence of pairs.

    Attributes:
        pairs: `a` of the one set, `b` of the other, strictest tier first; the same image twice for files with
            the same bytes.
        images: number of images in each set.
        leaked: how many images of each set are in a pair.
        verified: pairs whose pixels were compared in this run.
        failed: files whose pixels were needed and could not be read.
        seconds: wall time.
    """

    pairs: tuple[DuplicatePair, ...]
    images: tuple[int, int]
    leaked: tuple[int, int]
    verified: int
    failed: tuple[Failure, ...]
    seconds: float

    @property
    def listed(self) -> Sequence[DuplicatePair]:
        """The pairs."""
        return self.pairs
