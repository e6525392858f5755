"""`lib.outliers` with the built-in encoder, on synthetic pictures."""

import gc
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import saccade
from saccade.core.decoding import FileEntry
from saccade.core.errors import (
    DiskFullError,
    EncoderUnavailableError,
    ImageNotFoundError,
    InputError,
    NoImagesError,
    NotFoundError,
    UnreadableImageError,
)
from saccade.core.pictures import ImageId
from saccade.core.types import Failure, ImageRecord
from saccade.sources.walk import walk as walk_folder
from saccade.usecases.outliers.flow import finding
from saccade.usecases.outliers.rules.quality import ISSUES

if TYPE_CHECKING:
    from saccade.core.types import Progress


def part(number: int, *, scratch: bool = False) -> np.ndarray:
    """A part from a line: bars on gray, some noise; perhaps with a scratch at the lower right."""
    rng = np.random.default_rng(number)
    pixels = np.full((96, 96, 3), 120.0)
    pixels[16::32] = 40
    pixels += rng.normal(0, 5, pixels.shape)
    if scratch:
        for step in range(24):
            pixels[62 + step : 66 + step, 62 + step : 66 + step] = (250, 40, 30)
    return np.clip(pixels, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 14 good parts, one of them somewhere else; two scratched ones beside it."""
    home = tmp_path_factory.mktemp("line")
    for folder in ("parts", "new"):
        (home / folder).mkdir()
    for number in range(14):
        Image.fromarray(part(number)).save(home / "parts" / f"{number:02}.png")
    Image.fromarray(part(50)).save(home / "new" / "good.png")
    Image.fromarray(part(51, scratch=True)).save(home / "new" / "scratched.png")
    with saccade.open_library(home / "parts") as library:
        library.index(home / "parts")
    return home


@pytest.fixture
def line(made: Path, tmp_path: Path) -> Path:
    """The same, yours to change."""
    return Path(shutil.copytree(made, tmp_path / "line"))


def records_alive() -> int:
    """Number of image records in memory."""
    gc.collect()
    return sum(isinstance(one, ImageRecord) for one in gc.get_objects())


def add(line: Path, name: str, pixels: np.ndarray) -> None:
    """One more image in the library."""
    Image.fromarray(pixels).save(line / "parts" / name)
    with saccade.open_library(line / "parts") as library:
        library.index(line / "parts")


@pytest.mark.parametrize("by", ["look", "content"])
@pytest.mark.parametrize("mode", ["knn", "lof"])
def test_an_unrelated_image_comes_first_and_its_value_is_stored(line: Path, mode: str, by: str) -> None:
    """With a reason and the nearest image; filters find it by the column."""
    add(line, "unrelated.png", np.random.default_rng(9).integers(0, 256, (96, 96, 3)).astype(np.uint8))
    with saccade.open_library(line / "parts") as library:
        report = library.outliers.find(mode=mode, by=by, k=4, top=3)
        first = report.outliers[0]
        assert first.record.paths[0].endswith("unrelated.png")
        assert first.stands_out
        assert first.reason
        assert first.nearest.endswith(".png")
        assert (report.images, len(report.outliers)) == (15, 3)
        again = library.outliers.find(mode=mode, by=by, k=4, top=3)
        assert again.outliers == report.outliers
        ids, values = library.context.catalog.columns.numbers(report.column)
        assert len(ids) == 15
        assert values.max() == pytest.approx(first.value)


@pytest.mark.parametrize("by", ["look", "content"])
@pytest.mark.parametrize("mode", ["knn", "lof"])
def test_the_stream_is_the_report(line: Path, monkeypatch: pytest.MonkeyPatch, mode: str, by: str) -> None:
    """The same outliers and field, whatever the pages; all images by default; filters hold."""
    monkeypatch.setattr(finding, "_PAGE", 4)
    with saccade.open_library(line / "parts") as library:
        streamed = tuple(library.outliers.iter_outliers(mode=mode, by=by, k=4))
        assert list(library.context.catalog.columns.all())
        report = library.outliers.find(mode=mode, by=by, k=4, top=14)
        assert streamed == report.outliers
        assert [one.rank for one in streamed] == list(range(1, 15))
        few = library.outliers.iter_outliers(mode=mode, by=by, k=2, top=5, where=["name!=03"], store=False)
        found = library.outliers.find(mode=mode, by=by, k=2, top=5, where=["name!=03"], store=False)
        assert tuple(few) == found.outliers


def test_the_stream_holds_one_page_at_a_time(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its images, their neighbors, and no more, however many there are."""
    monkeypatch.setattr(finding, "_PAGE", 2)
    with saccade.open_library(line / "parts") as library:
        before = records_alive()
        alive = [records_alive() - before for _ in library.outliers.iter_outliers(k=4)]
    assert len(alive) == 14
    assert max(alive) <= 2 * 2


def test_the_stream_leaves_out_what_is_erased_meanwhile(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others keep their ranks."""
    monkeypatch.setattr(finding, "_PAGE", 1)
    with saccade.open_library(line / "parts") as library:
        last = library.outliers.find(k=4, top=14)[-1]
        stream = library.outliers.iter_outliers(k=4)
        assert next(stream).rank == 1
        library.forget(last.record.image_id)
        assert [one.rank for one in stream] == list(range(2, 14))


def test_the_stream_refuses_bad_options_at_once(line: Path) -> None:
    """Before the first outlier is taken."""
    with saccade.open_library(line / "parts") as library, pytest.raises(InputError, match="top"):
        library.outliers.iter_outliers(k=4, top=-1)


def test_pixels_are_read_once(line: Path) -> None:
    """The second time only those of what is new; a library twice as large is measured again."""
    steps: list[Progress] = []
    with saccade.open_library(line / "parts") as library:
        library.outliers.find(k=4, progress=steps.append)
        assert steps[-1].total == 14
        steps.clear()
        library.outliers.find(k=4, progress=steps.append)
        assert steps == []
    add(line, "new.png", part(77))
    with saccade.open_library(line / "parts") as library:
        library.outliers.find(k=4, progress=steps.append)
        assert steps[-1].total == 1


def test_a_dry_run_stores_nothing(line: Path) -> None:
    """No column, no looks, no scores."""
    with saccade.open_library(line / "parts") as library:
        library.outliers.find(k=4, store=False)
        library.outliers.quality(store=False)
        assert list(library.context.catalog.columns.all()) == []
        assert list(library.context.catalog.results.versions("looks")) == []


def test_a_file_that_changed_is_reported_and_left_out(line: Path) -> None:
    """It holds another picture now; so is one that is gone."""
    Image.fromarray(part(99)).save(line / "parts" / "03.png")
    (line / "parts" / "04.png").unlink()
    with saccade.open_library(line / "parts") as library:
        report = library.outliers.find(k=4)
        assert sorted(failure.code for failure in report.failed) == ["file_changed", "file_vanished"]
        assert report.images == 12


def test_values_out_of_range_are_refused(line: Path) -> None:
    """Before any picture is read, each with a hint."""
    with saccade.open_library(line / "parts") as library:
        for wrong in ({"k": 0}, {"k": 14}, {"mode": "x"}, {"by": "x"}, {"top": -1}):
            with pytest.raises(InputError) as caught:
                library.outliers.find(**{"k": 4, **wrong})  # type: ignore[arg-type]
            assert caught.value.hint
        with pytest.raises(InputError, match="too few"):
            library.outliers.find(folders=[line / "new"])


def test_images_that_are_all_alike_have_no_outlier(tmp_path: Path) -> None:
    """The same pixels in files of different bytes."""
    for number in range(6):
        Image.fromarray(part(1)).save(tmp_path / f"{number}.png", compress_level=number)
    with saccade.open_library(tmp_path) as library:
        library.index(tmp_path)
        for by in ("look", "content"):
            with pytest.raises(InputError, match="same"):
                library.outliers.find(k=2, by=by)


@pytest.mark.parametrize("method", ["patches", "embeddings"])
def test_a_model_of_good_parts_calls_a_scratched_one_bad(line: Path, method: str) -> None:
    """And a good one good; the same seed learns the same; files need not be in the library."""
    with saccade.open_library(line / "parts") as library:
        model = library.outliers.train("parts", where=["width>10"], method=method, false_alarms=0.1)
        assert (model.good, model.version, model.method) == (14, 1, method)
        assert model.false_alarms == 0.1
        report = library.outliers.inspect("parts", [line / "new"])
        assert [Path(one.path).name for one in report.inspections] == ["scratched.png", "good.png"]
        assert report.inspections[0].bad
        assert report.inspections[0].score == 1.0
        assert report.bad == 1 + report.inspections[1].bad
        again = library.outliers.train("parts", where=["width>10"], method=method, false_alarms=0.1)
        assert (again.version, again.threshold) == (2, model.threshold)
        assert library.outliers.inspect("parts", version=1).images == 14
        assert [one.version for one in library.outliers.models()] == [2, 1]


def test_heat_is_where_the_scratch_is(line: Path) -> None:
    """At the lower right; in the picture's proportions; the overlay is hot there."""
    with saccade.open_library(line / "parts") as library:
        library.outliers.train("parts", [line / "parts"])
        (worst, _) = library.outliers.inspect("parts", [line / "new"]).inspections
        assert worst.spot is not None
        assert worst.spot.words == "lower right"
        assert "lower right" in worst.reason
        found = library.outliers.heat_map(line / "new" / "scratched.png", "parts", size=80)
        heat, shown = found.heat, found.overlay()
        assert (heat.shape, heat.dtype) == ((80, 80), np.float32)
        assert 0 <= heat.min() <= heat.max() <= 1
        assert heat[50:, 50:].max() == heat.max() > 0.5
        assert (found.value, found.score) == (pytest.approx(worst.value), 1.0)
        assert (shown.shape, shown.dtype) == ((80, 80, 3), np.uint8)
        assert library.outliers.heat_map(part(3), "parts", size=64).value < found.value


def test_a_heat_map_is_of_any_picture_and_version(line: Path) -> None:
    """Pixels, bytes, a path object, an image's id; the newest version or an older one."""
    with saccade.open_library(line / "parts") as library:
        library.outliers.train("parts", [line / "parts"])
        path = line / "parts" / "03.png"
        image = ImageId(library.show(path).image_id)
        maps = [
            library.outliers.heat_map(one, "parts", size=48)
            for one in (path, str(path), path.read_bytes(), part(3), image)
        ]
        for one in maps[1:]:
            np.testing.assert_array_equal(one.heat, maps[0].heat)
        assert library.outliers.heat_map(path, "parts", version=1, size=48).value == maps[0].value
        with pytest.raises(NotFoundError):
            library.outliers.heat_map(path, "parts", version=2)
        path.unlink()
        library.index(line / "parts")
        with pytest.raises(ImageNotFoundError, match="gone"):
            library.outliers.heat_map(image, "parts")
        for size in (0, 5000):
            with pytest.raises(InputError, match="size"):
                library.outliers.heat_map(part(3), "parts", size=size)


def test_a_folder_that_cannot_be_read_is_reported(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the pictures that could not be judged."""
    lost = Failure(path=str(line / "locked"), code="folder_unreadable", reason="no permission")

    def walk(root: str, *, exclude: Sequence[str] = ()) -> Iterator[FileEntry | Failure]:
        yield lost
        yield from walk_folder(root, exclude=exclude)

    with saccade.open_library(line / "parts") as library:
        monkeypatch.setitem(library.context.tools.__dict__, "walk", walk)
        assert lost in library.outliers.train("parts", [line / "parts"]).failed
        report = library.outliers.inspect("parts", [line / "new"])
        assert (report.images, report.failed) == (2, (lost,))
        assert report[0] == report.inspections[0]


def test_values_of_library_images_are_stored(line: Path) -> None:
    """As a column named after the model, whatever its name."""
    with saccade.open_library(line / "parts") as library:
        library.outliers.train("line 1/left", [line / "parts"])
        report = library.outliers.inspect("line 1/left")
        assert report.column == "anomaly_line_1_left"
        assert len(library.context.catalog.columns.numbers(report.column)[0]) == 14
        assert library.outliers.inspect("line 1/left", [line / "new"]).column == ""


def test_a_bad_one_among_the_good_is_reported(line: Path) -> None:
    """It stays in, but the person should check it."""
    add(line, "scratched.png", part(60, scratch=True))
    with saccade.open_library(line / "parts") as library:
        model = library.outliers.train("parts", [line / "parts"])
        assert [Path(path).name for path in model.suspects] == ["scratched.png"]


def test_training_needs_good_pictures_that_differ(line: Path, tmp_path: Path) -> None:
    """None, one, all the same, a rate out of range, an unknown method: each says what to do."""
    empty, same = tmp_path / "empty", tmp_path / "same"
    empty.mkdir()
    same.mkdir()
    for number in range(3):
        Image.fromarray(part(1)).save(same / f"{number}.png")
    with saccade.open_library(line / "parts") as library:
        with pytest.raises(NoImagesError):
            library.outliers.train("x", [empty])
        for wrong in ({"good": [line / "new" / "good.png"]}, {"good": [same]}):
            with pytest.raises(InputError) as caught:
                library.outliers.train("x", **wrong)
            assert caught.value.hint
        for rate in (0.0, 1.0, float("nan")):
            with pytest.raises(InputError, match="rate"):
                library.outliers.train("x", [line / "parts"], false_alarms=rate)
        with pytest.raises(InputError, match="method"):
            library.outliers.train("x", [line / "parts"], method="magic")
        assert library.outliers.models() == []


def test_judging_needs_a_model_and_readable_pictures(line: Path, tmp_path: Path) -> None:
    """An unknown name lists the known ones; what cannot be read is reported, the rest is judged."""
    (line / "new" / "broken.png").write_bytes((line / "new" / "good.png").read_bytes()[:200])
    with saccade.open_library(line / "parts") as library:
        with pytest.raises(NotFoundError, match="'nope'"):
            library.outliers.inspect("nope")
        library.outliers.train("parts", [line / "parts"])
        with pytest.raises(NotFoundError) as caught:
            library.outliers.inspect("nope")
        assert "parts" in caught.value.hint
        report = library.outliers.inspect("parts", [line / "new"])
        assert (report.images, len(report.failed)) == (2, 1)
        with pytest.raises(UnreadableImageError):
            library.outliers.heat_map(line / "new" / "broken.png", "parts")
        library.outliers.train("whole", [line / "parts"], method="embeddings")
        with pytest.raises(InputError, match="cannot locate anomalies"):
            library.outliers.heat_map(line / "new" / "good.png", "whole")
        assert library.outliers.forget("whole") == 1


def test_quality_is_measured_once_and_stored(line: Path) -> None:
    """Each issue a column; a second run measures only what is new."""
    add(line, "dark.png", (part(5) * 0.1).astype(np.uint8))
    with saccade.open_library(line / "parts") as library:
        report = library.outliers.quality()
        assert (report.images, report.measured, report.stored) == (15, 15, True)
        assert [issue.record.paths[0].rsplit("/", 1)[-1] for issue in report.issues["dark"]] == ["dark.png"]
        assert report.counts["tiny"] == 15
        tiny = [(-issue.score, issue.record.image_id) for issue in report.issues["tiny"]]
        assert tiny == sorted(tiny)  # equal scores by SHA-256
        assert {column.name for column in library.context.catalog.columns.all()} == set(ISSUES)
        again = library.outliers.quality()
        assert again.measured == 0
        assert again.counts == report.counts
        assert again.issues == report.issues


def test_without_looks_content_is_compared(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default; if looks are asked for, the error says what is missing."""
    with saccade.open_library(line / "parts") as library:
        encoder = library.context.spaces.encoder()
        monkeypatch.setattr(
            type(encoder),
            "look_dim",
            property(lambda _: (_ for _ in ()).throw(EncoderUnavailableError("none"))),
        )
        assert library.outliers.find(k=4).by == "content"
        with pytest.raises(EncoderUnavailableError) as caught:
            library.outliers.find(k=4, by="look")
        assert "content" in caught.value.hint


def test_scores_are_stored_together_or_not_at_all(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full at the last write leaves no score of another formula behind."""
    with saccade.open_library(line / "parts") as library:

        def full(*_: object) -> None:
            raise DiskFullError("no space left")

        catalog = library.context.catalog
        monkeypatch.setattr(type(catalog.notes), "save", full)
        with pytest.raises(DiskFullError):
            library.outliers.quality()
        assert list(catalog.columns.all()) == []
