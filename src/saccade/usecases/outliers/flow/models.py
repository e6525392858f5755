"""Trained inspection models, as they are stored."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import CorruptLibraryError, EncoderMismatchError, NotFoundError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.results import Result
from saccade.core.types import EncoderInfo, Failure
from saccade.usecases.outliers.rules.inspection import (
    Bank,
)
from saccade.usecases.outliers.rules.reports import InspectionModel

KIND = "outliers"


METHODS = ("patches", "embeddings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model in memory: its description, its bank, and the measures of the good pictures.

    Attributes:
        patch_limit: distance of a single patch that is heat 0.5.
        grid: rows and columns of patches.
        good: (n,) measure of each good picture by the bank without its own patches, ascending.
    """

    model: InspectionModel
    bank: Bank
    good: NDArray[np.float64]
    patch_limit: float
    grid: tuple[int, int]


def load_model(catalog: Catalog, name: str, encoder: EncoderInfo, version: int | None = None) -> Trained:
    """A stored model.

    Raises:
        NotFoundError: unknown name.
        EncoderMismatchError: it was trained with another encoder.
    """
    kept = catalog.results.load(KIND, name, version)
    if kept is None:
        names = sorted({one.name for one in catalog.results.versions(KIND)})
        raise NotFoundError(
            f"no inspection model is called {name!r}" + (f" in version {version}" if version else ""),
            hint=f"there are: {', '.join(names)}"
            if names
            else f'train one: saccade outliers --train "{name}" --good FOLDER',
        )
    model = as_model(kept)
    if not encoder.makes(model.encoder):
        raise EncoderMismatchError(
            f"the model {name!r} was trained with another encoder"
            f" ({model.encoder[:12]}, here {encoder.fingerprint[:12]})",
            hint=f'train it again: saccade outliers --train "{name}" --good FOLDER',
        )
    arrays, rows, grid = kept.arrays, kept.rows, kept.facts["grid"]
    if not isinstance(grid, list):
        raise CorruptLibraryError(f"the model {name!r} is damaged", hint="train it again")
    if not len(rows.ids):
        raise NotFoundError(
            f"every picture that the model {name!r} was trained on has been forgotten",
            hint=f'train it again: saccade outliers --train "{name}" --good FOLDER',
        )
    return Trained(
        model=model,
        bank=Bank(
            mean=np.asarray(arrays["mean"], np.float32),
            axes=np.asarray(arrays["axes"], np.float32),
            rows=rows.arrays["rows"].astype(np.float32),
            owners=rows.arrays["owners"].astype(np.int32),
        ),
        good=np.asarray(arrays["good"], np.float64),
        patch_limit=_number(kept.facts, "patch_limit"),
        grid=(int(grid[0]), int(grid[1])),
    )


def models(catalog: Catalog) -> list[InspectionModel]:
    """Every version of every model, by name, newest first."""
    return [as_model(kept) for kept in catalog.results.versions(KIND)]


def as_model(kept: Result, failed: tuple[Failure, ...] = ()) -> InspectionModel:
    """A stored result as its model."""
    facts = kept.facts
    paths = facts.get("suspects")
    return InspectionModel(
        name=kept.name,
        version=kept.version,
        created=kept.created,
        method=str(facts["method"]),
        good=int(_number(facts, "good")),
        false_alarms=_number(facts, "false_alarms"),
        threshold=_number(facts, "threshold"),
        suspects=tuple(str(path) for path in paths) if isinstance(paths, list) else (),
        failed=failed,
        encoder=str(facts["encoder"]),
    )


def _number(facts: Mapping[str, object], name: str) -> float:
    value = facts[name]
    if not isinstance(value, (int, float)):
        raise CorruptLibraryError(f"the fact {name!r} of a model is damaged", hint="train it again")
    return float(value)
