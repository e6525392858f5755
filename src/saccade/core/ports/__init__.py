"""Interfaces between the parts: structural types, so that any class of the right shape fits.

Each specifies shapes, order and errors; `tests/contracts` runs one suite over every implementation.
"""
