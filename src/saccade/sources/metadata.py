"""Reads metadata: EXIF, IPTC and XMP. Broken metadata never fails the picture."""

import math
from collections.abc import Mapping
from contextlib import suppress

from PIL import Image

from saccade.sources.iptc import read_iptc
from saccade.sources.text import clean, clean_keywords, parse_date
from saccade.sources.wire import Header
from saccade.sources.xmp import read_xmp

_MAX_EXIF = 1 << 20
_MAKE, _MODEL, _ORIENTATION, _DATE_TIME, _ARTIST, _COPYRIGHT = 0x010F, 0x0110, 0x0112, 0x0132, 0x013B, 0x8298
_DESCRIPTION, _XP_TITLE, _XP_KEYWORDS = 0x010E, 0x9C9B, 0x9C9E
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_TAKEN, _DIGITIZED, _LENS = 0x9003, 0x9004, 0xA434
_XMP_TAG, _IPTC_TAGS, _PHOTOSHOP_IPTC = 700, (33723, 34377), 0x0404

# Default texts of cameras and scanners.
_EMPTY_DESCRIPTIONS = {"olympus digital camera", "minolta digital camera", "samsung", "default", "untitled"}

Tags = Mapping[int, object]


class Exif:
    """The three relevant directories, each {tag: value}, empty if absent or broken."""

    __slots__ = ("gps", "main", "photo")

    def __init__(self, main: Tags, photo: Tags, gps: Tags) -> None:
        self.main = main
        self.photo = photo
        self.gps = gps

    @property
    def orientation(self) -> int:
        """1 to 8; 1 if absent or invalid."""
        value = self.main.get(_ORIENTATION)
        return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read_exif(image: Image.Image, format: str) -> Exif:
    """The EXIF of an opened picture. For TIFF, read before loading: loading drops the orientation."""
    info = image.info
    block = info.get("exif")
    absent = block is None and not info.keys() & {"Raw profile type exif", "xmp", "XML:com.adobe.xmp"}
    if (absent and format != "TIFF") or (isinstance(block, bytes) and len(block) > _MAX_EXIF):
        return Exif({}, {}, {})
    main: Tags = {}
    photo: Tags = {}
    gps: Tags = {}
    with suppress(Exception):  # Pillow's parser may raise anything on hostile tags
        exif = image.getexif()
        main = exif
        photo = exif.get_ifd(_EXIF_IFD)
        gps = exif.get_ifd(_GPS_IFD)
    return Exif(main, photo, gps)


def read_facts(image: Image.Image, format: str, exif: Exif) -> Header:
    """Fields of ImageInfo from metadata, JSON-ready; absent ones are left out.

    If several blocks have the same fact, XMP wins over IPTC and IPTC over EXIF, in the order editors update
    them.
    """
    facts: Header = {}
    for read in (_exif_facts, _place) if exif.main else ():
        with suppress(Exception):  # a tag of an unexpected type counts as absent
            facts.update(read(exif))
    iptc, xmp = _iptc_block(image, exif), _xmp_block(image, exif)
    with suppress(Exception):
        facts.update(read_iptc(iptc) if iptc else {})
    with suppress(Exception):
        found = read_xmp(xmp) if xmp else {}
        taken = found.pop("taken_at", None)
        facts.update(found)
        if taken and "taken_at" not in facts:
            facts["taken_at"] = taken
    if format == "PNG":
        _add_png_text(image, facts)
    return facts


def _exif_facts(exif: Exif) -> Header:
    main, photo = exif.main, exif.photo
    facts: Header = {}
    dates = (photo.get(_TAKEN), main.get(_TAKEN), photo.get(_DIGITIZED), main.get(_DATE_TIME))
    description = clean(main.get(_DESCRIPTION))
    if description and description.lower() in _EMPTY_DESCRIPTIONS:
        description = None
    found = {
        "taken_at": next((date for date in map(parse_date, dates) if date), None),
        "camera": _camera(clean(main.get(_MAKE), 100), clean(main.get(_MODEL), 100)),
        "lens": clean(photo.get(_LENS) or main.get(_LENS), 200),
        "title": _windows_text(main.get(_XP_TITLE)),
        "caption": description,
        "creator": clean(main.get(_ARTIST), 500),
        "rights": clean(main.get(_COPYRIGHT), 1000),
    }
    facts.update({name: value for name, value in found.items() if value})
    keywords = clean_keywords((_windows_text(main.get(_XP_KEYWORDS)) or "").split(";"))
    if keywords:
        facts["keywords"] = list(keywords)
    return facts


def _windows_text(value: object) -> str | None:
    """Text of the tags that Windows writes, UTF-16 little-endian."""
    if isinstance(value, tuple) and all(isinstance(v, int) and 0 <= v < 256 for v in value):
        value = bytes(value)
    return (
        clean(value[:8000].decode("utf-16-le", "replace").split("\0")[0])
        if isinstance(value, bytes)
        else None
    )


def _camera(make: str | None, model: str | None) -> str | None:
    """Maker and model, without repeating the maker ("Canon", "Canon EOS R5" -> "Canon EOS R5")."""
    if not make or not model:
        return model or make
    brand = make.split()[0]
    if model.lower().startswith((make.lower(), brand.lower())):
        return model
    return f"{make} {model}"


def _place(exif: Exif) -> Header:
    """Latitude and longitude, only together and only if valid."""
    latitude = _degrees(exif.gps.get(2), exif.gps.get(1), "NS", 90.0)
    longitude = _degrees(exif.gps.get(4), exif.gps.get(3), "EW", 180.0)
    if latitude is None or longitude is None or (latitude == 0.0 and longitude == 0.0):
        return {}  # 0, 0 is in the Atlantic: receivers write it while searching for satellites
    return {"latitude": latitude, "longitude": longitude}


def _degrees(parts: object, side: object, sides: str, most: float) -> float | None:
    """Degrees from (degrees, minutes, seconds) and "N", "S", "E" or "W"."""
    letter = (clean(side, 10) or "").upper()[:1]
    if not isinstance(parts, tuple) or not 1 <= len(parts) <= 3 or not letter or letter not in sides:
        return None
    value = 0.0
    for part, divisor in zip(parts, (1.0, 60.0, 3600.0), strict=False):
        number = float(part)
        if not math.isfinite(number) or number < 0:
            return None
        value += number / divisor
    if value > most:
        return None
    return round(-value if letter == sides[1] else value, 7)


def _iptc_block(image: Image.Image, exif: Exif) -> bytes:
    """The raw IPTC records: in JPEG's Photoshop block, in TIFF a separate tag."""
    blocks = image.info.get("photoshop")
    found: object = blocks.get(_PHOTOSHOP_IPTC) if isinstance(blocks, dict) else None
    for tag in _IPTC_TAGS:
        found = found or exif.main.get(tag)
    return found if isinstance(found, bytes) else b""


def _xmp_block(image: Image.Image, exif: Exif) -> bytes:
    found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or exif.main.get(_XMP_TAG)
    if isinstance(found, str):
        return found.encode("utf-8", "replace")
    return found if isinstance(found, bytes) else b""


def _add_png_text(image: Image.Image, facts: Header) -> None:
    """PNG's text chunks, for facts missing elsewhere."""
    names = {"Title": "title", "Description": "caption", "Author": "creator", "Copyright": "rights"}
    for key, name in names.items():
        text = clean(image.info.get(key))
        if text and name not in facts:
            facts[name] = text
    taken = parse_date(image.info.get("Creation Time"))
    if taken and "taken_at" not in facts:
        facts["taken_at"] = taken
