"""What `saccade data --json` prints; `docs/schemas/data.json` states it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.core.ports.stores import Column
    from saccade.core.tables import ImportReport
    from saccade.doors.terminal.payloads import Payload


def of_import(report: "ImportReport") -> "Payload":
    """What an import did."""
    return {
        "rows": report.rows,
        "images": report.images,
        "columns": [
            {"name": one.name, "header": one.header, "kind": one.kind, "values": one.values, "why": one.why}
            for one in report.columns
        ],
        "labels": report.labels,
        "problems": [{"line": one.line, "reason": one.reason} for one in report.problems],
        "dry_run": report.dry_run,
    }


def of_columns(columns: "Sequence[Column]") -> "Payload":
    """The facts there are."""
    return {
        "columns": [
            {"name": one.name, "kind": one.kind, "origin": one.origin, "images": one.count} for one in columns
        ]
    }


def of_removal(name: str, removed: int) -> "Payload":
    """What was forgotten."""
    return {"removed": name, "images": removed}


def of_export(path: str, images: int) -> "Payload":
    """What was written."""
    return {"path": path, "images": images}
