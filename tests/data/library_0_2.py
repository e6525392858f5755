"""How `library-0.2.tar.xz` was made: run with release 0.2, it draws pictures, fills every table, and packs.

    PYTHONPATH=SACCADE_0_2/src python tests/data/library_0_2.py OUTPUT_FOLDER /photos

Beside the archive it writes `library-0.2.json`: what release 0.2 answered about the library. Later releases
migrate the one and compare with the other. Not part of the tests; it needs release 0.2.
"""

import hashlib
import io
import json
import lzma
import os
import shutil
import sqlite3
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import saccade

_MOMENT = 1_700_000_000
TEXTS = ("a red circle", "blue stripes", "a green square", "the night sky", "nothing at all")
FILTERS = ("data.price<4", "tag=mine", "camera=acme")


def scene(number: int) -> Image.Image:
    """One picture, another one for each number."""
    dice = np.random.default_rng(number)
    ramp = np.linspace(0, 1, 96)[np.newaxis, :, np.newaxis]
    base = dice.integers(20, 236, 3) * ramp + dice.integers(20, 236, 3) * (1 - ramp)
    picture = Image.fromarray(np.broadcast_to(base, (64, 96, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(4):
        x, y, r = (int(one) for one in dice.integers((5, 5, 6), (90, 58, 22)))
        color = tuple(int(one) for one in dice.integers(0, 256, 3))
        (draw.ellipse if number % 2 else draw.rectangle)((x - r, y - r, x + r, y + r), fill=color)
    return picture


def draw(home: Path) -> None:
    """All files, with whole seconds as their times."""
    (home / "trip").mkdir(parents=True)
    (home / "best!").mkdir()
    for number in range(12):
        folder = home / "trip" if number % 3 == 0 else home
        scene(number).save(folder / f"p{number}.png")
    scene(1).resize((72, 48)).save(home / "p1 small.jpg", quality=60)
    scene(2).save(home / "p2 saved.jpg", quality=85)
    shutil.copy(home / "p1.png", home / "p1 copy.png")
    (home / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (home / "notes.txt").write_text("no image\n")
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x9003] = "Acme", "Acme One", "2023:05:06 07:08:09"
    exif[0x010E] = "a caption about lighthouses"
    scene(20).save(home / "told.jpg", quality=90, exif=exif)
    for path in (home / "two.zip", home / "best!" / "a.zip"):
        with zipfile.ZipFile(path, "w") as archive:
            for number in (30, 31) if path.name == "two.zip" else (32,):
                data = io.BytesIO()
                scene(number).save(data, "PNG")
                archive.writestr(zipfile.ZipInfo(f"m{number}.png", (2023, 1, 1, 0, 0, 0)), data.getvalue())
    for path in sorted(home.rglob("*")):
        if path.is_file():
            os.utime(path, (_MOMENT, _MOMENT))


def fill(lib: "saccade.Library", home: Path) -> None:
    """Use everything once."""
    lib.index(home)
    names = sorted(path.name for path in home.glob("p*.png"))
    lib.import_data({"path": [str(home / name) for name in names], "price": list(range(len(names))),
                     "split": ["train" if n % 2 else "test" for n in range(len(names))]})  # fmt: skip
    lib.set_tags(["mine", "animal/dog"], [home / "p1.png", home / "p2.png"])
    lib.tag(["circle", "square"], least=0.01)
    lib.teach("round", yes=[home / "p1.png", home / "p5.png"], no=[home / "p2.png", home / "p4.png"])
    lib.clusters(method="kmeans", k=3)
    lib.map()
    lib.outliers(k=5)
    lib.quality()
    lib.train_inspection("parts", [home / name for name in names[:6]])
    lib.style(home / "p1.png")
    lib.feedback("anna", "like", [home / "p1.png", home / "p5.png"], at="2024-01-01T00:00:00Z")
    lib.feedback("bert", "buy", [home / "p2.png"], at="2024-02-01T00:00:00Z")
    (home / "sets.csv").write_text("set,image\nx,p1.png\nx,p2.png\ny,p2.png\ny,p4.png\n")
    here = os.getcwd()
    os.chdir(home)
    lib.import_sets("sets.csv")
    os.chdir(here)
    (home / "sets.csv").unlink()
    lib.not_duplicates(home / "p2.png", home / "p4.png")
    found = lib.duplicates()
    lib.clean(found, apply=True, tiers=["bytes"])


def answers(lib: "saccade.Library", home: Path) -> dict[str, object]:
    """What release 0.2 says, with paths relative to the home folder."""

    def hits(result: "saccade.SearchResult") -> list[list[object]]:
        return [[hit.image_id, round(hit.score, 5), sorted(os.path.relpath(p, home) for p in hit.paths)]
                for hit in result]  # fmt: skip

    rows = {}
    for role in ("semantic", "copy"):
        ids, embeddings = lib.embeddings(role)
        rows[role] = {
            i: hashlib.sha256(row.astype("<f4").tobytes()).hexdigest()
            for i, row in zip(ids, embeddings, strict=True)
        }
    themes = lib.clusters(update=True, store=False)
    return {
        "texts": {text: hits(lib.search(text, k=50)) for text in TEXTS},
        "similar": {name: hits(lib.similar(str(home / name), k=50)) for name in ("p1.png", "p5.png")},
        "filters": {one: hits(lib.search("a", k=50, where=[one])) for one in FILTERS},
        "embeddings": rows,
        "tags": {os.path.relpath(p, home): sorted([t.label, t.origin, round(t.score, 6)] for t in tags)
                 for p, tags in lib.tags().items()},
        "columns": sorted([c.name, c.kind, c.origin, c.count] for c in lib.columns()),
        "price": dict(lib.values("price")),
        "feedback": {user: [[e.image_id, e.kind, e.at, e.value] for e in lib.export_feedback(user)]
                     for user in lib.feedback_users()},
        "themes": sorted([theme.name, theme.size] for theme in themes.themes),
        "classifiers": [[c.name, c.version, dict(c.examples)] for c in lib.classifiers()],
        "recommended": [hit.image_id for hit in lib.recommend("anna", k=5)],
        "together": [hit.image_id for hit in lib.goes_with(str(home / "p1.png"), k=2)],
        "models": [[m.name, m.version] for m in lib.inspection_models()],
        "runs": [[r.run, r.files] for r in lib.cleanings()],
        "counts": [lib.status().counts.images, lib.status().counts.files, lib.status().counts.failed],
    }  # fmt: skip


def main() -> None:
    """Make both files."""
    out = Path(sys.argv[1])
    home = Path(sys.argv[2])  # a neutral name: the quarantine's manifest keeps it
    home.mkdir()
    draw(home)
    with saccade.open_library(home) as lib:
        fill(lib, home)
        told = answers(lib, home)
    catalog = home / ".saccade" / "catalog.db"
    with sqlite3.connect(catalog) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.isolation_level = None
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        print({t: database.execute(f"SELECT count(*) FROM '{t}'").fetchone()[0] for t in tables})
    database.close()
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for path in sorted(home.rglob("*")):
            info = archive.gettarinfo(str(path), str(path.relative_to(home)))
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mtime = _MOMENT if path.is_file() else 0
            with path.open("rb") if path.is_file() else io.BytesIO() as file:
                archive.addfile(info, file if path.is_file() else None)
    (out / "library-0.2.tar.xz").write_bytes(lzma.compress(data.getvalue(), preset=9 | lzma.PRESET_EXTREME))
    (out / "library-0.2.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
