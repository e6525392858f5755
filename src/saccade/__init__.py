"""saccade: search any pile of images by words or by picture."""

__version__ = "0.1.0"
