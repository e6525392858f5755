"""A process that writes tags into files or next to them, or takes them out, and is killed at its Nth step.

A job is {"do": "write", "restore" or "export", "home": FOLDER, "step": N} (see stepping.py).
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from saccade.library import Library, open_library
from saccade.sources.keywords import with_keywords
from saccade.usecases.tags.flow.manifest import Manifest

TAGS = {"a.jpg": ["animal/dog", "mine"], "below/b.jpg": ["mine"], "c.png": ["mine"]}
"""{file: its tags}; a PNG takes none, but has a sidecar."""


def fill(home: Path) -> None:
    """Write and index files with tags; one has a sidecar already, and one is private."""
    for number, name in enumerate([*TAGS, "untagged.jpg"]):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (24, 32, 3), np.uint8)
        Image.fromarray(pixels).save(path)
    (home / "below" / "b.jpg").chmod(0o600)
    (home / "a.jpg.xmp").write_bytes(with_keywords(None, ["old"]))
    with open_library(home) as library:
        library.index(home)
        for name, labels in TAGS.items():
            library.tags.set(labels, [home / name])


def facts(library: Library, home: str) -> dict[str, Any]:
    """Everything that must be the same again after an undo."""
    tags = {os.path.relpath(path, home): sorted(tag.label for tag in tags) for path, tags in
            library.tags.of().items()}  # fmt: skip
    return {"files": files(home), "tags": tags}


def files(home: str) -> dict[str, tuple[bytes, int]]:
    """{name: content and permissions} of the files outside the library's own folder."""
    found = {}
    for place, folders, names in os.walk(home):
        if ".saccade" in folders:
            folders.remove(".saccade")
        for name in names:
            path = Path(place, name)
            found[os.path.relpath(path, home)] = (path.read_bytes(), path.stat().st_mode)
    return found


def manifest(library: Library) -> Manifest:
    """What it says was changed."""
    return Manifest(library.context)


def begin(job: dict[str, Any]) -> Callable[[], object]:
    """Open the library; what is left to do."""
    library = open_library(job["home"])
    return {
        "write": library.tags.write_files,
        "restore": library.tags.restore_files,
        "export": lambda: library.tags.export("xmp"),
    }[job["do"]]


if __name__ == "__main__":
    import stepping
    import tiny

    import saccade.usecases.tags.flow.exporting
    import saccade.usecases.tags.flow.files  # noqa: F401 - once, and not in every fork

    tiny.install(decode_here=True)
    stepping.serve(begin)
