"""Shared machinery for slices, over the ports of core: spaces, retrieval, embedding, thumbnails, folders."""
