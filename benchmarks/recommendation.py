"""Recommendations judged by replay, and style search by planted looks, on photos nobody tuned on.

The users are simulated, and the numbers say how well interests made of words or objects are found again, not
what people would click. Each has one to five interests (words that captions use of a photo, or objects it
shows), drifts from some to others, errs one time in ten, and picks among what fits by how much each photo
appeals to all. The photos: flickr8k's dev split and 176 COCO photos; the constants come from the train split.
"""

import csv
import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

import saccade
from benchmarks.common import DATA, Result
from saccade.core.ranking import Interval, bootstrap

_STOP = frozenset(
    """a an and are as at by for from in into is it its of on or the their there this to under up was while
    who with without his her one two three near over that they some other another out has have through
    very down large small young white black red blue green orange yellow pink brown wearing looking
    standing""".split()
)
_USERS = 500
_SEED = 20_261_120


def recommendation() -> Result:
    """recall@20 and nDCG@20 of `recommend` against popularity, mean similarity and chance, three worlds."""
    flickr, words = _flickr_dev()
    coco, objects = _coco()
    return {
        "users": "simulated",
        "flickr8k_dev": _replayed(flickr, words, appeal=1.0),
        "flickr8k_dev_no_shared_appeal": _replayed(flickr, words, appeal=0.0),
        "coco_photos": _replayed(coco, objects, appeal=1.0),
        "style": _looks(flickr[:200]),
    }


