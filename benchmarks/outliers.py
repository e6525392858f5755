"""Outliers: planted unrelated images, solar cells, planted defects, and quality issues made on purpose."""

import csv
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

import saccade
from benchmarks.common import DATA, Result
from saccade.core.types import ImageInfo
from saccade.library import Library
from saccade.usecases.outliers.rules.quality import ISSUES, SIZE, THRESHOLD, measure

_CELLS = DATA / "solar_cells"
_SPLITS = 5
_STRANGERS = 10
_SEEDS = (0, 1, 2)
_PAGES = Path(__file__).parents[1] / "docs"


def outliers() -> Result:
    """Every number of the part."""
    return {
        "solar_cells": solar_cells(),
        "planted_defects": planted_defects(),
        "planted_strangers": planted_strangers(),
        "quality": quality(),
    }


def solar_cells() -> Result:
    """AUROC over random splits: half of the good cells train, the other half and all defective ones judge.

    The recipe (layers, grid, distance, top hundredth) is PatchCore's and was looked at on one half of the
    cells; `unseen` trains on good cells of that half and judges only the other half.
    """
    good, bad = _cells()
    rng = np.random.default_rng(0)
    seen_good, seen_bad = rng.permutation(len(good))[:100], rng.permutation(len(bad))[:40]
    unseen_good = np.setdiff1d(np.arange(len(good)), seen_good)
    unseen_bad = np.setdiff1d(np.arange(len(bad)), seen_bad)
    found: dict[str, list[float]] = {}
    with _library() as library:
        for seed in range(_SPLITS):
            order = np.random.default_rng(seed).permutation(len(good))
            for method in ("patches", "embeddings"):
                scores = _judged(
                    library, method, good, bad, train=order[:100], judge_good=order[100:],
                    judge_bad=np.arange(len(bad)), seed=seed,
                )  # fmt: skip
                found.setdefault(method, []).append(auroc(*scores))
            part = np.random.default_rng(seed).permutation(seen_good)[:80]
            scores = _judged(
                library, "patches", good, bad, train=part, judge_good=unseen_good, judge_bad=unseen_bad,
                seed=seed,
            )  # fmt: skip
            found.setdefault("unseen", []).append(auroc(*scores))
            found.setdefault("false_alarms", []).append(float((scores[0] > 1).mean()))
            found.setdefault("detected", []).append(float((scores[1] > 1).mean()))
    return {name: _spread(values) for name, values in found.items()}


def planted_defects() -> Result:
    """Cracks and dark spots drawn on good cells: how often it is recognized, and the hottest place in it.

    Here nothing but the defect differs, as it may between the good and the defective cells of the data.
    """
    good, _ = _cells()
    order = np.random.default_rng(7).permutation(len(good))
    with _library() as library, tempfile.TemporaryDirectory() as folder:
        library.outliers.train("planted", [good[place] for place in order[:100]])
        rng = np.random.default_rng(8)
        paths, boxes = [], {}
        for place in order[100:160]:
            path = os.path.join(folder, os.path.basename(good[place]))
            boxes[path] = _draw_defect(good[place], path, rng)
            paths.append(path)
        spoiled = library.outliers.inspect("planted", paths, top=1000, store=False)
        clean = library.outliers.inspect(
            "planted", [good[place] for place in order[100:]], top=1000, store=False
        )
        hits = 0
        for path in paths:
            heat = library.outliers.heat_map(path, "planted", size=224).heat
            row, column = divmod(int(heat.argmax()), heat.shape[1])
            left, top, right, bottom = boxes[path]
            slack = 0.06
            x, y = (column + 0.5) / heat.shape[1], (row + 0.5) / heat.shape[0]
            hits += left - slack <= x <= right + slack and top - slack <= y <= bottom + slack
    measures = np.array([one.value for one in clean.inspections])
    return {
        "auroc": round(auroc(measures, np.array([one.value for one in spoiled.inspections])), 3),
        "hottest_place_in_defect": round(hits / len(paths), 3),
    }


def planted_strangers() -> Result:
    """Ranks of 10 solar cells among 7,000 everyday photos, three draws, by each way."""
    good, bad = _cells()
    photos = DATA / "flickr8k" / "images"
    result: Result = {}
    for seed in _SEEDS:
        with _library() as library, tempfile.TemporaryDirectory() as folder:
            cells = [*good, *bad]
            for place in np.random.default_rng(seed).choice(len(cells), _STRANGERS, replace=False):
                shutil.copy(cells[place], folder)
            library.index(str(photos), folder)
            for mode, by in (("knn", "look"), ("lof", "look"), ("knn", "content"), ("lof", "content")):
                started = time.perf_counter()
                report = library.outliers.find(mode=mode, by=by, top=8000)
                seconds = round(time.perf_counter() - started, 1)
                ranks = [
                    one.rank
                    for one in report.outliers
                    if any(path.startswith(folder) for path in one.record.paths)
                ]
                told = {
                    "worst_rank": max(ranks),
                    "in_top_20": sum(rank <= 20 for rank in ranks),
                    "s": seconds,
                }
                result.setdefault(f"{mode} by {by}", []).append(told)  # type: ignore[attr-defined]
    ranks = [one["worst_rank"] for one in result["knn by look"]]  # type: ignore[attr-defined]
    return {"worst": max(ranks), **result}


def quality() -> Result:
    """Share flagged of COCO photos, untouched and spoiled; thresholds were set on ImageNet photos."""
    photos = [_opened(path) for path in sorted((DATA / "coco_photos").rglob("*.jpg"))[:100]]
    result: Result = {"untouched": _flagged(photos)}
    for name, (issue, change) in _SPOILED.items():
        result[name] = {"issue": issue, "found": _flagged([change(one) for one in photos])[issue]}
    pages = _screenshots()
    if pages:
        found = _flagged(pages, form="PNG")
        result["screenshots"] = {"issue": "screenshot", "count": len(pages), "found": found["screenshot"]}
    return result


