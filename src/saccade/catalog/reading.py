"""Reading images, files, failures and counts."""

import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, RowMapping, select

from saccade.catalog.lists import among, plain_rows
from saccade.catalog.places import absolute, below, locate
from saccade.catalog.tables import (
    FAILED,
    INDEXED,
    NOT_INDEXED,
    files,
    images,
)
from saccade.catalog.text import AlteredError
from saccade.core.decoding import FileStamp
from saccade.core.errors import ImageNotFoundError
from saccade.core.paths import splits
from saccade.core.ports.files import Folder, KnownFile
from saccade.core.types import Failure, ImageInfo, ImageRecord

_FACTS = tuple(name for name in ImageInfo.__dataclass_fields__ if name != "keywords")


def known_files(connection: Connection, folder: Folder, under: str) -> dict[tuple[str, str], KnownFile]:
    """See `Catalog.known_files`."""
    columns = (
        files.c.path,
        files.c.member,
        files.c.size,
        files.c.mtime_ns,
        files.c.state,
        files.c.image_id,
    )
    here = files.c.folder_id == folder.id
    parts = (select(*columns).where(here, part) for part in below(os.fsencode(under)))
    rows = [row for part in parts for row in plain_rows(connection, part)]
    decode = os.fsdecode
    return {
        (decode(path), decode(member) if member else ""): KnownFile(FileStamp(size, mtime_ns), state, image)
        for path, member, size, mtime_ns, state, image in rows
    }


def images_by_id(connection: Connection, ids: Sequence[int], known: Sequence[Folder]) -> list[ImageRecord]:
    """See `Catalog.images`."""
    wanted = [int(image) for image in ids]
    rows = connection.execute(select(images).where(among(images.c.id, wanted))).mappings()
    found = {row["id"]: row for row in rows}
    absent = [image for image in wanted if image not in found]
    if absent:
        raise ImageNotFoundError(f"the library has no image {absent[0]}")
    paths = _paths(connection, wanted, known)
    return [_record(found[image], paths[image]) for image in wanted]


def image_by_sha256(connection: Connection, prefix: str, known: Sequence[Folder]) -> ImageRecord:
    """See `Catalog.image_by_sha256`."""
    try:
        low, high = (bytes.fromhex(prefix.strip().ljust(64, fill)) for fill in "0f")
    except ValueError:
        low = high = b""
    query = select(images.c.id).where(images.c.sha256 >= low, images.c.sha256 <= high).limit(2)
    found = connection.execute(query).scalars().all() if prefix.strip() and len(low) == 32 else []
    if len(found) != 1:
        several = "several images" if found else "no image"
        raise ImageNotFoundError(
            f"the library has {several} whose id starts with {prefix!r}",
            hint="give more of the id" if found else "ids are hexadecimal, as `saccade search --json` prints",
        )
    return images_by_id(connection, found, known)[0]


def image_by_path(connection: Connection, path: str, known: Sequence[Folder]) -> ImageRecord | None:
    """See `Catalog.image_by_path`; a member of an archive is named ARCHIVE!/MEMBER."""
    for archive, member in splits(path):
        place = locate(known, archive)
        if place is None:
            continue
        folder, rest = place
        query = select(files.c.image_id).where(
            files.c.folder_id == folder.id,
            files.c.path == os.fsencode(rest),
            files.c.member == os.fsencode(member),
        )
        image = connection.execute(query).scalar()
        if image is not None:
            return images_by_id(connection, [image], known)[0]
    return None


def failures(connection: Connection, limit: int | None, known: Sequence[Folder]) -> list[Failure]:
    """See `Catalog.failures`; by path within each folder."""
    query = select(files.c.folder_id, files.c.path, files.c.member, files.c.code, files.c.reason).where(
        NOT_INDEXED, files.c.state == FAILED
    )
    query = query.order_by(files.c.folder_id, files.c.path, files.c.member).limit(limit)
    places = {folder.id: folder.path for folder in known}
    return [
        Failure(path=absolute(_place(places, folder), path, member), code=code or "", reason=reason or "")
        for folder, path, member, code, reason in connection.execute(query)
    ]


def _place(places: Mapping[int, str], folder: int) -> str:
    """The path of a folder by its number. Raises AlteredError: no such folder; the number was altered."""
    if folder not in places:
        raise AlteredError(f"a file is in folder {folder}, which does not exist")
    return places[folder]


def _paths(
    connection: Connection, ids: Sequence[int], known: Sequence[Folder]
) -> defaultdict[int, list[str]]:
    places = {folder.id: folder.path for folder in known}
    query = select(files.c.image_id, files.c.folder_id, files.c.path, files.c.member).where(
        among(files.c.image_id, ids), files.c.state == INDEXED
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for image, folder, path, member in connection.execute(query):
        found[image].append(absolute(_place(places, folder), path, member))
    return found


def _record(row: RowMapping, paths: list[str]) -> ImageRecord:
    facts = {name: row[name] for name in _FACTS}
    info = ImageInfo(**facts, keywords=tuple(json.loads(row["keywords"])))
    return ImageRecord(id=row["id"], sha256=row["sha256"], info=info, paths=tuple(sorted(paths)))
