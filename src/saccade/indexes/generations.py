"""The generations of one space's index: staged apart, switched in one step, never changed."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from saccade.indexes.durable import read, storage_errors, sync, write
from saccade.indexes.manifest import CURRENT, FORMAT, MANIFEST, Manifest, UnusableError, generation


def publish(place: Path, fill: Callable[[Path], Manifest]) -> Manifest:
    """Make what `fill` writes into a folder the current generation; the manifest it gave.

    Until the switch, and whenever anything fails, the old generation is the current one.

    Args:
        fill: writes every file but the manifest. The old generation is there while it runs.
    Raises:
        DiskFullError, ReadOnlyError or StorageError.
    """
    with storage_errors(place):
        place.mkdir(parents=True, exist_ok=True)
        sweep(place)
        try:
            name = f"gen-{secrets.token_hex(8)}"
            staging = place / f"tmp-{name}"
            staging.mkdir()
            manifest = fill(staging)
            text = manifest.to_json()
            write(staging / MANIFEST, text)
            sync(staging)
            staging.rename(place / name)
            sync(place)
            point(place, name, hashlib.sha256(text).hexdigest())
        finally:
            sweep(place)
    return manifest


def point(place: Path, name: str, digest: str) -> None:
    """Make this the current generation, in one step."""
    new = place / f"tmp-{CURRENT}"
    pointer = {"format": FORMAT, "generation": name, "manifest": digest}
    write(new, json.dumps(pointer).encode())
    new.replace(place / CURRENT)
    sync(place)


def sweep(place: Path) -> None:
    """Remove everything but the current generation."""
    current = read(place / CURRENT)
    keep = {CURRENT}
    if current is not None:
        with suppress(UnusableError, OSError):  # unusable files need not be kept
            keep.add(generation(place, current)[0].name)
    for entry in place.iterdir():
        if entry.name not in keep:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
