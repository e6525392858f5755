"""Keywords in picture files and sidecars; implements `core.ports.tools.KeywordFiles`."""

from saccade.sources.image_tags import picture_data, tagged_jpeg
from saccade.sources.sidecars import sidecar_of, with_keywords

__all__ = ["picture_data", "sidecar_of", "tagged_jpeg", "with_keywords"]
