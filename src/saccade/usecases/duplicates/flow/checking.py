"""Checks whether a library already has a picture: bytes by digest, then the copy space, then the pixels."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from saccade.core import paths
from saccade.core.decoding import Decoded, DecodeTask
from saccade.core.perceptual import NO_HASH, phash
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder
from saccade.core.ports.encoders import Encoder
from saccade.core.ports.engines import Verifier
from saccade.core.settings import Settings
from saccade.core.types import Failure, ImageRecord, Pixels, Role
from saccade.engine.rehash import HASHED, shows_all
from saccade.engine.thumbnails import Thumbnails, read_images
from saccade.usecases.duplicates.flow.grouping import TIERS, hash_distance
from saccade.usecases.duplicates.flow.matcher import Surroundings, compare, may_be_equal
from saccade.usecases.duplicates.flow.same_pixels import OpenDecoder, whole_recipe
from saccade.usecases.duplicates.rules.reports import CheckMatch, CheckResult, Evidence, Tier

_BATCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """The dependencies for checking.

    Attributes:
        around: what each picture is compared with.
        tiers: what counts as a match: bytes, pixels, picture.
        cache_mb: megabytes of pixels kept while comparing.
    """

    catalog: Catalog
    encoder: Encoder
    around: Surroundings
    open_decoder: OpenDecoder
    verifier: Verifier
    tiers: frozenset[Tier]
    cache_mb: int = Settings().cache_mb


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    """A picture that was read, and the images of the library that may match, with their scores."""

    task: DecodeTask
    picture: Decoded
    hash: int
    near: dict[int, float]


def check(checker: Checker, tasks: Sequence[DecodeTask]) -> list[CheckResult]:
    """One result for each picture, in order. Nothing is written."""
    started = time.perf_counter()
    found: list[list[CheckMatch] | Failure] = []
    with (
        checker.open_decoder(checker.encoder.info.recipe) as by_encoder,
        checker.open_decoder(checker.verifier.recipe) as by_verifier,
    ):
        thumbnails = Thumbnails(by_verifier, kept_bytes=checker.cache_mb << 20)
        for start in range(0, len(tasks), _BATCH):
            for query in _read(checker, by_encoder, tasks[start : start + _BATCH]):
                if isinstance(query, Failure):
                    found.append(query)
                else:
                    found.append(_matches(checker, by_verifier, thumbnails, query))
    each = (time.perf_counter() - started) * 1000.0 / max(1, len(tasks))
    return [
        CheckResult(
            picture=paths.join(task.path, task.member),
            matches=() if isinstance(one, Failure) else tuple(one),
            failure=one if isinstance(one, Failure) else None,
            took_ms=each,
        )
        for task, one in zip(tasks, found, strict=True)
    ]


def _read(checker: Checker, decoder: Decoder, tasks: Sequence[DecodeTask]) -> list[_Query | Failure]:
    """Pictures with their candidates."""
    outcomes = list(zip(tasks, decoder.decode(tasks), strict=True))
    pictures = [(task, outcome) for task, outcome in outcomes if isinstance(outcome, Decoded)]
    near: list[dict[int, float]] = [{} for _ in pictures]
    hashes = [int(NO_HASH)] * len(pictures)
    if pictures:
        pixels = np.stack([picture.pixels for _, picture in pictures])
        hashes = _hashes(checker, pictures)
        if checker.tiers & {Tier.PIXELS, Tier.PICTURE}:
            rows = checker.encoder.encode_pixels(pixels)[Role.COPY]
            near = [checker.around.candidates(row, value) for row, value in zip(rows, hashes, strict=True)]
    read = iter(zip(hashes, near, strict=True))
    found: list[_Query | Failure] = []
    for task, outcome in outcomes:
        if isinstance(outcome, Decoded):
            value, images = next(read)
            found.append(_Query(task=task, picture=outcome, hash=value, near=images))
        else:
            reason = Failure(path=task.path, code="corrupt", reason="it could not be decoded")
            found.append(outcome if isinstance(outcome, Failure) else reason)
    return found


def _matches(checker: Checker, decoder: Decoder, thumbnails: Thumbnails, query: _Query) -> list[CheckMatch]:
    """Images of the library that are the same, strictest tier first."""
    catalog = checker.catalog
    own = catalog.images.find([query.picture.sha256], []).get(query.picture.sha256)
    matches: list[CheckMatch] = []
    if own is not None and Tier.BYTES in checker.tiers:
        record = catalog.images.get([own])[0]
        elsewhere = _others(record, query.task)
        if elsewhere:
            matches.append(
                CheckMatch(tier=Tier.BYTES, probability=1.0, record=record, paths=elsewhere, evidence=None)
            )
    apart = _distinct(catalog, own)
    ids = [image for image in query.near if image != own and image not in apart]
    records = [record for record in catalog.images.get(ids) if record.paths]
    hashes = dict(
        zip(*(part.tolist() for part in catalog.hashes.get(np.array(sorted(ids), np.int64))), strict=True)
    )
    equal = _equal_pixels(checker, query, records, hashes)
    left = [record for record in records if record.id not in equal] if Tier.PICTURE in checker.tiers else []
    pixels = thumbnails.get(left)
    mine = _pixels(decoder, query.task) if pixels else None
    for record in records:
        score = query.near[record.id]
        distance = hash_distance(query.hash, hashes.get(record.id))
        if record.id in equal:
            if Tier.PIXELS not in checker.tiers:
                continue
            evidence = Evidence(copy_score=score, hash_distance=distance)
            tier, probability = Tier.PIXELS, 1.0
        elif mine is not None and record.id in pixels:
            link = compare(checker.verifier, pixels[record.id], mine, score)
            if link is None:
                continue
            evidence = Evidence(
                copy_score=score,
                hash_distance=distance,
                transform=link.transform,
                facts=link.facts,
                method=link.method,
            )
            tier, probability = Tier.PICTURE, link.probability
        else:
            continue
        matches.append(
            CheckMatch(
                tier=tier,
                probability=probability,
                record=record,
                paths=_others(record, query.task),
                evidence=evidence,
            )
        )
    return sorted(
        matches, key=lambda match: (TIERS.index(match.tier), -match.probability, match.record.sha256)
    )


def _hashes(checker: Checker, pictures: Sequence[tuple[DecodeTask, Decoded]]) -> list[int]:
    """The perceptual hash of each picture, of pixels that show all of it, as those of the library are."""
    if shows_all(checker.encoder.info.recipe):
        found: list[int] = phash(np.stack([picture.pixels for _, picture in pictures])).tolist()
        return found
    with checker.open_decoder(HASHED) as decoder:
        outcomes = decoder.decode([task for task, _ in pictures])
        return [
            int(phash(outcome.pixels[np.newaxis])[0] if isinstance(outcome, Decoded) else NO_HASH)
            for outcome in outcomes
        ]


def _distinct(catalog: Catalog, image: int | None) -> set[int]:
    """The images that a person marked as not duplicates of this one."""
    if image is None:
        return set()
    pairs = catalog.pairs.distinct()
    return set(pairs[(pairs == image).any(axis=1)].ravel().tolist())


def _equal_pixels(
    checker: Checker, query: _Query, records: Sequence[ImageRecord], hashes: Mapping[int, int]
) -> set[int]:
    """Images with exactly the same pixels as the picture."""
    info = query.picture.info
    close = [
        record
        for record in records
        if may_be_equal(
            record.info, info, query.near[record.id], hash_distance(query.hash, hashes.get(record.id))
        )
    ]
    if not close:
        return set()
    with checker.open_decoder(whole_recipe(info)) as decoder:
        mine = _pixels(decoder, query.task)
        return {
            record.id
            for record, outcome in read_images(decoder, close)
            if isinstance(outcome, Decoded) and mine is not None and np.array_equal(outcome.pixels, mine)
        }


def _pixels(decoder: Decoder, task: DecodeTask) -> Pixels | None:
    (outcome,) = decoder.decode([task])
    return outcome.pixels if isinstance(outcome, Decoded) else None


def _others(record: ImageRecord, task: DecodeTask) -> tuple[str, ...]:
    """The files of an image, without the one being checked."""
    own = paths.join(task.path, task.member)
    return tuple(path for path in record.paths if task.data is not None or path != own)
