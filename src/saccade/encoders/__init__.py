"""Encoders of images and text: the registry, their preprocessing and fingerprints."""
