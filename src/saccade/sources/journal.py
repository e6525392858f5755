"""The manifests of a library's quarantine: what was put away, from where and why, one JSON object per line.

A line is on disk before its file is touched. Only the last line can be cut off by a crash, and its move never
happened.
"""

import json
import os
from collections.abc import Mapping, Sequence

from saccade.core import paths
from saccade.core.decoding import FileStamp
from saccade.core.errors import ConflictError, NotFoundError
from saccade.core.quarantine import Merge, Move, RunEntries
from saccade.sources.quarantine import remove_empty, sync_folders

MANIFEST = "manifest.jsonl"
_FILES = "files"
_VERSION = 1
_Line = Mapping[str, object]


class Journal:
    """The runs of one library, each in a separate folder named by its number, in LIBRARY/quarantine."""

    def __init__(self, library: str, home: str) -> None:
        self._folder = os.path.join(library, "quarantine")
        self._now = {"library": library, "home": home}

    @property
    def folder(self) -> str:
        """The folder of the manifests, and of the files unless another folder was given."""
        return self._folder

    def runs(self) -> list[str]:
        """Names of all runs, oldest first."""
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        return sorted((name for name in names if _is_run(name) and self._has_manifest(name)), key=int)

    def next_place(self, to: str | None) -> str:
        """The folder for the files of the next run, which will mirror their original paths."""
        run = self._next()
        if to is None:
            return os.path.join(self._folder, run, _FILES)
        place, number = os.path.join(to, f"saccade-quarantine-{run}"), 1
        while os.path.lexists(place):
            number += 1
            place = os.path.join(to, f"saccade-quarantine-{run}-{number}")
        return place

    def begin(self, created: str, place: str) -> str:
        """Name of a new run whose files go to `place` (see `next_place`)."""
        run = self._next()
        own = os.path.join(self._folder, run)
        os.makedirs(own, mode=0o700)
        os.makedirs(place, mode=0o700)
        head = {"kind": "run", "version": _VERSION, "created": created, "place": place, **self._now}
        self._append(run, [head])
        sync_folders([self._manifest(run), own, self._folder, place])
        return run

    def write(self, run: str, moves: Sequence[Move], merges: Sequence[Merge]) -> None:
        """Record a move before it happens."""
        self._append(run, [*map(_move_line, moves), *map(_merge_line, merges)])

    def resume(self, run: str) -> None:
        """Record that an interrupted run resumes."""
        self._append(run, [{"kind": "resumed"}])

    def end(self, run: str) -> None:
        """Record that a run has ended."""
        self._append(run, [{"kind": "end"}])

    def unmerge(self, run: str, merges: Sequence[int]) -> None:
        """Record that these merges (counted from 0) were undone."""
        self._append(run, [{"kind": "unmerged", "merges": list(merges)}])

    def load(self, run: str) -> RunEntries:
        """The manifest of a run, with current paths if the library was moved.

        Args:
            run: its name; leading zeros may be left out.
        Raises:
            NotFoundError: there is no such run.
        """
        name = f"{int(run):04d}" if _is_run(run) else run
        if name not in self.runs():
            known = ", ".join(self.runs()) or "none"
            raise NotFoundError(f"there is no quarantine {run!r}", hint=f"known: {known}")
        with open(self._manifest(name), "rb") as file:
            lines, unreadable = _parsed(file.read())
        head = next((line for line in lines if line["kind"] == "run"), {})
        if head.get("version", _VERSION) != _VERSION:
            raise ConflictError(f"quarantine {name} was written by a newer saccade", hint="use that one")
        was = [(str(head[key]), now) for key, now in self._now.items() if key in head]
        return _entries(name, [_rebased(line, was) for line in lines], unreadable)

    def tidy(self, entries: RunEntries) -> None:
        """Remove empty folders of a run's files; the manifest is kept."""
        remove_empty(entries.place)

    def _next(self) -> str:
        try:
            taken = [int(name) for name in os.listdir(self._folder) if _is_run(name)]
        except FileNotFoundError:
            taken = []
        return f"{max(taken, default=0) + 1:04d}"

    def _append(self, run: str, lines: Sequence[_Line]) -> None:
        """Write lines; they are on disk when this returns. A line cut off by a crash is removed first."""
        data = b"".join(json.dumps(line).encode("ascii") + b"\n" for line in lines)
        with open(self._manifest(run), "a+b") as file:
            file.seek(0)
            content = file.read()
            whole = content.rfind(b"\n") + 1
            if whole != len(content):
                file.truncate(whole)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _manifest(self, run: str) -> str:
        return os.path.join(self._folder, run, MANIFEST)

    def _has_manifest(self, run: str) -> bool:
        return os.path.isfile(self._manifest(run))


