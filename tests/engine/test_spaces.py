"""Spaces of several encoders: one is built next to the active one, activated, and left again."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pytest

from saccade.core.errors import EncoderMismatchError, EncoderUnavailableError, InputError, InvalidQueryError
from saccade.core.ports.encoders import Encoder
from saccade.core.settings import Settings
from saccade.core.types import Embeddings, EncoderInfo, PixelRecipe, Pixels, Role
from saccade.core.vectors import normalize
from saccade.engine.context import LibraryContext
from saccade.engine.reembed import reembed
from saccade.engine.space import SpaceReader
from saccade.engine.spaces import ActiveSpaces
from saccade.library.tools import LazyTools
from saccade.sources.pool import GuardedDecoder
from saccade.usecases.indexing.api import Indexing

Desk: TypeAlias = Any
FACES = Role("faces")


class OppositeEncoder:
    """Knows only how far each color channel is from full: red is what is not red. And a role of its own."""

    def __init__(self) -> None:
        self.seen = 0
        self.info = EncoderInfo(
            name="opposite",
            fingerprint="0" * 64,
            dims={Role.SEMANTIC: 3, FACES: 2},
            recipe=PixelRecipe(size=4),
            license="none",
            reads_text=True,
        )

    def encode_pixels(self, pixels: Pixels) -> Mapping[Role, Embeddings]:
        self.seen += len(pixels)
        means = 256.0 - pixels.reshape(len(pixels), -1, 3).mean(1)
        return {Role.SEMANTIC: normalize(means), FACES: normalize(means[:, :2])}

    def encode_texts(self, texts: list[str]) -> Embeddings:
        return normalize(np.array([[1.0, 0.0, 0.0] for _ in texts]))


@pytest.fixture
def encoders(desk: Desk) -> dict[str, Encoder]:
    return {"color": desk.encoder, "opposite": OppositeEncoder()}


@pytest.fixture
def spaces(desk: Desk, encoders: dict[str, Encoder]) -> Iterator[ActiveSpaces]:
    def load(name: str) -> Encoder:
        if name not in encoders:
            raise EncoderUnavailableError(f"no encoder {name!r}")
        return encoders[name]

    made = ActiveSpaces(desk.catalog, desk.store, load=load, default="color")
    yield made
    made.close()


@pytest.fixture
def indexing(desk: Desk, spaces: ActiveSpaces) -> Indexing:
    return Indexing(
        LibraryContext(
            folder=str(desk.home / ".saccade"),
            catalog=desk.catalog,
            indexes=desk.store,
            spaces=spaces,
            open_decoder=lambda recipe: GuardedDecoder(recipe, workers=1),
            tools=LazyTools(),
            settings=Settings(),
            clock=lambda: 0.0,
        )
    )


def first(desk: Desk, spaces: ActiveSpaces) -> str:
    """The image that "red" finds first."""
    query = spaces.encoder().encode_texts(["red"])
    found = spaces.reader(Role.SEMANTIC).nearest(query, 1).images
    (record,) = desk.catalog.images.get(found.tolist())
    return record.paths[0].rpartition("/")[2]


def build(desk: Desk, encoder: Encoder, role: Role = Role.SEMANTIC) -> int:
    """A second space, next to the active one; its id."""
    space = desk.catalog.spaces.ensure(encoder.info, role)
    reader = SpaceReader(desk.catalog, desk.store, space)
    missing = desk.catalog.embeddings.unembedded(space.id).tolist()
    with desk.catalog.writing(), GuardedDecoder(encoder.info.recipe, workers=1) as decoder:
        assert reembed(desk.catalog, decoder, encoder, [reader], missing, report=lambda _: None) == 2
    return space.id


def test_activating_a_space_switches_its_encoder_and_back(
    desk: Desk, spaces: ActiveSpaces, encoders: dict[str, Encoder], indexing: Indexing
) -> None:
    """Queries are embedded by the encoder of the space they search; nothing is embedded again."""
    desk.picture("red.png", "red")
    desk.picture("blue.png", "blue")
    indexing.index(str(desk.home))
    old = spaces.reader(Role.SEMANTIC).space.id
    new = build(desk, encoders["opposite"])
    seen = encoders["color"].seen  # type: ignore[attr-defined]
    assert first(desk, spaces) == "red.png"
    assert spaces.activate(new).active
    assert first(desk, spaces) == "blue.png"
    assert spaces.encoder(Role.COPY) is encoders["color"]
    assert spaces.activate(old).encoder == "color"
    assert first(desk, spaces) == "red.png"
    assert encoders["color"].seen == seen  # type: ignore[attr-defined]


def test_new_images_are_embedded_by_every_encoder_in_use(
    desk: Desk, spaces: ActiveSpaces, encoders: dict[str, Encoder], indexing: Indexing
) -> None:
    """Each decoded by its recipe; once; and the doctor repairs what one of them lost."""
    desk.picture("red.png", "red")
    desk.picture("blue.png", "blue")
    indexing.index(str(desk.home))
    spaces.activate(build(desk, encoders["opposite"]))
    desk.picture("green.png", "green")
    indexing.index()
    active = {space.role: space.id for space in spaces.active()}
    assert set(active) == {Role.SEMANTIC, Role.COPY, FACES}
    embeddings = desk.catalog.embeddings
    assert all(len(embeddings.unembedded(space)) == 0 for space in active.values())
    assert encoders["opposite"].seen == 2 + 3  # type: ignore[attr-defined]  # all, for the role it brought
    seen = [encoder.seen for encoder in encoders.values()]  # type: ignore[attr-defined]
    indexing.index()
    assert [encoder.seen for encoder in encoders.values()] == seen  # type: ignore[attr-defined]
    assert indexing.doctor().healthy
    for space in active.values():
        embeddings.remove(space, [desk.image("green.png")])
    assert not indexing.doctor().healthy
    assert indexing.doctor(repair=True).healthy
    assert indexing.doctor().problems == ()


def test_roles_that_an_encoder_brings_can_be_searched(
    desk: Desk, spaces: ActiveSpaces, encoders: dict[str, Encoder], indexing: Indexing
) -> None:
    """By name; a role that no encoder in use has is refused with those there are."""
    desk.picture("red.png", "red")
    desk.picture("blue.png", "blue")
    indexing.index(str(desk.home))
    with pytest.raises(InvalidQueryError, match="faces") as caught:
        spaces.reader(FACES)
    assert caught.value.hint == "one of: semantic, copy"
    build(desk, encoders["opposite"], FACES)
    ids, rows = spaces.reader(FACES).everything()
    assert (len(ids), rows.shape, spaces.encoder(FACES)) == (2, (2, 2), encoders["opposite"])


def test_a_space_that_cannot_be_searched_here_is_not_activated(
    desk: Desk, spaces: ActiveSpaces, encoders: dict[str, Encoder], indexing: Indexing
) -> None:
    """The library keeps working with the one it has."""
    desk.picture("red.png", "red")
    indexing.index(str(desk.home))
    with pytest.raises(InputError, match="no space 99"):
        spaces.activate(99)
    for name, fingerprint, error in (
        ("unknown", "1" * 64, EncoderUnavailableError),
        ("opposite", "2" * 64, EncoderMismatchError),
    ):
        info = EncoderInfo(
            name=name,
            fingerprint=fingerprint,
            dims={Role.SEMANTIC: 3},
            recipe=PixelRecipe(size=4),
            license="none",
            reads_text=True,
        )
        space = desk.catalog.spaces.ensure(info, Role.SEMANTIC)
        with pytest.raises(error):
            spaces.activate(space.id)
    assert first(desk, spaces) == "red.png"


def test_embeddings_of_an_equal_fingerprint_are_adopted(desk: Desk, indexing: Indexing) -> None:
    """An encoder that makes the same numbers under another fingerprint finds everything embedded."""
    desk.picture("red.png", "red")
    indexing.index(str(desk.home))
    newer = type(desk.encoder)("e" * 64)
    newer.info = replace(newer.info, same_as=frozenset({desk.encoder.info.fingerprint}))
    later = ActiveSpaces(desk.catalog, desk.store, load=lambda _: newer, default="color")
    indexing._context.spaces.close()
    again = Indexing(replace(indexing._context, spaces=later))
    again.index()
    desk.picture("blue.png", "blue")
    again.index()
    assert newer.seen == 1
    assert len(desk.catalog.spaces.all()) == 2
    later.close()
