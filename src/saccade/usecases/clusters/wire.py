"""What `saccade clusters --json` prints."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.doors.terminal.payloads import Payload
    from saccade.usecases.clusters.rules.reports import LibraryMap, ThemeMeans, ThemeMember, Themes, ThemeWord


def of_clusters(found: "Themes", means: "ThemeMeans | None", drawn: "LibraryMap | None") -> "Payload":
    """The themes, what a number says of them, and the map; the latter two null unless asked for."""
    return {
        "name": found.name,
        "version": found.version,
        "method": found.method,
        "settings": dict(found.settings),
        "images": found.images,
        "noise": found.noise,
        "updated": found.updated,
        "assigned": found.assigned,
        "ill_fitting": found.ill_fitting,
        "kept": found.kept,
        "seconds": found.seconds,
        "groups": [
            {
                "id": group.id,
                "name": group.name,
                "themes": list(group.themes),
                "size": group.size,
                "words": _words(group.words),
            }
            for group in found.groups
        ],
        "themes": [
            {
                "id": theme.id,
                "name": theme.name,
                "group": theme.group,
                "size": theme.size,
                "fresh": theme.fresh,
                "cohesion": theme.cohesion,
                "words": _words(theme.words),
                "representatives": _members(theme.representatives),
                "outliers": _members(theme.outliers),
            }
            for theme in found.themes
        ],
        "strangers": _members(found.strangers),
        "means": None if means is None else _means(means),
        "map": None if drawn is None else _map(drawn),
    }


def _words(words: "Sequence[ThemeWord]") -> "list[Payload]":
    return [{"word": one.word, "score": one.score, "source": one.source} for one in words]


def _members(members: "Sequence[ThemeMember]") -> "list[Payload]":
    return [
        {"image_id": one.record.image_id, "paths": list(one.record.paths), "score": one.score}
        for one in members
    ]


def _means(means: "ThemeMeans") -> "Payload":
    return {
        "column": means.column,
        "count": means.count,
        "without": means.without,
        "mean": means.mean,
        "confidence": means.confidence,
        "themes": [
            {
                "theme": one.theme,
                "name": one.name,
                "count": one.count,
                "mean": one.mean,
                "low": one.low,
                "high": one.high,
                "expected": one.expected,
                "p_value": one.p_value,
                "verdict": one.verdict,
            }
            for one in means.themes
        ],
    }


def _map(drawn: "LibraryMap") -> "Payload":
    return {
        "version": drawn.version,
        "added": drawn.added,
        "anew": drawn.anew,
        "seconds": drawn.seconds,
        "points": [
            {"image_id": image, "path": path, "x": x, "y": y, "theme": theme}
            for image, path, (x, y), theme in zip(
                drawn.image_ids, drawn.paths, drawn.places.tolist(), drawn.themes.tolist(), strict=True
            )
        ],
    }
