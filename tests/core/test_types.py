"""Values: what they compute, and that nobody can change them."""

from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from saccade.core import types
from saccade.core.errors import InvalidQueryError
from saccade.core.hits import Hit, SearchResult
from saccade.core.items import WHOLE
from saccade.core.status import Counts, DoctorReport, IndexReport, Problem
from saccade.core.types import ImageInfo, ImageRecord

VALUES = [value for value in vars(types).values() if isinstance(value, type) and is_dataclass(value)]
INFO = ImageInfo(width=4, height=3, format="PNG", size_bytes=9)


def hit(rank: int) -> Hit:
    return Hit(
        rank=rank, image_id="0" * 64, item=WHOLE, path="/a", paths=("/a",), score=0.5, confidence=0.5,
        parts=(), words=(), similar=(), info=INFO,
    )  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_values_are_frozen_slotted_and_keyword_only(value: type) -> None:
    """A value that was handed out never changes, and every field is given by name."""
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(value)
    assert all(field.kw_only for field in fields(value))


def test_a_value_refuses_to_be_changed() -> None:
    """The rule above, done."""
    with pytest.raises(FrozenInstanceError):
        INFO.width = 5  # type: ignore[misc]


def test_search_result_is_a_sequence_of_its_hits() -> None:
    """It is counted, indexed and iterated like the tuple of hits; an empty one is false."""
    result = SearchResult(query="x", confident=True, hits=(hit(1), hit(2)), took_ms=1.0)
    assert (len(result), result[1], list(result)) == (2, result.hits[1], list(result.hits))
    assert not SearchResult(query="x", confident=False, hits=(), took_ms=1.0)


@pytest.mark.parametrize(("embedded", "seconds", "rate"), [(10, 2.0, 5.0), (10, 0.0, 0.0), (0, 3.0, 0.0)])
def test_images_per_s_is_encoded_images_by_wall_time(embedded: int, seconds: float, rate: float) -> None:
    """And 0 where no time passed."""
    report = IndexReport(
        files=10, added=10, unchanged=0, moved=0, removed=0, excluded=0, embedded=embedded, failed=(),
        seconds=seconds,
    )  # fmt: skip
    assert report.images_per_s == rate


def test_image_id_is_the_digest_in_hexadecimal() -> None:
    """64 lower-case digits."""
    record = ImageRecord(id=1, sha256=bytes(range(32)), info=INFO, paths=())
    assert record.image_id == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"


@pytest.mark.parametrize(
    ("repaired", "healthy"), [((), True), ((True,), True), ((True, False), False), ((False,), False)]
)
def test_healthy_means_every_problem_is_repaired(repaired: tuple[bool, ...], healthy: bool) -> None:
    """No problem at all is healthy too."""
    problems = tuple(Problem(code="x", message="x", count=1, repaired=one) for one in repaired)
    counts = Counts(images=0, files=0, failed=0, excluded=0, missing=0)
    report = DoctorReport(counts=counts, unindexed=0, failures=(), problems=problems)
    assert report.healthy is healthy


@pytest.mark.parametrize("name", ["semantic", "copy", "faces", "page-layout-2"])
def test_roles_are_names(name: str) -> None:
    """Any, not only those that saccade knows; they are text."""
    assert types.Role(name) == name
    assert f"{types.Role(name)}" == name
    assert (types.Role("copy"), types.Role("semantic")) == (types.Role.COPY, types.Role.SEMANTIC)


@pytest.mark.parametrize("name", ["", "Faces", "two words", "2d", "x" * 65, "copy\n", "-"])
def test_other_text_is_not_a_role(name: str) -> None:
    """It is in messages, file names and JSON."""
    with pytest.raises(InvalidQueryError, match="not a role"):
        types.Role(name)
