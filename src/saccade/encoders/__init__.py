"""Images and text to embeddings: the catalogue of encoders, their preprocessing and fingerprints."""
