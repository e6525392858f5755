"""Hits made by hand."""

from collections.abc import Callable

import pytest

from saccade.core.hits import Hit, PartScore, SearchResult
from saccade.core.items import WHOLE
from saccade.core.pictures import ImageId
from saccade.core.types import ImageInfo


def _info(**facts: object) -> ImageInfo:
    return ImageInfo(**{"width": 400, "height": 300, "format": "JPEG", "size_bytes": 12345, **facts})


def _hit(rank: int = 1, path: str = "/photos/cat.jpg", **changed: object) -> Hit:
    values: dict[str, object] = {
        "rank": rank,
        "image_id": ImageId(f"{rank:064x}"),
        "item": WHOLE,
        "path": path,
        "paths": (path,),
        "score": 0.3125,
        "confidence": 0.975,
        "parts": (PartScore(part="a cat", score=0.3125),),
        "words": (),
        "similar": (),
        "info": _info(),
    }
    return Hit(**{**values, **changed})


def _result(*hits: Hit, query: str = "a cat", confident: bool = True) -> SearchResult:
    return SearchResult(query=query, confident=confident, hits=hits, took_ms=3.25)


@pytest.fixture
def make_info() -> Callable[..., ImageInfo]:
    """Facts of a 400 x 300 photo, changed as told."""
    return _info


@pytest.fixture
def make_hit() -> Callable[..., Hit]:
    """A hit that answers one part, changed as told."""
    return _hit


@pytest.fixture
def make_result() -> Callable[..., SearchResult]:
    """An answer with the hits given, in 3.25 ms."""
    return _result