_SPOILED: dict[str, tuple[str, Callable[[Image.Image], Image.Image]]] = {
    "blur 0.4 % of the longer side": ("blur", lambda one: _blurred(one, 0.004)),
    "blur 0.8 %": ("blur", lambda one: _blurred(one, 0.008)),
    "blur 1.6 %": ("blur", lambda one: _blurred(one, 0.016)),
    "brightness x 0.2": ("dark", lambda one: ImageEnhance.Brightness(one).enhance(0.2)),
    "brightness x 2": ("overexposed", lambda one: ImageEnhance.Brightness(one).enhance(2.0)),
    "brightness x 3": ("overexposed", lambda one: ImageEnhance.Brightness(one).enhance(3.0)),
    "contrast x 0.15": ("low_contrast", lambda one: ImageEnhance.Contrast(one).enhance(0.15)),
}


def auroc(good: NDArray[np.float64], bad: NDArray[np.float64]) -> float:
    """Share of (good, bad) pairs in which the bad one measures more; a tie counts half."""
    above = (bad[:, np.newaxis] > good).mean()
    return float(above + 0.5 * (bad[:, np.newaxis] == good).mean())


def _cells() -> tuple[list[str], list[str]]:
    """Files of the good and of the defective cells."""
    with open(_CELLS / "labels.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return tuple(  # type: ignore[return-value]
        [str(_CELLS / row["file_name"]) for row in rows if row["defective"] == wanted] for wanted in "01"
    )


def _judged(
    library: Library,
    method: str,
    good: list[str],
    bad: list[str],
    *,
    train: NDArray[np.int64],
    judge_good: NDArray[np.int64],
    judge_bad: NDArray[np.int64],
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measures of good and of bad cells by a model of the good ones named."""
    library.outliers.train("bench", [good[place] for place in train], method=method, seed=seed)
    told = []
    for files in ([good[place] for place in judge_good], [bad[place] for place in judge_bad]):
        report = library.outliers.inspect("bench", files, top=len(files), store=False)
        told.append(np.array([one.value for one in report.inspections]))
    return told[0], told[1]


def _draw_defect(path: str, target: str, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Draw a crack or a dark spot on a cell; its box, in parts of the picture."""
    picture = Image.open(path).convert("L")
    side = picture.width
    x, y = rng.uniform(0.15, 0.7, 2) * side
    extent = rng.uniform(0.1, 0.25) * side
    dark = int(np.asarray(picture).mean() * 0.5)
    draw = ImageDraw.Draw(picture)
    if rng.random() < 0.5:
        middle = (x + extent * rng.uniform(0.3, 0.7), y + extent * rng.uniform(0.3, 0.7))
        draw.line([(x, y), middle, (x + extent, y + extent)], fill=dark, width=2)
    else:
        draw.ellipse([x, y, x + extent, y + extent], fill=dark)
    picture.save(target)
    return x / side, y / side, (x + extent) / side, (y + extent) / side


def _blurred(picture: Image.Image, share: float) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(share * max(picture.size)))


def _opened(path: Path) -> Image.Image:
    picture = Image.open(path).convert("RGB")
    picture.thumbnail((1024, 1024))
    return picture


def _flagged(pictures: list[Image.Image], form: str = "JPEG") -> dict[str, float]:
    """Share of pictures that have each issue."""
    counts = dict.fromkeys(ISSUES, 0)
    for picture in pictures:
        small = picture.copy()
        small.thumbnail((SIZE, SIZE), Image.Resampling.BILINEAR)
        facts = ImageInfo(width=picture.width, height=picture.height, format=form, size_bytes=1)
        for issue, score in measure(np.asarray(small.convert("RGB")), facts).items():
            counts[issue] += score >= THRESHOLD
    return {issue: round(count / len(pictures), 3) for issue, count in counts.items()}


def _screenshots() -> list[Image.Image]:
    """Pages of this project's documentation as a browser shows their text; none without chromium."""
    browser = shutil.which("chromium")
    if browser is None:
        return []
    pages = []
    with tempfile.TemporaryDirectory() as folder:
        for number, page in enumerate(sorted(_PAGES.rglob("*.md"))[:12]):
            source, target = os.path.join(folder, f"{number}.html"), os.path.join(folder, f"{number}.png")
            text = page.read_text(encoding="utf-8").replace("&", "&amp;").replace("<", "&lt;")
            color = ("#fff", "#f4f1ea", "#1e1e2e")[number % 3]
            ink = "#eee" if number % 3 == 2 else "#222"
            Path(source).write_text(
                f"<body style='background:{color};color:{ink};font-family:sans-serif'><pre>{text}</pre>",
                encoding="utf-8",
            )
            size = ("1280,720", "1366,768", "900,700")[number % 3]
            subprocess.run(
                [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
                 f"--window-size={size}", f"--screenshot={target}", f"file://{source}"],
                check=False, capture_output=True, timeout=120,
            )  # fmt: skip
            if os.path.exists(target):
                pages.append(Image.open(target).convert("RGB"))
    return pages


@contextmanager
def _library() -> Iterator[Library]:
    """An empty library that is gone afterward."""
    with tempfile.TemporaryDirectory() as folder, saccade.open_library(folder) as library:
        yield library


def _spread(values: list[float]) -> Result:
    return {
        "mean": round(float(np.mean(values)), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "splits": len(values),
    }
