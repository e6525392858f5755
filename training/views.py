"""Views of a photo: gentle ones that keep the caption true, rough ones that keep the picture same.

Every view is uint8 (224, 224, 3) and depends only on its photo and its random generator.
"""

from __future__ import annotations

import io
import string

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from training.data import SIZE, Pixels, squash

SHAPES = ((4, 3), (4, 3), (3, 4), (3, 2), (1, 1))
"""Common shapes of photos. Training photos come squashed to squares; edits see them unsquashed."""

Rng = np.random.Generator


def gentle(pixels: Pixels, rng: Rng) -> Pixels:
    """A random crop (45-100 % of the area), mirrored half the time, with mild changes of color."""
    image = Image.fromarray(pixels)
    area, tilt = rng.uniform(0.45, 1.0), np.exp(rng.uniform(-0.25, 0.25))
    width = min(SIZE, SIZE * np.sqrt(area) * tilt)
    height = min(SIZE, SIZE * np.sqrt(area) / tilt)
    left, top = rng.uniform(0, SIZE - width), rng.uniform(0, SIZE - height)
    box = (left, top, left + width, top + height)
    image = image.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=box)
    if rng.random() < 0.5:
        image = ImageOps.mirror(image)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        if rng.random() < 0.5:
            image = enhance(image).enhance(rng.uniform(0.7, 1.3))
    return np.asarray(image)


def unsquash(pixels: Pixels, rng: Rng) -> Image.Image:
    """The photo in a common shape, its longer side 224 to 448 pixels."""
    wide, high = SHAPES[rng.integers(len(SHAPES))]
    side = rng.uniform(224, 448) / max(wide, high)
    return Image.fromarray(pixels).resize((round(wide * side), round(high * side)), Image.Resampling.BICUBIC)


def _color(rng: Rng) -> tuple[int, int, int]:
    if rng.random() < 0.7:
        return ((0, 0, 0), (255, 255, 255))[rng.integers(2)]
    red, green, blue = (int(v) for v in rng.integers(0, 256, 3))
    return red, green, blue


def rotate(image: Image.Image, rng: Rng) -> Image.Image:
    """Turned by any angle, often a quarter or half turn; canvas expanded or kept."""
    if rng.random() < 0.4:
        return image.rotate(int(rng.choice([90, 180, 270])), expand=True)
    angle = rng.uniform(-45, 45)
    fill = _color(rng) if rng.random() < 0.4 else (0, 0, 0)
    smooth = (Image.Resampling.NEAREST, Image.Resampling.BICUBIC)[rng.integers(2)]
    return image.rotate(angle, smooth, expand=bool(rng.random() < 0.8), fillcolor=fill)


def crop(image: Image.Image, rng: Rng) -> Image.Image:
    """A part that keeps 50 to 95 % of each side."""
    width, height = (round(side * rng.uniform(0.5, 0.95)) for side in image.size)
    left = int(rng.integers(0, image.width - width + 1))
    top = int(rng.integers(0, image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def blur(image: Image.Image, rng: Rng) -> Image.Image:
    """Gaussian blur, radius 0.3 to 1.6 % of the longer side."""
    return image.filter(ImageFilter.GaussianBlur(max(image.size) * rng.uniform(0.003, 0.016)))


def shrink(image: Image.Image, rng: Rng) -> Image.Image:
    """Made 20 to 80 % as large."""
    by = rng.uniform(0.2, 0.8)
    return image.resize((max(8, round(image.width * by)), max(8, round(image.height * by))))


def recompress(image: Image.Image, rng: Rng) -> Image.Image:
    """Through JPEG at quality 8 to 60."""
    with io.BytesIO() as file:
        image.save(file, "JPEG", quality=int(rng.integers(8, 61)))
        return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def recolor(image: Image.Image, rng: Rng) -> Image.Image:
    """Brightness, contrast, color or gamma changed strongly; sometimes gray."""
    pick = rng.random()
    if pick < 0.3:
        return ImageOps.grayscale(image).convert("RGB")
    if pick < 0.45:
        gamma = np.exp(rng.uniform(-0.7, 0.7))
        return image.point([round(255 * (i / 255) ** gamma) for i in range(256)] * 3)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        if rng.random() < 0.6:
            image = enhance(image).enhance(rng.uniform(0.5, 1.7))
    return image


def frame(image: Image.Image, rng: Rng) -> Image.Image:
    """Bars of one color around, or only above and below or left and right."""
    x, y = (round(side * rng.uniform(0.03, 0.2)) for side in image.size)
    pick = rng.random()
    border = (x, x, x, x) if pick < 0.6 else (x, 0, x, 0) if pick < 0.8 else (0, y, 0, y)
    return ImageOps.expand(image, border, _color(rng))


def write(image: Image.Image, rng: Rng) -> Image.Image:
    """One to three lines of random letters, sometimes on a filled bar."""
    image = image.copy()
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 4))):
        letters = rng.choice(list(string.ascii_letters + "    "), int(rng.integers(5, 30)))
        size = max(8, round(image.height * rng.uniform(0.04, 0.14)))
        at = (image.width * rng.uniform(-0.1, 0.6), image.height * rng.uniform(0, 0.9))
        if rng.random() < 0.2:
            draw.rectangle((0, at[1], image.width, at[1] + size * 1.2), fill=_color(rng))
        draw.text(at, "".join(letters), fill=_color(rng), font_size=size)
    return image


def stretch(image: Image.Image, rng: Rng) -> Image.Image:
    """One side 50 to 95 % as long. Only other edits can tell: the tower sees squares."""
    width, height = image.size
    by = rng.uniform(0.5, 0.95)
    return image.resize((round(width * by), height) if rng.random() < 0.5 else (width, round(height * by)))


def mirror(image: Image.Image, rng: Rng) -> Image.Image:
    """Left and right exchanged; seldom top and bottom."""
    return ImageOps.mirror(image) if rng.random() < 0.8 else ImageOps.flip(image)


EDITS = (rotate,) * 6 + (crop,) * 2 + (blur,) * 2 + (recolor, recolor, frame, write, mirror)
"""Drawn from evenly: what moves the trunk's features most is drawn most."""
DAMAGE = (shrink, recompress, stretch)


def rough(pixels: Pixels, rng: Rng) -> Pixels:
    """One or two random edits of the unsquashed photo, then sometimes lost detail."""
    image = unsquash(pixels, rng)
    for _ in range(int(rng.choice([1, 2], p=[0.65, 0.35]))):
        image = EDITS[rng.integers(len(EDITS))](image, rng)
    if rng.random() < 0.4:
        image = DAMAGE[rng.integers(len(DAMAGE))](image, rng)
    return squash(image)


def plain(pixels: Pixels, rng: Rng) -> Pixels:
    """The photo itself."""
    del rng
    return pixels


def mirrored(pixels: Pixels, rng: Rng) -> Pixels:
    """The photo, left and right exchanged."""
    del rng
    return np.ascontiguousarray(pixels[:, ::-1])
