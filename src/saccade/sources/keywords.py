"""Keywords in picture files and beside them; what `core.ports.tools.KeywordFiles` asks for, in one place."""

from saccade.sources.image_tags import picture_data, tagged_jpeg
from saccade.sources.sidecars import sidecar_of, with_keywords

__all__ = ["picture_data", "sidecar_of", "tagged_jpeg", "with_keywords"]
