"""The output of `--json` as plain values: full precision, nothing left out, one function per result.

The shapes are a contract with scripts: `docs/schemas/*.json` defines them, tests validate real output.
"""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saccade.core.ports.stores import Tag
    from saccade.core.types import (
        Counts,
        DoctorReport,
        Failure,
        Hit,
        ImageInfo,
        ImageRecord,
        IndexReport,
        LibraryStatus,
        SearchResult,
    )

Payload: TypeAlias = dict[str, object]


def of_index(report: "IndexReport", library: str) -> Payload:
    """What one indexing run did."""
    return {
        "files": report.files,
        "added": report.added,
        "unchanged": report.unchanged,
        "moved": report.moved,
        "removed": report.removed,
        "excluded": report.excluded,
        "embedded": report.embedded,
        "failed": _failures(report.failed),
        "seconds": report.seconds,
        "images_per_s": report.images_per_s,
        "library": library,
    }


def of_search(result: "SearchResult") -> Payload:
    """The answer to a query."""
    return {
        "query": result.query,
        "confident": result.confident,
        "hits": [_hit(hit) for hit in result.hits],
        "took_ms": result.took_ms,
    }


def of_record(record: "ImageRecord", tags: "Sequence[Tag]", facts: "Mapping[str, float | str]") -> Payload:
    """One image of the library, with its tags and fields."""
    return {
        "image_id": record.image_id,
        "paths": list(record.paths),
        **_info(record.info),
        "tags": [{"label": tag.label, "origin": tag.origin, "score": tag.score} for tag in tags],
        "facts": dict(facts),
    }


def of_status(status: "LibraryStatus") -> Payload:
    """A library's location and contents."""
    return {
        "library": status.library,
        "folders": list(status.folders),
        "counts": _counts(status.counts),
        "spaces": [
            {
                "role": space.role.value,
                "encoder": space.encoder,
                "fingerprint": space.fingerprint,
                "dim": space.dim,
                "active": space.active,
                "embeddings": status.counts.embeddings.get(space.id, 0),
                "index": status.indexes.get(space.id),
            }
            for space in status.spaces
        ],
        "size_bytes": status.size_bytes,
        "interrupted": status.interrupted,
    }


def of_doctor(report: "DoctorReport") -> Payload:
    """What a check found."""
    return {
        "healthy": report.healthy,
        "counts": _counts(report.counts),
        "unindexed": report.unindexed,
        "failures": _failures(report.failures),
        "problems": [
            {
                "code": problem.code,
                "message": problem.message,
                "count": problem.count,
                "repaired": problem.repaired,
            }
            for problem in report.problems
        ],
    }


def of_backup(path: str, size_bytes: int) -> Payload:
    """Where a backup is."""
    return {"path": path, "size_bytes": size_bytes}


def _hit(hit: "Hit") -> Payload:
    return {
        "rank": hit.rank,
        "path": hit.path,
        "paths": list(hit.paths),
        "image_id": hit.image_id,
        "score": hit.score,
        "confidence": hit.confidence,
        "parts": [{"part": part.part, "score": part.score} for part in hit.parts],
        "words": list(hit.words),
        "similar": list(hit.similar),
        **_info(hit.info),
    }


def _info(info: "ImageInfo") -> Payload:
    return {
        "width": info.width,
        "height": info.height,
        "format": info.format,
        "size_bytes": info.size_bytes,
        "frames": info.frames,
        "taken_at": info.taken_at,
        "camera": info.camera,
        "lens": info.lens,
        "latitude": info.latitude,
        "longitude": info.longitude,
        "title": info.title,
        "caption": info.caption,
        "keywords": list(info.keywords),
        "creator": info.creator,
        "rights": info.rights,
    }


def _counts(counts: "Counts") -> Payload:
    return {
        "images": counts.images,
        "files": counts.files,
        "failed": counts.failed,
        "excluded": counts.excluded,
        "missing": counts.missing,
    }


def _failures(failures: "Sequence[Failure]") -> list[Payload]:
    return [{"path": item.path, "code": item.code, "reason": item.reason} for item in failures]
