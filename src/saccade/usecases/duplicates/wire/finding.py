"""What `--json` prints of duplicates: full precision, nothing left out; docs/schemas states the shapes."""

from typing import TYPE_CHECKING

from saccade.doors.terminal.payloads import Payload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.core.quarantine import Cleaning, UndoReport
    from saccade.core.types import Failure
    from saccade.usecases.duplicates.rules.applying import CleaningReport
    from saccade.usecases.duplicates.rules.reports import DuplicateFile, DuplicateReport, Evidence
    from saccade.usecases.duplicates.rules.savings import Freed, Savings


def of_duplicates(found: "DuplicateReport", cleaning: "CleaningReport") -> Payload:
    """The groups, and what putting the others away does or would do."""
    return {
        "images": found.images,
        "candidates": found.candidates,
        "verified": found.verified,
        "failed": failures(found.failed),
        "seconds": found.seconds,
        "groups": [
            {
                "tier": group.tier.value,
                "spare_bytes": group.spare_bytes,
                "keeper": of_file(group.keeper),
                "others": [of_file(other) for other in group.others],
            }
            for group in found.groups
        ],
        "cleaning": _cleaning(cleaning),
    }


def of_file(file: "DuplicateFile") -> Payload:
    """One file of a group."""
    info = file.record.info
    return {
        "path": file.path,
        "image_id": file.record.image_id,
        "tier": None if file.tier is None else file.tier.value,
        "probability": file.probability,
        "reason": file.reason,
        "width": info.width,
        "height": info.height,
        "format": info.format,
        "size_bytes": info.size_bytes,
        "taken_at": info.taken_at,
        "evidence": None if file.evidence is None else of_evidence(file.evidence),
    }


def of_evidence(evidence: "Evidence") -> Payload:
    """Why two images are in a tier."""
    return {
        "copy_score": evidence.copy_score,
        "hash_distance": evidence.hash_distance,
        "seconds": evidence.seconds,
        "transform": list(evidence.transform),
        "facts": dict(evidence.facts),
        "method": evidence.method,
    }


def of_undo(report: "UndoReport") -> Payload:
    """What an undo put back."""
    return {
        "run": report.run,
        "restored": [{"path": one.path, "at": one.at} for one in report.restored],
        "unmoved": report.unmoved,
        "failed": failures(report.failed),
        "unmerged": report.unmerged,
        "seconds": report.seconds,
    }


def of_cleanings(cleanings: "Sequence[Cleaning]") -> Payload:
    """Every run that put files away."""
    return {
        "runs": [
            {
                "run": one.run,
                "created": one.created,
                "quarantine": one.quarantine,
                "files": one.files,
                "size_bytes": one.size_bytes,
                "moved": one.moved,
                "finished": one.finished,
            }
            for one in cleanings
        ]
    }


def failures(found: "Sequence[Failure]") -> list[Payload]:
    """Files with a code and a reason."""
    return [{"path": one.path, "code": one.code, "reason": one.reason} for one in found]


def _cleaning(report: "CleaningReport") -> Payload:
    return {
        "run": report.run,
        "applied": report.applied,
        "quarantine": report.quarantine,
        "moves": [
            {
                "path": move.path,
                "place": move.place or None,
                "keeper": move.keeper,
                "tier": move.tier,
                "probability": move.probability,
                "size_bytes": move.stamp.size,
                "sha256": move.sha256,
                "reason": move.reason,
            }
            for move in report.moves
        ],
        "skipped": failures(report.skipped),
        "merges": [
            {"keeper": merge.keeper, "labels": dict(merge.labels), "facts": dict(merge.facts)}
            for merge in report.merges
        ],
        "savings": _savings(report.savings),
        "seconds": report.seconds,
    }


def _savings(savings: "Savings") -> Payload:
    return {
        "files": savings.files,
        "size_bytes": savings.size_bytes,
        "tiers": _freed(savings.tiers),
        "folders": _freed(savings.folders),
        "currency": savings.currency,
        "source": savings.source,
        "costs": [
            {"name": cost.name, "per_year": cost.per_year, "once": cost.once} for cost in savings.costs
        ],
        "assumptions": list(savings.assumptions),
    }


def _freed(found: "Sequence[Freed]") -> list[Payload]:
    return [{"name": one.name, "files": one.files, "size_bytes": one.size_bytes} for one in found]
