"""HTML pages that are one file each: complete, without scripts, harmless whatever their text says."""
