"""Duplicates: edited copies found among other photos; how long a million take to join, and one to check."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common import DATA, Result, spread
from benchmarks.query import cache
from benchmarks.synthetic import make_library, mixtures, real_embeddings
from saccade import Library, load_encoder, open_library
from saccade.core.perceptual import NO_HASH, hamming
from saccade.core.types import Embeddings, Role
from saccade.core.vectors import normalize
from saccade.indexes.join import CellJoin
from saccade.indexes.kmeans import SphericalKMeans
from saccade.usecases.duplicates.flow.matcher import HashTable, Surroundings
from saccade.usecases.duplicates.rules.reports import DuplicateReport
from training.judge import EDITS

_PHOTOS = 200
_SEED = 20_261_120
_ORIGINAL = "original"

Collection = dict[str, tuple[int, str]]
"""{path: (number of the photo, name of the edit)}; what is not in it is an unrelated photo."""


def edited_photos(folder: Path) -> Collection:
    """200 full-size photos never used for training and 14 edits of each, written below `folder` once.

    Their names say nothing: `0042/IMG_3817.jpg`.
    """
    photos = [
        path
        for source in ("coco_photos", "imagenet_photos")
        for path in _evenly(
            sorted(path for path in (DATA / source).rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"}),
            _PHOTOS // 2,
        )
    ]
    made: Collection = {}
    for number, photo in enumerate(photos):
        rng = np.random.default_rng([_SEED, number])
        names = [f"IMG_{digits}.jpg" for digits in rng.choice(9000, len(EDITS) + 1, replace=False) + 1000]
        place = folder / f"{number:04d}"
        place.mkdir(parents=True, exist_ok=True)
        image: Image.Image | None = None
        for name, edit in zip(names, (_ORIGINAL, *EDITS), strict=True):
            path = place / name
            made[str(path)] = (number, edit)
            if path.exists():
                continue
            if edit == _ORIGINAL:
                path.write_bytes(photo.read_bytes())
                continue
            image = image or Image.open(photo).convert("RGB")
            EDITS[edit](image, rng).save(path, "JPEG", quality=90)
    return made


def collection_library(folder: Path) -> tuple[Library, Collection, int]:
    """The library of the edited photos and 7,091 others, indexed for real; the number of the others."""
    made = edited_photos(folder / "photos")
    strangers = DATA / "flickr8k" / "images"
    home = folder / "library"
    home.mkdir(exist_ok=True)
    library = open_library(home)
    library.index(folder / "photos", strangers)
    return library, made, len(list(strangers.iterdir()))


def copies() -> Result:
    """Recall and precision of "the same picture" over the 14 edits among 7,091 unrelated photos."""
    library, made, strangers = collection_library(cache() / "duplicates")
    space = library.context.spaces.reader(Role.COPY).space.id
    library.context.catalog.pairs.forget()
    library.context.catalog.notes.save(f"duplicates:{space}", "{}")
    first, again = library.duplicates.find(), library.duplicates.find()
    hashed = hash_pairs(library, made)
    library.close()
    return {
        "images": first.images,
        "strangers": strangers,
        **judged(first, made),
        "candidates": first.candidates,
        "compared": first.verified,
        "seconds": round(first.seconds, 1),
        "second_run_compared": again.verified,
        "second_run_seconds": round(again.seconds, 2),
        "phash": hashed,
    }


def hash_pairs(library: Library, made: Collection, distance: int = 10) -> Result:
    """What pHash alone finds: pairs of images whose hashes differ in at most `distance` of 64 bits.

    imagededup's `PHash().find_duplicates` answers with just these pairs, and 10 is its default.
    """
    catalog = library.context.catalog
    ids, hashes = catalog.hashes.get()
    records = {record.id: record for record in catalog.images.get(ids.tolist())}
    place = {path: row for row, image in enumerate(ids.tolist()) for path in records[image].paths}
    photo = np.full(len(ids), -1)
    for path, (number, _) in made.items():
        photo[place[path]] = number
    right = wrong = 0
    for row in range(len(ids)):
        near = np.flatnonzero(hamming(hashes[row : row + 1], hashes[row + 1 :]) <= distance) + row + 1
        same = int(((photo[near] == photo[row]) & (photo[row] >= 0)).sum())
        right, wrong = right + same, wrong + len(near) - same
    originals = {number: path for path, (number, edit) in made.items() if edit == _ORIGINAL}
    found = Counter(
        edit
        for path, (number, edit) in made.items()
        if edit != _ORIGINAL
        and int(hamming(hashes[place[path]], hashes[place[originals[number]]])) <= distance
    )
    return {
        "distance": distance,
        "recall": round(sum(found.values()) / (len(originals) * len(EDITS)), 4),
        "precision": round(right / max(1, right + wrong), 4),
        "recall_of_each": {edit: round(found[edit] / len(originals), 3) for edit in EDITS},
    }


def judged(report: DuplicateReport, made: Collection) -> Result:
    """How right the groups are."""
    together: dict[str, int] = {}
    right = 0
    wrong: list[str] = []
    kept = Counter[str]()
    for number, group in enumerate(report.groups):
        keeper = made.get(group.keeper.path)
        together[group.keeper.path] = number
        for other in group.others:
            together[other.path] = number
            theirs = made.get(other.path)
            if keeper is not None and theirs is not None and keeper[0] == theirs[0]:
                right += 1
            else:
                wrong.append(f"{_short(group.keeper.path)} = {_short(other.path)} ({other.probability:.3f})")
        if keeper is not None:
            kept[keeper[1]] += 1
    originals = {number: path for path, (number, edit) in made.items() if edit == _ORIGINAL}
    found = Counter(
        edit
        for path, (number, edit) in made.items()
        if edit != _ORIGINAL and path in together and together[path] == together.get(originals[number], -1)
    )
    photos = len(originals)
    return {
        "recall": round(sum(found.values()) / (photos * len(EDITS)), 4),
        "precision": round(right / max(1, right + len(wrong)), 4),
        "wrong_pairs": wrong[:60],
        "recall_of_each": {edit: round(found[edit] / photos, 3) for edit in EDITS},
        "keepers": dict(kept.most_common()),
    }


def _short(path: str) -> str:
    return "/".join(Path(path).parts[-2:])


def _evenly(paths: list[Path], count: int) -> list[Path]:
    """So many of them, spread evenly."""
    return [paths[place] for place in np.linspace(0, len(paths) - 1, count).round().astype(int)]


def bridge() -> Result:
    """How many of the 11 edits in bridge-mods are in one group with their original."""
    folder = DATA / "copydetect" / "threatexchange_pdq" / "bridge-mods"
    with tempfile.TemporaryDirectory() as home, open_library(home) as library:
        library.index(folder)
        groups = [
            {Path(one.path).name for one in (group.keeper, *group.others)}
            for group in library.duplicates.find().groups
        ]
    edits = [path.name for path in folder.iterdir() if path.suffix == ".jpg" and path.name != "aaa-orig.jpg"]
    found = next((group for group in groups if "aaa-orig.jpg" in group), set())
    return {"edits": len(edits), "found": len(found & set(edits)), "groups": len(groups)}


# --- speed at a million

_MILLION = 1_000_000
_PLANTED = 50_000
_STRANGENESS = 0.9
"""Noise added to mixtures of real photos, so that no two of them are near-copies unless planted."""


def join() -> Result:
    """1,000,000 embeddings joined with each other: minutes, memory, recall against comparing all."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "million.npy"
        np.save(rows, np.concatenate(list(_million())))
        command = [sys.executable, "-m", "benchmarks.duplicates", str(rows)]
        printed = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1]
        ).stdout
    return dict(json.loads(printed))


