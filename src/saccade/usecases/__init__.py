"""The use-cases, one slice each. Slices do not import each other."""
