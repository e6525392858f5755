"""How a catalog of one version becomes one of the next. A released revision is never edited."""
