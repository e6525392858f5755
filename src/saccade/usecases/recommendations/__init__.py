"""Recommendations: what fits a user, and what goes together."""
