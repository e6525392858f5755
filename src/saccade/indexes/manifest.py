"""The manifest of an index's files: its description, content, and checksums."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from saccade.core.types import SpaceInfo

FORMAT = 1
MANIFEST = "manifest.json"
CURRENT = "current.json"
"""Names the current generation."""

_GENERATION = re.compile(r"gen-[0-9a-f-]+")
_CHUNK = 1 << 20


class UnusableError(Exception):
    """The files cannot be used; the message says why. Internal: callers get a `NoIndex`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """How a file is verified.

    Attributes:
        size: bytes.
        sha256: digest of all of them.
        head_size, head: number of leading bytes, whose damage could mislead the reader, and their digest.
    """

    size: int
    sha256: str
    head_size: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The description of an index.

    Attributes:
        kind: "flat", "ivf" or "hnsw".
        size, dim: number of embeddings and their dimension.
        sequence: highest sequence number of the embeddings it holds.
        role, fingerprint: the space it belongs to.
        parameters: parameters of its search.
        recall: ANN recall@10 measured before it was published; None for flat, which is exact.
        note: why it is flat although another kind was requested; or empty.
        files: the seal of each file next to it.
    """

    kind: str
    size: int
    dim: int
    sequence: int
    role: str
    fingerprint: str
    parameters: Mapping[str, int]
    recall: float | None
    note: str
    files: Mapping[str, Seal]

    def to_json(self) -> bytes:
        """The text that `read_manifest` reads."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True).encode()

    def check_space(self, space: SpaceInfo) -> None:
        """Raise UnusableError unless it was built from this space."""
        if (self.fingerprint, self.role, self.dim) != (space.fingerprint, str(space.role), space.dim):
            raise UnusableError(f"it was built for another space (encoder {self.fingerprint[:12]})")


def generation(place: Path, current: bytes) -> tuple[Path, Manifest]:
    """The generation that the content of current.json names. Raises UnusableError or OSError."""
    pointer = load_json(current, CURRENT)
    name, digest = pointer.get("generation"), pointer.get("manifest")
    if not isinstance(name, str) or not isinstance(digest, str) or not _GENERATION.fullmatch(name):
        raise UnusableError(f"{CURRENT} is damaged")
    return place / name, read_manifest(place / name, digest)


def read_manifest(folder: Path, sha256: str) -> Manifest:
    """The manifest in `folder`. Raises UnusableError if it does not have this digest."""
    raw = (folder / MANIFEST).read_bytes()
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise UnusableError(f"{MANIFEST} is damaged")
    fields = load_json(raw, MANIFEST)
    fields.pop("format")
    try:
        seals = {name: Seal(**seal) for name, seal in fields.pop("files").items()}  # type: ignore[attr-defined]
        return Manifest(files=seals, **fields)  # type: ignore[arg-type]
    except (TypeError, AttributeError, KeyError) as error:
        raise UnusableError(f"{MANIFEST} is invalid") from error


def load_json(raw: bytes, name: str) -> dict[str, object]:
    """The JSON object in one of our files. Raises UnusableError on damage or a newer format."""
    try:
        fields = json.loads(raw)
    except ValueError as error:
        raise UnusableError(f"{name} is damaged") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("format"), int):
        raise UnusableError(f"{name} is damaged")
    if fields["format"] != FORMAT:
        raise UnusableError(f"{name} has format {fields['format']}, this version reads {FORMAT}")
    return fields


def seal(path: Path, head_size: int = 1 << 16) -> Seal:
    """The seal of a file after syncing it to disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        start = file.read(head_size)
        whole, size = hashlib.sha256(start), len(start)
        head = whole.hexdigest()
        while chunk := file.read(_CHUNK):
            whole.update(chunk)
            size += len(chunk)
    return Seal(size=size, sha256=whole.hexdigest(), head_size=head_size, head=head)


def check_quickly(folder: Path, files: Mapping[str, Seal]) -> None:
    """Raise UnusableError if a file is missing, has another length, or starts differently."""
    for name, expected in files.items():
        try:
            with (folder / name).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size != expected.size:
                    raise UnusableError(f"{name} has {size} bytes, not {expected.size}")
                head = hashlib.sha256(file.read(expected.head_size)).hexdigest()
        except FileNotFoundError as error:
            raise UnusableError(f"{name} is missing") from error
        if head != expected.head:
            raise UnusableError(f"{name} is damaged")


def check_fully(folder: Path, files: Mapping[str, Seal]) -> list[str]:
    """One line for each file that is missing or altered."""
    problems = []
    for name, expected in files.items():
        try:
            if seal(folder / name, expected.head_size) != expected:
                problems.append(f"{name} is damaged")
        except FileNotFoundError:
            problems.append(f"{name} is missing")
    return problems