def _million() -> Iterator[Embeddings]:
    """Mixtures of real photos; 50,000 of them replaced by disturbed copies of others, cosine 0.68 to 1."""
    real = real_embeddings(cache())[Role.COPY]
    rng = np.random.default_rng(_SEED)
    originals: list[Embeddings] = []
    for number, batch in enumerate(mixtures(real, _MILLION - _PLANTED, rng, noise=_STRANGENESS)):
        if number % 19 == 0:
            originals.append(batch)
        yield batch
    sources = np.concatenate(originals)[:_PLANTED]
    noise = rng.standard_normal(sources.shape).astype(np.float32)
    noise = normalize(noise - np.einsum("ij,ij->i", noise, sources)[:, None] * sources)
    cosine = rng.uniform(0.68, 1.0, (len(sources), 1)).astype(np.float32)
    yield normalize(cosine * sources + np.sqrt(1 - cosine**2) * noise)


def _join_alone(path: str) -> Result:
    """The join, in its own process, so that the peak memory is that of the join."""
    rows = np.load(path, mmap_mode="r")
    ids = np.arange(len(rows), dtype=np.int64)
    threshold = 0.58
    started = time.perf_counter()
    found = []
    for a, b, _ in CellJoin(SphericalKMeans()).pairs(ids, rows, threshold):
        found.append(a * len(rows) + b)
    seconds = time.perf_counter() - started
    busy = time.process_time()
    keys = np.sort(np.concatenate(found))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sample = np.sort(np.random.default_rng(1).choice(len(rows), 3000, replace=False))
    truth: list[tuple[int, float]] = []
    for start in range(0, len(rows), 20_000):
        scores = rows[sample] @ rows[start : start + 20_000].T
        at, column = np.nonzero(scores >= threshold)
        a, b = sample[at], column + start
        key = np.minimum(a, b) * len(rows) + np.maximum(a, b)
        truth += zip(key[a != b].tolist(), scores[at, column][a != b].tolist(), strict=True)
    hit = np.isin([key for key, _ in truth], keys)
    score = np.array([score for _, score in truth])
    return {
        "rows": len(rows),
        "dims": int(rows.shape[1]),
        "threshold": threshold,
        "pairs": len(keys),
        "minutes": round(seconds / 60, 2),
        "cpu_minutes": round(busy / 60, 2),
        "peak_gb": round(peak / 1e9, 2),
        "true_pairs_of_sample": len(truth),
        "recall": round(float(hit.mean()), 4),
        "recall_from_copy_threshold": round(float(hit[score >= 0.6787].mean()), 4),
    }


