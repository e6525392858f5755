"""What the encoder is judged with: fourteen edits of photos, and texts about nothing.

Both are kept apart from training: `views.py` and `words.py` make theirs in other ways.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Rng = np.random.Generator
Edit = Callable[[Image.Image, Rng], Image.Image]


def _crop(share: float) -> Edit:
    def crop(image: Image.Image, rng: Rng) -> Image.Image:
        width, height = (max(1, round(side * share)) for side in image.size)
        left = int(rng.integers(0, image.width - width + 1))
        top = int(rng.integers(0, image.height - height + 1))
        return image.crop((left, top, left + width, top + height))

    return crop


def _rotate(degrees: int) -> Edit:
    return lambda image, _: image.rotate(degrees, Image.Resampling.BICUBIC, expand=True)


def _jpeg(image: Image.Image, _: Rng) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=30)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def _text(image: Image.Image, _: Rng) -> Image.Image:
    image = image.copy()
    at = (image.width * 0.05, image.height * 0.45)
    size = max(8, image.height // 12)
    ImageDraw.Draw(image).text(at, "copy of a photograph", fill="white", font_size=size)
    return image


# Only the crops are random; all take the generator, so that all are called alike.
EDITS: dict[str, Edit] = {
    "half size": lambda i, _: i.resize((max(1, i.width // 2), max(1, i.height // 2))),
    "jpeg quality 30": _jpeg,
    "crop to 80 %": _crop(0.8),
    "crop to 60 %": _crop(0.6),
    "mirror": lambda i, _: ImageOps.mirror(i),
    "rotate 10": _rotate(10),
    "rotate 25": _rotate(25),
    "rotate 90": _rotate(90),
    "brightness 1.4": lambda i, _: ImageEnhance.Brightness(i).enhance(1.4),
    "gray": lambda i, _: ImageOps.grayscale(i).convert("RGB"),
    "blur radius 3": lambda i, _: i.filter(ImageFilter.GaussianBlur(3)),
    "white border 1/8": lambda i, _: ImageOps.expand(i, i.width // 8, "white"),
    "height x 0.75": lambda i, _: i.resize((i.width, max(1, round(i.height * 0.75)))),
    "line of text": _text,
}
"""The edits of DESIGN section 5. Each takes the full-size photo."""

ABSTRACT = (
    "however policy percent although theory legislation inflation semester therefore quarterly "
    "tariff morality statute hypothesis plural amendment decree syntax equity thereby ratio interim "
    "clause dogma premium fiscal verdict consensus latency axiom paradigm tenure scope deficit lemma "
    "irony virtue agenda surplus doctrine novelty stigma merit hence nonetheless regarding whereas "
    "despite integer algorithm democracy liability dividend subsidy accuracy metaphor grammar"
).split()
ALPHABETS = (
    "абвгдежзийклмнопрстуфхцчшщыьэюя",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "กขคงจฉชซญดตถทธนบปผพฟมยรลวศสห",
    "ანბგდევზთიკლმოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生",
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろ",
)


def nothing_queries(count: int, seed: int = 77) -> dict[str, list[str]]:
    """`count` texts of each kind that no photo can answer; the same for the same seed."""
    rng = np.random.default_rng(seed)
    consonants, vowels = list("bcdfghjklmnpqrstvwxz"), list("aeiou")

    def many(word: Callable[[], str]) -> list[str]:
        return [" ".join(word() for _ in range(rng.integers(1, 8))) for _ in range(count)]

    def syllables() -> str:
        return "".join(
            str(rng.choice(consonants)) + str(rng.choice(vowels)) for _ in range(rng.integers(1, 5))
        )

    def letters() -> str:
        return "".join(rng.choice(list("qwertyuiopasdfghjklzxcvbnm"), rng.integers(3, 12)))

    other = []
    for _ in range(count):
        alphabet = list(ALPHABETS[rng.integers(len(ALPHABETS))])
        sizes = rng.integers(2, 9, rng.integers(1, 8))
        other.append(" ".join("".join(rng.choice(alphabet, size)) for size in sizes))
    return {
        "random words": many(lambda: str(rng.choice(ABSTRACT))),
        "syllables": many(syllables),
        "random letters": many(letters),
        "other alphabets": other,
        "numbers": many(lambda: str(rng.integers(0, 10 ** int(rng.integers(1, 9))))),
    }
