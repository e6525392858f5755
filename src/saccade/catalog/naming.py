"""Which images many paths, file names or ids mean, with few questions to the database."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from saccade.catalog.pictures import ids_of
from saccade.catalog.places import batches, plain
from saccade.catalog.tables import INDEXED, files, images
from saccade.catalog.text import fold
from saccade.core.paths import relative, splits
from saccade.core.ports.files import Folder

_BATCH = 500


def at_paths(connection: Connection, paths: Iterable[str], known: Sequence[Folder]) -> dict[str, int]:
    """{path: id of the image the file held when last seen}; archive members as ARCHIVE!/MEMBER."""
    spelled = [(folder.id, plain(folder.path), os.path.realpath(folder.path)) for folder in known]
    real: dict[str, str] = {}
    wanted: defaultdict[int, defaultdict[bytes, list[tuple[bytes, str]]]]
    wanted = defaultdict(lambda: defaultdict(list))
    for path in paths:
        for file, member in splits(path):
            place = _place(file, spelled, real)
            if place is not None:
                wanted[place[0]][os.fsencode(place[1])].append((os.fsencode(member), path))
    found: dict[str, int] = {}
    for folder, places in wanted.items():
        for batch in batches(places, _BATCH):
            query = select(files.c.path, files.c.member, files.c.image_id).where(
                files.c.folder_id == folder, files.c.path.in_(batch), files.c.image_id.is_not(None)
            )
            for file, member, image in connection.execute(query):
                found.update((path, image) for inside, path in places[file] if inside == member)
    return found


def _place(
    file: str, spelled: Sequence[tuple[int, str, str]], real: dict[str, str]
) -> tuple[int, str] | None:
    """The folder's number and the path in it, as spelled or else with links resolved."""
    whole = plain(file)
    for folder, place, _ in spelled:
        rest = relative(whole, place)
        if rest is not None:
            return folder, rest
    head, tail = os.path.split(whole)
    if head not in real:
        real[head] = os.path.realpath(head)
    for folder, _, place in spelled:
        rest = relative(os.path.join(real[head], tail), place)
        if rest is not None:
            return folder, rest
    return None


def by_names(connection: Connection, names: Iterable[str]) -> dict[str, list[int]]:
    """{name: sorted ids of the images with a present file of that name}, without regard to case."""
    given: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        given[fold(name)].append(name)
    found: defaultdict[str, set[int]] = defaultdict(set)
    for batch in batches(given, _BATCH):
        query = select(files.c.name, files.c.image_id).where(
            files.c.name.in_(batch), files.c.state == INDEXED
        )
        for folded, image in connection.execute(query):
            for name in given[folded]:
                found[name].add(image)
    return {name: sorted(ids) for name, ids in found.items()}


def by_digests(connection: Connection, starts: Iterable[str]) -> dict[str, list[int]]:
    """{start of a hexadecimal id: ids of the images it fits, two at most}, of those there are."""
    whole: dict[str, bytes] = {}
    found: dict[str, list[int]] = {}
    for start in starts:
        try:
            low, high = (bytes.fromhex(start.ljust(64, fill)) for fill in "0f")
        except ValueError:
            continue
        if low == high:
            whole[start] = low
        elif start and len(low) == len(high) == 32:
            query = select(images.c.id).where(images.c.sha256.between(low, high)).limit(2)
            found[start] = list(connection.execute(query).scalars())
    known = ids_of(connection, whole.values())
    found.update({start: [known[digest]] for start, digest in whole.items() if digest in known})
    return {start: ids for start, ids in found.items() if ids}
