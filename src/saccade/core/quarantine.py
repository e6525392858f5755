"""Types for the quarantine: files put away, what their keepers took over, and the state needed to undo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from saccade.core.decoding import FileStamp
from saccade.core.types import Failure

MERGED = "merged"
"""Origin of tags and columns that a keeper took over from its duplicates."""

Facts: TypeAlias = Mapping[str, float | str]
"""{column: value} of one image."""

Whereabouts: TypeAlias = Literal["there", "away", "both", "replaced", "lost", "altered"]
"""Where the file of a move is.

"there": at its path, and nothing in the quarantine. "away": only in the quarantine. "both": the same bytes in
both, as left by an interruption. "replaced": in the quarantine, and something else has taken its place.
"lost": in neither. "altered": the file in the quarantine is not what was put there.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """The state of one name in a folder; links are not followed.

    Attributes:
        identity: (device, inode): the same for every hard link of a file.
        links: number of names the file has.
        entry: the folder with all links resolved, and the name: the same for two spellings of one name.
        target: for a link: the entry it finally leads to.
        mode: permission bits.
    """

    kind: Literal["file", "link", "other"]
    stamp: FileStamp
    mode: int
    identity: tuple[int, int]
    links: int
    entry: tuple[str, str]
    target: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One file that is, or will be, put away.

    Attributes:
        number: from 1 within its run.
        path: its original path.
        place: its path in the quarantine; "" while only planned.
        stamp, mode: size, modification time and permission bits, restored by an undo.
        sha256: of its bytes, hexadecimal.
        tier: how it is the same as the keeper, a value of `Tier`. `probability`: that it is.
        reason: why it is not the keeper, in words.
        keeper, keeper_sha256: the file that stays, and its bytes.
    """

    number: int
    path: str
    place: str
    stamp: FileStamp
    mode: int
    sha256: str
    tier: str
    probability: float
    reason: str
    keeper: str
    keeper_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What a keeper takes over because it does not have it.

    Attributes:
        keeper, sha256: the file that stays and its bytes (hexadecimal).
        labels: tags with their score.
        facts: values of columns.
        moves: numbers of the moves it came with; undone with the last of them.
    """

    keeper: str
    sha256: str
    labels: Mapping[str, float]
    facts: Facts
    moves: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEntries:
    """The manifest of a run.

    Attributes:
        created: UTC, ISO 8601.
        place: the folder in the quarantine, which mirrors the files' original paths.
        moves, merges: what was to be done.
        unmerged: numbers (from 0) of the merges that were undone.
        finished: whether the run reached its end.
        unreadable: lines that can no longer be read.
    """

    run: str
    created: str
    place: str
    moves: tuple[Move, ...]
    merges: tuple[Merge, ...]
    unmerged: frozenset[int]
    finished: bool
    unreadable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRun:
    """One run that put files away.

    Attributes:
        created: UTC, ISO 8601.
        files, size_bytes: what is in the quarantine now.
        moved: files it was meant to put away.
        finished: false if it was interrupted; it can still be undone.
    """

    run: str
    created: str
    quarantine: str
    files: int
    size_bytes: int
    moved: int
    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """One file that was put back.

    Attributes:
        path: its original path.   at: where it is now: next to it if something else had taken its place.
    """

    path: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoReport:
    """What an undo put back.

    Attributes:
        run: its name.
        restored: files that are out of the quarantine again.
        unmoved: files of the run that were never moved, or are already back.
        failed: files that could not be put back; those in the quarantine stay there.
        unmerged: keepers that gave back what they had taken over.
        seconds: wall time.
    """

    run: str
    restored: tuple[Restored, ...]
    unmoved: int
    failed: tuple[Failure, ...]
    unmerged: int
    seconds: float
