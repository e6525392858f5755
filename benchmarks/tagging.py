"""Tags and taught classifiers: a million images in a minute, quality without examples, and with a few."""

import csv
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import saccade
from benchmarks.common import DATA, Result
from benchmarks.query import cache
from benchmarks.synthetic import make_library
from benchmarks.tagging_groups import COARSE, GROUPS, LABELS
from saccade.core.types import Embeddings, Role
from saccade.encoders.registry import load
from saccade.library import load_encoder
from saccade.usecases.tags.flow.fitting import TrainingSet, calibrated, fit
from saccade.usecases.tags.flow.texts import embed_words
from saccade.usecases.tags.rules.classifying import calibration_error, softmax
from saccade.usecases.tags.rules.encoder_fit import EncoderFit, encoder_fit
from saccade.usecases.tags.rules.zero_shot import calibrate_labels, evidence

_DRAWS = 10
_NUMBERS = EncoderFit()
_FIXED = 0.28
"""The one cosine that gives the best macro F1 over the words of flickr8k's train captions."""


def tagging() -> Result:
    """Everything but the million."""
    coco, inet = _photos("coco_photos"), _photos("imagenet_photos")
    return {
        "zero_shot_coco": _coco(*coco),
        "zero_shot_imagenet": _zero_shot_groups(*inet),
        "taught_imagenet_20_groups": _taught_groups(*inet, GROUPS),
        "taught_imagenet_6_groups": _taught_groups(*inet, COARSE),
        "taught_solar_cells": _solar(),
    }


def tag_million(count: int = 1_000_000, labels: int = 1000, home: str | None = None) -> Result:
    """A library of a million embeddings tagged with a thousand labels: deciding alone, and with storing."""
    names = LABELS[:labels]
    if home is None:
        with tempfile.TemporaryDirectory() as made:
            make_library(Path(made), cache(), count)
            return tag_million(count, labels, made)
    with saccade.open_library(home, create=False) as library:
        library.tags.zero_shot(names[:2], dry_run=True)
        deciding = library.tags.zero_shot(names, dry_run=True)
        started, busy = time.perf_counter(), time.process_time()
        stored = library.tags.zero_shot(names)
        whole, work = time.perf_counter() - started, time.process_time() - busy
    return {
        "images": stored.images,
        "labels": len(names),
        "tags": stored.tags,
        "deciding_s": round(deciding.seconds, 1),
        "with_storing_s": round(whole, 1),
        "with_storing_processor_s": round(work, 1),
    }


def _photos(name: str) -> tuple[list[str], Embeddings, Embeddings]:
    """File names and embeddings of both roles, kept between runs."""
    files = sorted((DATA / name).rglob("*.[jJpP][pPnN]*[gG]"))
    encoder = load_encoder()
    rows = []
    for role in (Role.SEMANTIC, Role.COPY):
        path = cache() / f"{encoder.info.fingerprint[:16]}-{role}-{name}.npy"
        if not path.exists():
            cache().mkdir(parents=True, exist_ok=True)
            np.save(path, encoder.encode_images([str(file) for file in files], role=role))
        rows.append(np.load(path))
    encoder.close()
    return [file.name for file in files], rows[0], rows[1]


def _coco(names: list[str], rows: Embeddings, _: Embeddings) -> Result:
    """Object categories of at least three photos, multi-label."""
    with (DATA / "coco_photos" / "metadata.jsonl").open(encoding="utf-8") as file:
        objects = {Path(entry["file_name"]).name: set(entry["categories"]) for entry in map(json.loads, file)}
    every = sorted(set().union(*objects.values()))
    truth = np.array([[one in objects[name] for one in every] for name in names])
    kept = truth.sum(axis=0) >= 3
    truth, every = truth[:, kept], [one for one, keep in zip(every, kept, strict=True) if keep]
    encoder = load("builtin", threads=2)
    numbers = encoder_fit(encoder.info)
    texts, background = (embed_words(encoder, words, numbers) for words in (every, numbers.background))
    scores = rows @ texts.T
    known = calibrate_labels(scores, rows @ background.T, np.arange(len(every)), numbers)
    seen = evidence(known, scores, rows @ background.T)
    sure = known.confidence(seen, slice(None))
    return {
        "photos": len(names),
        "labels": len(every),
        "map_by_label": _mean_precision(scores, truth),
        "ap_over_all": {
            "cosine": _precision(scores.ravel(), truth.ravel()),
            "confidence": _precision(sure.ravel(), truth.ravel()),
        },
        "calibration_error": round(calibration_error(sure.ravel(), truth.ravel()), 4),
        "calibrated": _f1(sure >= known.thresholds, truth),
        "fixed_cosine": _f1(scores >= _FIXED, truth),
    }


def _mean_precision(scores: NDArray[np.floating], truth: NDArray[np.bool_]) -> float:
    """Mean over labels of the average precision."""
    each = [_precision(scores[:, label], truth[:, label]) for label in range(truth.shape[1])]
    return round(float(np.mean(each)), 4)


def _precision(scores: NDArray[np.floating], truth: NDArray[np.bool_]) -> float:
    """Average precision of one ranking."""
    right = truth[np.argsort(-scores, kind="stable")]
    return round(float((np.cumsum(right) / np.arange(1, len(right) + 1))[right].mean()), 4)


