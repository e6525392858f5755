"""What `--json` prints of checks, leaks and other libraries; docs/schemas states the shapes."""

from typing import TYPE_CHECKING

from saccade.doors.terminal.payloads import Payload
from saccade.usecases.duplicates.wire.finding import failures, of_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.core.types import ImageRecord
    from saccade.usecases.duplicates.rules.reports import CheckResult, OverlapReport


def of_check(results: "Sequence[CheckResult]") -> Payload:
    """One entry for each picture, in order."""
    return {
        "new": sum(not result.matches and result.failure is None for result in results),
        "known": sum(bool(result.matches) for result in results),
        "failed": sum(result.failure is not None for result in results),
        "pictures": [
            {
                "picture": result.picture,
                "matches": [
                    {
                        "tier": match.tier.value,
                        "probability": match.probability,
                        "image_id": match.record.image_id,
                        "paths": list(match.paths),
                        "evidence": None if match.evidence is None else of_evidence(match.evidence),
                    }
                    for match in result.matches
                ],
                "failure": None if result.failure is None else failures([result.failure])[0],
                "took_ms": result.took_ms,
            }
            for result in results
        ],
    }


def of_overlap(found: "OverlapReport", names: tuple[str, str]) -> Payload:
    """What two sets of images share."""
    return {
        "sets": [
            {"name": name, "images": images, "leaked": leaked}
            for name, images, leaked in zip(names, found.images, found.leaked, strict=True)
        ],
        "pairs": [
            {
                "tier": pair.tier.value,
                "probability": pair.probability,
                "a": _image(pair.a),
                "b": _image(pair.b),
                "evidence": of_evidence(pair.evidence),
            }
            for pair in found.pairs
        ],
        "verified": found.verified,
        "failed": failures(found.failed),
        "seconds": found.seconds,
    }


def _image(record: "ImageRecord") -> Payload:
    return {"image_id": record.image_id, "paths": list(record.paths)}