def _is_run(name: str) -> bool:
    return name.isascii() and name.isdigit() and int(name) > 0


def _parsed(content: bytes) -> tuple[list[_Line], int]:
    """The readable lines, and the number of unreadable ones (not counting a cut-off last line)."""
    lines: list[_Line] = []
    unreadable = 0
    for text in content[: content.rfind(b"\n") + 1].splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if isinstance(line, dict) and isinstance(line.get("kind"), str):
            lines.append(line)
        else:
            unreadable += 1
    return lines, unreadable


def _rebased(line: _Line, was: Sequence[tuple[str, str]]) -> _Line:
    """The line with current paths, if the library or its folder was moved as a whole."""
    changed: dict[str, object] = {}
    for key in ("path", "place", "keeper"):
        path = line.get(key)
        for old, new in was:
            rest = paths.relative(path, old) if isinstance(path, str) else None
            if rest:
                changed[key] = paths.below(new, rest)
                break
    return {**line, **changed}


def _entries(run: str, lines: Sequence[_Line], unreadable: int) -> RunEntries:
    moves: dict[str, Move] = {}
    merges: list[Merge] = []
    unmerged: set[int] = set()
    created = place = ""
    finished = False
    for line in lines:
        match line:
            case {"kind": "run", "created": str(created), "place": str(place)}:
                pass
            case {"kind": "move"} if (move := _move(line)) is not None:
                moves[move.place] = move  # repeated by a run that was resumed
            case {"kind": "merge"} if (merge := _merge(line)) is not None:
                merges.append(merge)
            case {"kind": "unmerged", "merges": list(numbers)}:
                unmerged.update(numbers)
            case {"kind": "end" | "resumed" as kind}:
                finished = kind == "end"
            case _:
                unreadable += 1
    return RunEntries(
        run=run,
        created=created,
        place=place,
        moves=tuple(moves.values()),
        merges=tuple(merges),
        unmerged=frozenset(unmerged),
        finished=finished,
        unreadable=unreadable,
    )


def _move_line(move: Move) -> _Line:
    return {
        "kind": "move",
        "number": move.number,
        "path": move.path,
        "place": move.place,
        "size": move.stamp.size,
        "mtime_ns": move.stamp.mtime_ns,
        "mode": move.mode,
        "sha256": move.sha256,
        "tier": move.tier,
        "probability": move.probability,
        "reason": move.reason,
        "keeper": move.keeper,
        "keeper_sha256": move.keeper_sha256,
    }


def _move(line: _Line) -> Move | None:
    """The move in a line; None if it is incomplete."""
    match line:
        case {
            "number": int(number), "path": str(path), "place": str(place), "size": int(size),
            "mtime_ns": int(mtime_ns), "mode": int(mode), "sha256": str(sha256), "tier": str(tier),
            "probability": float() | int() as probability, "reason": str(reason), "keeper": str(keeper),
            "keeper_sha256": str(keeper_sha256),
        }:  # fmt: skip
            return Move(
                number=number,
                path=path,
                place=place,
                stamp=FileStamp(size=size, mtime_ns=mtime_ns),
                mode=mode,
                sha256=sha256,
                tier=tier,
                probability=probability,
                reason=reason,
                keeper=keeper,
                keeper_sha256=keeper_sha256,
            )
    return None


def _merge_line(merge: Merge) -> _Line:
    return {
        "kind": "merge",
        "keeper": merge.keeper,
        "sha256": merge.sha256,
        "labels": dict(merge.labels),
        "facts": dict(merge.facts),
        "moves": list(merge.moves),
    }


def _merge(line: _Line) -> Merge | None:
    match line:
        case {
            "keeper": str(keeper), "sha256": str(sha256), "labels": dict(labels), "facts": dict(facts),
            "moves": list(moves),
        }:  # fmt: skip
            return Merge(
                keeper=keeper,
                sha256=sha256,
                labels={str(label): float(score) for label, score in labels.items()},
                facts={
                    str(name): value for name, value in facts.items() if isinstance(value, (float, int, str))
                },
                moves=tuple(int(number) for number in moves),
            )
    return None
