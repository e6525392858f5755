"""Parts of a query: words, and pictures that may already be in the library."""

import os

import numpy as np

from saccade.core.errors import InvalidQueryError
from saccade.core.pictures import ImageId, Picture
from saccade.core.types import SpaceInfo
from saccade.engine.context import LibraryContext
from saccade.engine.embed import embed_pictures
from saccade.engine.inputs import file_digest, picture_name, picture_task
from saccade.engine.query import Part

_AS_PATH = ("./", "../", "/", "~/")


def text_part(context: LibraryContext, text: str, weight: float) -> Part:
    """A text part."""
    if not isinstance(text, str):
        raise InvalidQueryError(f"expected words, got a {type(text).__name__}", hint="pictures: image=...")
    if not text.strip():
        raise InvalidQueryError("the query is empty", hint="give words or a picture")
    vector = context.spaces.encoder().encode_texts([text])[0]
    return Part(label=text, vector=vector, weight=weight, text=text)


def picture_part(context: LibraryContext, picture: Picture, weight: float, space: SpaceInfo) -> Part:
    """A picture part; one in the library is not decoded again."""
    known = known_image(context, picture, space)
    if known is not None:
        vector = context.catalog.embeddings.get(space.id, np.array([known], np.int64))[0]
    else:
        task = picture_task(picture, context.tools.pictures)
        encoder = context.spaces.encoder(space.role)
        with context.open_decoder(encoder.info.recipe) as decoder:
            vector = embed_pictures(encoder, decoder, [task], space.role)[0]
    return Part(label=picture_name(picture), vector=vector, weight=weight)


def unwanted_part(context: LibraryContext, thing: str | Picture, weight: float, space: SpaceInfo) -> Part:
    """A negative part: words, or a picture given as a path object, "./path", an id or pixels."""
    if isinstance(thing, str) and not isinstance(thing, ImageId) and not thing.startswith(_AS_PATH):
        return text_part(context, thing, -weight)
    return picture_part(context, thing, -weight, space)


def known_image(context: LibraryContext, picture: Picture, space: SpaceInfo) -> int | None:
    """The library's id of a picture given by its image id, or by a file with identical bytes."""
    if isinstance(picture, ImageId):
        digest: bytes | None = context.catalog.images.by_sha256(picture).sha256
    elif isinstance(picture, (str, os.PathLike)):
        digest = file_digest(os.fspath(picture))
    else:
        return None
    if digest is None:
        return None
    return context.catalog.images.find([digest], [space.id]).get(digest)