def _flickr_dev() -> tuple[list[Path], dict[str, list[int]]]:
    """Dev photos, and {word: photos of which two captions or more say it}."""
    said: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with (DATA / "flickr8k" / "captions.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["split"] == "dev":
                words = re.findall("[a-z]{3,}", row["caption"].lower())
                said[row["file_name"]].update(set(words) - _STOP)
    names = sorted(said)
    fits: defaultdict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        for word, times in said[name].items():
            if times >= 2:
                fits[word].append(place)
    return [DATA / "flickr8k" / "images" / name for name in names], fits


def _coco() -> tuple[list[Path], dict[str, list[int]]]:
    """COCO photos, and {object category: photos that show it}."""
    paths: list[Path] = []
    fits: defaultdict[str, list[int]] = defaultdict(list)
    with (DATA / "coco_photos" / "metadata.jsonl").open(encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            for category in set(_categories(entry)):
                fits[category].append(len(paths))
            paths.append(DATA / "coco_photos" / entry["file_name"])
    return paths, fits


def _categories(entry: Mapping[str, object]) -> list[str]:
    found = entry["categories"]
    return [str(one) for one in found] if isinstance(found, list) else []


def _replayed(paths: Sequence[Path], fits: Mapping[str, Sequence[int]], *, appeal: float) -> Result:
    """What `replay` reports for simulated users of a library of these photos."""
    with tempfile.TemporaryDirectory() as home, saccade.open_library(home) as library:
        library.index(*paths)
        file = Path(home) / "events.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(("user", "image", "kind", "at"))
            for user, liked in enumerate(_simulated(len(paths), fits, appeal)):
                for day, photo in enumerate(liked):
                    writer.writerow((f"u{user}", paths[photo], "like", 1.7e9 + user + 86_400 * day))
        library.recommendations.import_feedback(file)
        report = library.recommendations.replay(k=20)
        plain = library.recommendations.replay(k=20, novel=0.5)
    scores = {one.method: one for one in report.scores} | {"recommend, crowd unheard": plain.scores[0]}
    return {
        "users": report.users,
        "images": report.images,
        "methods": {
            name: {
                "recall@20": [
                    round(value, 4) for value in (one.recall.value, one.recall.low, one.recall.high)
                ],
                "ndcg@20": [round(value, 4) for value in (one.ndcg.value, one.ndcg.low, one.ndcg.high)],
                "coverage": round(one.coverage, 3),
                "novelty_bits": round(one.novelty, 2),
                "behind_recommend": _figures(one.behind),
            }
            for name, one in scores.items()
        },
    }


def _figures(interval: Interval) -> list[float]:
    """Value, low, high."""
    return [round(value, 4) for value in (interval.value, interval.low, interval.high)]


def _simulated(count: int, fits: Mapping[str, Sequence[int]], appeal: float) -> list[list[int]]:
    """The photos each user likes, in order of time."""
    dice = np.random.default_rng(_SEED)
    names = sorted(
        name for name, photos in fits.items() if max(6, 0.006 * count) <= len(photos) <= 0.15 * count
    )
    chance = np.sqrt([len(fits[name]) for name in names])
    charm = dice.lognormal(0.0, appeal, count)
    users = []
    for _ in range(_USERS):
        many = min(1 + int(dice.poisson(1.5)), 5)
        interests = dice.choice(len(names), many, replace=False, p=chance / chance.sum())
        first, last = dice.dirichlet(np.full(many, 2.0), 2)
        wanted = int(dice.integers(15, 40))
        liked: list[int] = []
        for step in range(wanted):
            mixture = first + (last - first) * step / wanted
            about = names[interests[dice.choice(many, p=mixture)]]
            pool = np.arange(count) if dice.random() < 0.1 else np.asarray(fits[about])
            pool = np.setdiff1d(pool, liked)
            if len(pool):
                liked.append(int(dice.choice(pool, p=charm[pool] / charm[pool].sum())))
        users.append(liked)
    return users


_Look = Callable[[Image.Image], Image.Image]


def _scaled(*factors: float) -> _Look:
    def look(picture: Image.Image) -> Image.Image:
        return Image.fromarray(np.clip(np.asarray(picture, float) * factors, 0, 255).astype(np.uint8))

    return look


_LOOKS: Mapping[str, _Look] = {
    "as it is": lambda picture: picture,
    "sepia": lambda picture: ImageOps.colorize(ImageOps.grayscale(picture), (45, 25, 10), (250, 235, 205)),
    "gray": lambda picture: ImageOps.grayscale(picture).convert("RGB"),
    "warm": _scaled(1.2, 1.0, 0.7),
    "cool": _scaled(0.75, 0.95, 1.2),
    "dark": _scaled(0.4, 0.4, 0.4),
    "pale": lambda picture: Image.blend(picture, Image.new("RGB", picture.size, "white"), 0.5),
    "vivid": lambda picture: ImageEnhance.Color(picture).enhance(2.0),
}


def _looks(paths: Sequence[Path]) -> Result:
    """Photos in eight looks: of the ten nearest *other* photos, how many have the look; and the scene found.

    `style` should find the look whatever the scene, `similar` the scene whatever the look.
    """
    dice = np.random.default_rng(_SEED)
    with tempfile.TemporaryDirectory() as home, saccade.open_library(home) as library:
        for path in paths:
            with Image.open(path) as opened:
                picture = opened.convert("RGB")
            for look, change in _LOOKS.items():
                (Path(home) / f"{path.stem}@{look}.jpg").write_bytes(_jpeg(change(picture)))
        library.index(home)
        asked = [paths[place].stem for place in dice.choice(len(paths), 40, replace=False)]
        queries = [Path(home) / f"{stem}@{look}.jpg" for stem in asked for look in list(_LOOKS)[1:]]
        found = {
            "style": [[Path(hit.path).stem for hit in library.style(query, k=40)] for query in queries],
            "similar": [[Path(hit.path).stem for hit in library.similar(query, k=40)] for query in queries],
        }
    result: Result = {
        "images": len(paths) * len(_LOOKS),
        "queries": len(queries),
        "chance": round(1 / len(_LOOKS), 3),
    }
    for method, lists in found.items():
        same_look = [_share_with_look(query, hits) for query, hits in zip(queries, lists, strict=True)]
        same_scene = [
            float(hits[0].split("@")[0] == query.stem.split("@")[0])
            for query, hits in zip(queries, lists, strict=True)
        ]
        result[method] = {
            "same look among the 10 nearest other photos": _rounded(same_look),
            "nearest shows the same scene": _rounded(same_scene),
        }
    return result


def _share_with_look(query: Path, hits: Sequence[str]) -> float:
    scene, look = query.stem.split("@")
    others = [hit for hit in hits if hit.split("@")[0] != scene][:10]
    return float(np.mean([hit.split("@")[1] == look for hit in others]))


def _rounded(values: Sequence[float] | NDArray[np.float64]) -> list[float]:
    interval = bootstrap(values, np.random.default_rng(0))
    return [round(value, 3) for value in (interval.value, interval.low, interval.high)]


def _jpeg(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