def _f1(tagged: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Result:
    """Macro F1, precision and recall of all tags together, tags per image."""
    both = (tagged & truth).sum(axis=0)
    f1 = 2 * both / np.maximum(tagged.sum(axis=0) + truth.sum(axis=0), 1)
    return {
        "macro_f1": round(float(f1.mean()), 4),
        "precision": round(float(both.sum() / max(tagged.sum(), 1)), 3),
        "recall": round(float(both.sum() / max(truth.sum(), 1)), 3),
        "tags_per_image": round(float(tagged.sum() / len(tagged)), 2),
    }


def _grouped(names: list[str], groups: dict[str, str]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which photos belong to a group, and to which (by number) those do."""
    owner = {member: number for number, members in enumerate(groups.values()) for member in members.split()}
    found = [owner.get(Path(name).stem.split("_", 1)[1], -1) for name in names]
    numbers = np.array(found)
    return numbers >= 0, numbers[numbers >= 0]


def _name_logits(rows: Embeddings, groups: dict[str, str]) -> NDArray[np.float64]:
    """(n, K) as `saccade teach` makes them."""
    encoder = load("builtin", threads=2)
    numbers = encoder_fit(encoder.info)
    texts = embed_words(encoder, list(groups), numbers)
    scores = rows @ texts.T
    medians = np.median(scores, axis=0)
    scale = float(np.median(medians - np.quantile(scores, 0.1587, axis=0)))
    return np.asarray(numbers.slope / scale * scores, np.float64)


def _zero_shot_groups(names: list[str], rows: Embeddings, _: Embeddings) -> Result:
    inside, targets = _grouped(names, GROUPS)
    logits = _name_logits(rows[inside], GROUPS)
    return {
        "photos": len(targets),
        "groups": len(GROUPS),
        "photos_by_group": np.bincount(targets).tolist(),
        "accuracy": round(float((logits.argmax(axis=1) == targets).mean()), 3),
    }


def _taught_groups(names: list[str], rows: Embeddings, copies: Embeddings, groups: dict[str, str]) -> Result:
    inside, targets = _grouped(names, groups)
    logits = _name_logits(rows[inside], groups)
    both = np.hstack([rows[inside], copies[inside]])
    return {
        "groups": len(groups),
        "with_names": _curve(both, targets, logits),
        "examples_alone": _curve(both, targets, np.zeros_like(logits)),
    }


def _solar() -> Result:
    """Good or defective; what such a cell is called says nothing to the built-in encoder."""
    names, rows, copies = _photos("solar_cells")
    with (DATA / "solar_cells" / "labels.csv").open(encoding="utf-8") as file:
        bad = {Path(row["file_name"]).name: int(row["defective"]) for row in csv.DictReader(file)}
    targets = np.array([bad[name] for name in names])
    return {"examples_alone": _curve(np.hstack([rows, copies]), targets, np.zeros((len(targets), 2)))}


def _curve(rows: Embeddings, targets: NDArray[np.int64], names: NDArray[np.float64]) -> Result:
    """Accuracy and calibration on all that is held out, for 1, 5 and 20 examples a class.

    A class with fewer gives all but two (a quarter where that is more); the number used is said. Calibration
    errors are over the held-out predictions of all draws together, in 15 bins: in one draw's, chance alone
    makes about 0.1.
    """
    rows = (rows - rows.mean(axis=0)).astype(np.float64)
    sizes = np.bincount(targets)
    found: Result = {}
    for wanted in (1, 5, 20):
        counts = np.minimum(wanted, sizes - np.maximum(2, sizes // 4))
        right, sure, accuracies, seconds = [], [], [], []
        for draw in range(_DRAWS):
            rng = np.random.default_rng(draw)
            chosen = np.concatenate(
                [rng.permutation(np.flatnonzero(targets == one))[:n] for one, n in enumerate(counts)]
            )
            held = np.setdiff1d(np.arange(len(targets)), chosen)
            started = time.perf_counter()
            training = TrainingSet(
                rows=rows[chosen],
                targets=targets[chosen],
                trust=np.ones(len(chosen)),
                names=names[chosen],
                classes=len(sizes),
                lone_factor=_NUMBERS.lone_factor + _NUMBERS.lone_factor_by_class / len(sizes),
            )
            fitted = fit(training, draw)
            seconds.append(time.perf_counter() - started)
            logits = fitted.name_share * names[held] + rows[held] @ fitted.weights.T + fitted.biases
            likely = softmax(calibrated(logits, fitted.temperature, fitted.shift))
            right.append(likely.argmax(axis=1) == targets[held])
            sure.append(likely.max(axis=1))
            accuracies.append(float(right[-1].mean()))
        everything, certain = np.concatenate(right), np.concatenate(sure)
        found[f"@{wanted}"] = {
            "examples_a_class": f"{counts.min()} to {counts.max()}, median {int(np.median(counts))}",
            "held_out": len(held),
            "accuracy_mean": round(float(np.mean(accuracies)), 3),
            "accuracy_spread": round(float(np.std(accuracies)), 3),
            "calibration_error": round(calibration_error(certain, everything), 4),
            "calibration_error_of_chance": round(_chance(certain), 4),
            "fit_s_median": round(float(np.median(seconds)), 2),
        }
    return found


def _chance(sure: NDArray[np.float64]) -> float:
    """The calibration error that perfectly calibrated predictions would show on as many photos."""
    rng = np.random.default_rng(0)
    return float(np.mean([calibration_error(sure, rng.random(len(sure)) < sure) for _ in range(20)]))
