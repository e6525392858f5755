"""Checks, and what two sets of images share, for `--json`, HTTP and MCP."""

from collections.abc import Sequence
from dataclasses import dataclass

from saccade.core.types import Failure, ImageRecord
from saccade.usecases.duplicates.rules.reports import CheckResult, Evidence, OverlapReport, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchAnswer:
    """An image of the library that matches a picture.

    Attributes:
        tier: how it matches.
        probability: probability of that.
        image_id: SHA-256 of its bytes, hexadecimal.
        paths: its files, without the picture's own.
        evidence: null for identical bytes.
    """

    tier: Tier
    probability: float
    image_id: str
    paths: tuple[str, ...]
    evidence: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureAnswer:
    """The result for one picture.

    Attributes:
        picture: as given.
        matches: strictest tier first, then the most probable; none if it is new.
        failure: why it could not be checked; null if it was.
        took_ms: milliseconds.
    """

    picture: str
    matches: tuple[MatchAnswer, ...]
    failure: Failure | None
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAnswer:
    """Whether the library already has pictures.

    Attributes:
        new: pictures it does not have.
        known: pictures it has.
        failed: pictures that could not be read.
        pictures: one for each, in order.
    """

    new: int
    known: int
    failed: int
    pictures: tuple[PictureAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAnswer:
    """One of two sets of images.

    Attributes:
        name: folder, value or library.
        images: number of images.
        leaked: how many of them are also in the other set.
    """

    name: str
    images: int
    leaked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAnswer:
    """An image.

    Attributes:
        image_id: SHA-256 of its bytes, hexadecimal.
        paths: its files.
    """

    image_id: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAnswer:
    """A picture that both sets have.

    Attributes:
        tier: how the images match.
        probability: probability of that.
        a: the image of the first set.
        b: the image of the second set.
    """

    tier: Tier
    probability: float
    a: ImageAnswer
    b: ImageAnswer
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapAnswer:
    """What two sets of images share.

    Attributes:
        sets: both.
        pairs: strictest tier first.
        verified: pairs whose pixels were compared in this run.
        failed: files that could not be read.
        seconds: wall time.
    """

    sets: tuple[SetAnswer, ...]
    pairs: tuple[PairAnswer, ...]
    verified: int
    failed: tuple[Failure, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinctAnswer:
    """The changes made by `saccade distinct`.

    Attributes:
        pairs_changed: pairs that were marked, or unmarked.
        distinct: whether they are marked now.
    """

    pairs_changed: int
    distinct: bool


def check_answer(results: Sequence[CheckResult]) -> CheckAnswer:
    """Convert results."""
    return CheckAnswer(
        new=sum(not result.matches and result.failure is None for result in results),
        known=sum(bool(result.matches) for result in results),
        failed=sum(result.failure is not None for result in results),
        pictures=tuple(
            PictureAnswer(
                picture=result.picture,
                matches=tuple(
                    MatchAnswer(
                        tier=match.tier,
                        probability=match.probability,
                        image_id=match.record.image_id,
                        paths=match.paths,
                        evidence=match.evidence,
                    )
                    for match in result.matches
                ),
                failure=result.failure,
                took_ms=result.took_ms,
            )
            for result in results
        ),
    )


def overlap_answer(found: OverlapReport, names: tuple[str, str]) -> OverlapAnswer:
    """Convert an overlap."""
    sets = zip(names, found.images, found.leaked, strict=True)
    return OverlapAnswer(
        sets=tuple(SetAnswer(name=name, images=images, leaked=leaked) for name, images, leaked in sets),
        pairs=tuple(
            PairAnswer(
                tier=pair.tier,
                probability=pair.probability,
                a=_image(pair.a),
                b=_image(pair.b),
                evidence=pair.evidence,
            )
            for pair in found.pairs
        ),
        verified=found.verified,
        failed=found.failed,
        seconds=found.seconds,
    )


def _image(record: ImageRecord) -> ImageAnswer:
    return ImageAnswer(image_id=record.image_id, paths=record.paths)
