"""Photographs for a demonstration: real ones from scikit-image, and edited copies made here.

Only files inside the installed package are used; nothing is downloaded.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from importlib.util import find_spec

from PIL import Image, ImageEnhance, ImageOps

from saccade.core.errors import MissingExtraError, StorageError

_PHOTOS = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "clock_motion.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "retina.jpg",
    "rocket.jpg",
    "text.png",
)
_EDITED = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
_QUALITY = 90


def _half_size(photo: Image.Image) -> Image.Image:
    return photo.resize((photo.width // 2, photo.height // 2), Image.Resampling.BICUBIC)


def _cropped(photo: Image.Image) -> Image.Image:
    left, top = photo.width // 10, photo.height // 10
    return photo.crop((left, top, photo.width - left, photo.height - top))


def _rotated(photo: Image.Image) -> Image.Image:
    return photo.rotate(10, Image.Resampling.BICUBIC, expand=True)


def _gray(photo: Image.Image) -> Image.Image:
    return photo.convert("L").convert("RGB")


def _brighter(photo: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(photo).enhance(1.3)


def _framed(photo: Image.Image) -> Image.Image:
    return ImageOps.expand(photo, border=photo.width // 12, fill="white")


_EDITS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "half-size": _half_size,
    "cropped": _cropped,
    "mirrored": ImageOps.mirror,
    "rotated": _rotated,
    "gray": _gray,
    "brighter": _brighter,
    "framed": _framed,
}
_WORN = "worn"  # compressed hard: an edit of the file, not of the pixels
_WORN_QUALITY = 20


def make_demo_photos(folder: str) -> dict[str, tuple[str, ...]]:
    """Write photographs and edited copies to a folder; {path of a photograph: paths of its edited copies}.

    Running it again writes the same files.

    Raises:
        MissingExtraError: scikit-image is not installed.
        StorageError: the folder cannot be written.
    """
    source = _package_photos()
    try:
        os.makedirs(folder, exist_ok=True)
        return {
            _copied(os.path.join(source, name), folder): _edits(os.path.join(source, name), folder)
            for name in _PHOTOS
            if os.path.isfile(os.path.join(source, name))
        }
    except OSError as error:
        raise StorageError(
            f"cannot write the photographs to {folder}: {error.strerror}", hint="choose another folder"
        ) from error


def _package_photos() -> str:
    """The folder of pictures inside scikit-image, found without importing it."""
    spec = find_spec("skimage")
    places = spec.submodule_search_locations if spec is not None else None
    if not places:
        raise MissingExtraError(
            "the demonstration uses the photographs of scikit-image, which is not installed",
            hint="pip install 'saccade[demo]'",
        )
    return os.path.join(next(iter(places)), "data")


def _copied(source: str, folder: str) -> str:
    return shutil.copyfile(source, os.path.join(folder, os.path.basename(source)))


def _edits(source: str, folder: str) -> tuple[str, ...]:
    """Edited copies of the photograph, if it gets any."""
    if os.path.basename(source) not in _EDITED:
        return ()
    stem = os.path.splitext(os.path.basename(source))[0]
    with Image.open(source) as file:
        photo = file.convert("RGB")
    paths = []
    for name, edit in _EDITS.items():
        paths.append(os.path.join(folder, f"{stem}-{name}.jpg"))
        edit(photo).save(paths[-1], quality=_QUALITY)
    paths.append(os.path.join(folder, f"{stem}-{_WORN}.jpg"))
    photo.save(paths[-1], quality=_WORN_QUALITY)
    return tuple(paths)
