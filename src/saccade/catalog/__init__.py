"""The system of record: files, images, metadata, embeddings, failures, runs."""
