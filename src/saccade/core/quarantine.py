"""What a quarantine holds: files that were put away, what their keepers took over, and how to go back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from saccade.core.types import Failure, FileStamp

MERGED = "merged"
"""Origin of tags and columns that a keeper took over from its duplicates."""

Facts: TypeAlias = Mapping[str, float | str]
"""{column: value} of one image."""

Whereabouts: TypeAlias = Literal["there", "away", "both", "replaced", "lost", "altered"]
"""Where the file of a move is.

"there": at its path, and nothing in the quarantine. "away": only in the quarantine. "both": the same bytes in
both, as an interruption leaves them. "replaced": in the quarantine, and something else has taken its place.
"lost": in neither. "altered": what lies in the quarantine is not what was put there.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One name in a folder, as it is now; a link is not followed.

    Attributes:
        identity: (device, inode): the same for every hard link of a file.
        links: number of names the file has.
        entry: the folder with all links resolved, and the name: the same for two spellings of one name.
        target: of a link: the entry it leads to in the end.
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
    """One file that is to be put away, or was.

    Attributes:
        number: from 1 within its run.
        path: where it lay.
        place: where it lies in the quarantine; "" while it is only planned.
        stamp, mode: size, modification time and permission bits, to be put back as they were.
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
    """What a keeper takes over because it does not know it itself.

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
    """What the manifest of a run says.

    Attributes:
        created: UTC, ISO 8601.
        place: the folder whose inside mirrors where the files lay.
        moves, merges: what was to be done.
        unmerged: numbers of the merges (from 0) that were taken back.
        finished: whether the run reached its end.
        unreadable: lines that say nothing any more.
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
        files, size_bytes: what lies in the quarantine now.
        moved: files it was to put away.
        finished: false if it was interrupted; it can be undone all the same.
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
        path: where it lay.   at: where it lies now: beside it if something else had taken its place.
    """

    path: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoReport:
    """What an undo put back.

    Attributes:
        restored: files that lie outside the quarantine again.
        unmoved: files of the run that never left their place, or are there already.
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