def one_more(count: int = _MILLION, runs: int = 200) -> Result:
    """A new picture checked against 1,000,000: the search alone, with encoding, and with decoding, too."""
    with tempfile.TemporaryDirectory() as home:
        make_library(Path(home), cache(), count)
        with open_library(home) as library:
            library.build_indexes()
            return check_latency(library, runs)


def check_latency(library: Library, runs: int = 200) -> Result:
    """How long a new picture takes, one at a time."""
    files = sorted((DATA / "coco_photos").rglob("*.jpg"))
    files = [files[number % len(files)] for number in range(runs)]
    reader = library.context.spaces.reader(Role.COPY)
    encoder = load_encoder()
    rows = encoder.encode_images([str(file) for file in files], role=Role.COPY)
    catalog = library.context.catalog
    around = Surroundings(
        catalog=catalog, reader=reader, threshold=0.58, hashes=HashTable.of(catalog, reader.space)
    )
    for row in rows[:20]:
        around.candidates(row, int(NO_HASH))
    searched, encoded, decoded = [], [], []
    for row, file in zip(rows, files, strict=True):
        pixels = np.asarray(Image.open(file).convert("RGB").resize((224, 224)))[np.newaxis]
        started = time.perf_counter()
        around.candidates(row, int(NO_HASH))
        searched.append(time.perf_counter() - started)
        started = time.perf_counter()
        found = encoder._encoder.encode_pixels(pixels)[Role.COPY]  # noqa: SLF001
        around.candidates(found[0], int(NO_HASH))
        encoded.append(time.perf_counter() - started)
        started = time.perf_counter()
        around.candidates(encoder.encode_images([str(file)], role=Role.COPY)[0], int(NO_HASH))
        decoded.append(time.perf_counter() - started)
    encoder.close()
    return {
        "search": spread(searched),
        "encode_and_search": spread(encoded),
        "decode_encode_and_search": spread(decoded),
    }


if __name__ == "__main__":
    print(json.dumps(_join_alone(sys.argv[1])))
