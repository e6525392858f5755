"""Reads images: walk, sniff, decode in guarded workers, read metadata.

Names are loaded on first use: the workers import this package too and must start quickly. `walk` is
imported from its module, whose name it shares.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from saccade.sources.pool import DecoderPool as DecoderPool
    from saccade.sources.pool import GuardedDecoder as GuardedDecoder
    from saccade.sources.walk import read_list as read_list
    from saccade.sources.wire import Limits as Limits

_HOME = {"DecoderPool": "pool", "GuardedDecoder": "pool", "Limits": "wire", "read_list": "walk"}
__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    """Load a public name from its module."""
    if name not in _HOME:
        raise AttributeError(f"module 'saccade.sources' has no attribute {name!r}")
    return getattr(import_module(f"saccade.sources.{_HOME[name]}"), name)
