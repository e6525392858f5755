"""Machinery that slices share, over the ports of core: spaces, retrieval, embedding, thumbnails, folders."""
