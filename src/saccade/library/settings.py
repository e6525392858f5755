"""Effective settings: the environment overrides saccade.toml, which overrides the defaults."""

import os
from contextlib import AbstractContextManager
from dataclasses import fields
from functools import cache
from threading import Semaphore

from platformdirs import user_config_path

from saccade.core.errors import InputError
from saccade.core.settings import PREFIX, Settings, merged

FILE = "saccade.toml"
_LONGEST = 1 << 20


def load_settings() -> Settings:
    """The settings used unless arguments override them.

    saccade.toml is in the user's configuration folder, never in a library's: someone else's pictures must not
    decide what decoding them may cost.

    Raises:
        InputError: an unknown setting or a bad value; the message says where.
    """
    path = str(user_config_path("saccade", appauthor=False) / FILE)
    return merged(merged(Settings(), _file(path), path), _environment(), "the environment")


def threads(settings: Settings) -> int:
    """Batches encoded at the same time: as set, else one on every core."""
    return settings.threads or _cores()


def workers(settings: Settings) -> int:
    """Decoding processes: as set, else one on every core."""
    return settings.workers or _cores()


def cores(settings: Settings) -> AbstractContextManager[object]:
    """What a thread holds while it decodes or encodes pictures: no more of them at a time than cores.

    When decoding and encoding interrupt each other on one core, both find its cache full of the other's
    data: indexing took 5 % longer.
    """
    return Semaphore(max(threads(settings), workers(settings)))


@cache
def _cores() -> int:
    """Processor cores of this machine, cached."""
    return os.cpu_count() or 1


def _environment() -> dict[str, object]:
    found = {field.name: os.environ.get(PREFIX + field.name.upper()) for field in fields(Settings)}
    return {name: value for name, value in found.items() if value}


def _file(path: str) -> dict[str, object]:
    try:
        with open(path, "rb") as file:
            text = file.read(_LONGEST + 1)
        if len(text) > _LONGEST:
            raise InputError(f"{path} is too long for settings", hint="keep only settings in it")
        import tomllib

        return tomllib.loads(text.decode("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:  # ValueError: no UTF-8, no TOML, too many digits
        raise InputError(f"{path} cannot be read: {error}", hint="correct it, or remove it") from error
