"""What `recommend --json` and `feedback ... --json` print."""

from typing import TYPE_CHECKING

from saccade.doors.terminal.payloads import Payload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saccade.core.ranking import Interval, ReplayReport
    from saccade.usecases.recommendations.rules.taste import (
        Imported,
        Recommendation,
        Recommendations,
        UserEvent,
    )


def of_recommendations(found: "Recommendations") -> Payload:
    """A list of images with reasons."""
    return {
        "asked": found.asked,
        "basis": found.basis,
        "note": found.note,
        "hits": [_hit(hit) for hit in found],
        "took_ms": found.took_ms,
    }


def _hit(hit: "Recommendation") -> Payload:
    return {
        "rank": hit.rank,
        "path": hit.path,
        "paths": list(hit.paths),
        "image_id": hit.image_id,
        "score": hit.score,
        "reasons": [
            {"kind": one.kind, "text": one.text, "amount": one.amount, "path": one.path or None}
            for one in hit.reasons
        ],
        "width": hit.info.width,
        "height": hit.info.height,
        "taken_at": hit.info.taken_at,
    }


def of_replay(report: "ReplayReport") -> Payload:
    """How the methods did."""
    return {
        "users": report.users,
        "images": report.images,
        "events": report.events,
        "k": report.k,
        "held_out": report.held_out,
        "methods": [
            {
                "method": one.method,
                "recall": _interval(one.recall),
                "ndcg": _interval(one.ndcg),
                "coverage": one.coverage,
                "novelty": one.novelty,
                "behind": _interval(one.behind),
            }
            for one in report.scores
        ],
    }


def _interval(interval: "Interval") -> Payload:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def of_imported(done: "Imported") -> Payload:
    """What an import did."""
    failed = [{"path": one.path, "code": one.code, "reason": one.reason} for one in done.failed]
    return {"rows": done.rows, "added": done.added, "failed": failed}


def of_events(events: "Sequence[UserEvent]") -> Payload:
    """Everything kept of a user."""
    return {
        "events": [
            {
                "user": one.user,
                "image_id": one.image_id,
                "path": one.path or None,
                "kind": one.kind,
                "at": one.at,
                "value": one.value,
            }
            for one in events
        ]
    }


def of_users(users: "Mapping[str, int]") -> Payload:
    """Who gave feedback."""
    return {"users": [{"user": name, "events": count} for name, count in users.items()]}
