"""Find, check, leaks and overlap give every pair of pictures the same tier, whatever the pictures."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter, PngImagePlugin

from saccade.core.decoding import DecodeTask
from saccade.core.filters import Filter
from saccade.core.ports.engines import Match
from saccade.core.types import PixelRecipe, Pixels, Role
from saccade.usecases.duplicates.flow.checking import Checker, check
from saccade.usecases.duplicates.flow.matcher import HashTable, Surroundings, verdict
from saccade.usecases.duplicates.flow.overlap import find_leaks, find_shared
from saccade.usecases.duplicates.rules.reports import OverlapReport, Tier

Tiers = dict[tuple[str, str], str]
"""{(image, image): tier}; images by their id."""
TIERS = [
    frozenset({Tier.BYTES, Tier.PIXELS, Tier.PICTURE}),
    frozenset({Tier.PICTURE}),
    frozenset({Tier.PIXELS}),
]


class OneEyed:
    """A verifier that sees more from one side than from the other."""

    name = "one-eyed"
    recipe = PixelRecipe(size=8, fit="contain")

    def verify(self, a: Pixels, b: Pixels, score: float) -> Match:
        bright = a.astype(float) > 100
        difference = float((np.abs(a.astype(float) - b.astype(float)) * bright).sum() / max(1, bright.sum()))
        same = difference <= 20
        return Match(same=same, probability=1.0 if same else 0.0, transform=np.eye(2, 3))


def made(image: Image.Image, kind: str, rng: np.random.Generator) -> Image.Image:
    """An edit of a picture."""
    pixels = np.asarray(image, np.int16)
    return {
        "copied": lambda: image,
        "marked": lambda: image,
        "resized": lambda: image.resize((16, 16), Image.Resampling.NEAREST),
        "blurred": lambda: image.filter(ImageFilter.GaussianBlur(1.0)),
        "rotated": lambda: image.rotate(90),
        "mirrored": lambda: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "cropped": lambda: image.crop((0, 0, 7, 7)).resize((8, 8)),
        "burst": lambda: Image.fromarray(
            (pixels + rng.integers(-12, 13, pixels.shape)).clip(0, 255).astype(np.uint8)
        ),
        "colored": lambda: Image.fromarray((pixels * [1.0, 0.95, 0.85]).astype(np.uint8)),
    }[kind]()


def fill(folders: tuple[Path, Path], seed: int) -> None:
    """Some pictures and their edits, spread over two folders."""
    rng = np.random.default_rng(seed)
    kinds = ["copied", "marked", "resized", "blurred", "rotated", "mirrored", "cropped", "burst", "colored"]
    for number in range(4):
        quarters = rng.integers(20, 236, (2, 2, 3) if number % 2 else (2, 2, 1)).repeat(4, 0).repeat(4, 1)
        pixels = quarters + rng.integers(-20, 20, (8, 8, 1))
        picture = Image.fromarray(np.broadcast_to(pixels, (8, 8, 3)).astype(np.uint8))
        side = int(rng.integers(2)) if number else 0
        picture.save(folders[side] / f"{number}.png")
        for kind in rng.permutation(kinds)[:5].tolist() if number else kinds:
            text = PngImagePlugin.PngInfo()
            if kind == "marked":
                text.add_text("note", "again")
            side = int(rng.integers(2)) if number else 1  # so that every tier is across
            place = folders[side] / f"{number}-{kind}.png"
            made(picture, kind, rng).save(place, pnginfo=text)


def checked(studio: Any, files: list[Path], tiers: frozenset[Tier]) -> Tiers:
    """What `check` says about files and a library: (library's image, file's image)."""
    desk = studio.desk
    reader = desk.reader(Role.COPY)
    around = Surroundings(
        catalog=desk.catalog,
        reader=reader,
        threshold=studio.threshold,
        hashes=HashTable.of(desk.catalog, reader.space),
    )
    checker = Checker(
        catalog=desk.catalog,
        encoder=desk.encoder,
        open_decoder=studio.open_decoder,
        verifier=studio.verifier,
        around=around,
        tiers=tiers,
    )
    found: Tiers = {}
    for file, result in zip(
        files, check(checker, [DecodeTask(path=str(file)) for file in files]), strict=True
    ):
        for match in result.matches:
            found[match.record.image_id, _id(file)] = str(match.tier)
    return found


def _id(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def pairs(report: OverlapReport) -> Tiers:
    """What `leaks` or `overlap` say."""
    return {(pair.a.image_id, pair.b.image_id): str(pair.tier) for pair in report.pairs}


@pytest.fixture
def new_studio(
    studio: Any, tmp_path: Path, make_desk: Callable[[Path], Any]
) -> Iterator[Callable[[str], Any]]:
    """Makes a studio in a folder, with the one-eyed verifier."""
    desks = []

    def make(name: str) -> Any:
        home = tmp_path / name
        (home / "a").mkdir(parents=True)
        (home / "b").mkdir()
        desks.append(make_desk(home))
        # Nearly every pair is found by its hashes alone.
        return type(studio)(desk=desks[-1], verifier=OneEyed(), threshold=0.9999)

    yield make
    for desk in desks:
        desk.close()


@pytest.mark.parametrize("seed", range(4))
def test_every_command_says_the_same(new_studio: Callable[[str], Any], seed: int) -> None:
    """Of the pairs across two folders, two libraries, and a library and files; of all tiers and of one."""
    both, left, right = (new_studio(name) for name in ("both", "left", "right"))
    for one, other in (
        (left.desk.home / "a", right.desk.home / "b"),
        (both.desk.home / "a", both.desk.home / "b"),
    ):
        fill((one, other), seed)
    for studio in (both, left, right):
        studio.desk.index()
    ids = [
        both.desk.catalog.images.match(Filter(folders=(str(both.desk.home / name),))) for name in ("a", "b")
    ]
    files = sorted((right.desk.home / "b").iterdir())
    kinds = set()
    for tiers in TIERS:
        expected = checked(left, files, tiers)
        kinds |= set(expected.values())
        assert pairs(find_leaks(both.tools(), ids[0], ids[1], tiers)) == expected
        turned = {
            (a, b): tier for (b, a), tier in pairs(find_leaks(both.tools(), ids[1], ids[0], tiers)).items()
        }
        assert turned == expected
        theirs = right.desk.reader(Role.COPY).space
        encoder, others = left.desk.encoder.info, right.desk.catalog
        assert pairs(find_shared(left.tools(), encoder, others, theirs, tiers)) == expected
    assert kinds == {"bytes", "pixels", "picture"}


def test_the_verdict_is_that_of_both_sides() -> None:
    """Whichever picture is given first; only the transform is turned."""
    dark, bright = np.full((8, 8, 3), 90, np.uint8), np.full((8, 8, 3), 130, np.uint8)
    verifier = OneEyed()
    assert verifier.verify(dark, bright, 1.0).same != verifier.verify(bright, dark, 1.0).same
    assert verdict(verifier, dark, bright, 1.0).same == verdict(verifier, bright, dark, 1.0).same


@pytest.mark.parametrize("seed", range(4))
def test_groups_are_made_of_the_pairs_that_check_finds(new_studio: Callable[[str], Any], seed: int) -> None:
    """Each file matches its keeper as `check` says, and nothing that `check` knows is left out."""
    studio = new_studio("both")
    home = studio.desk.home
    fill((home / "a", home / "b"), seed)
    studio.desk.index()
    files = sorted(home.glob("[ab]/*.png"))
    expected = checked(studio, files, TIERS[0])
    alike = {pair for pair, tier in expected.items() if tier == "pixels"}
    grouped = set()
    for group in studio.find():
        keeper = group.keeper.record.image_id
        grouped |= {keeper, *(one.record.image_id for one in group.others)}
        for one in group.others:
            mine = one.record.image_id
            ways = [mine, *(other for other, image in alike if image == mine)]
            assert any(expected.get((keeper, way)) == one.tier for way in ways)
    assert all(a in grouped or b in grouped for a, b in expected)
    assert {image for pair, tier in expected.items() if tier != "picture" for image in pair} <= grouped
