"""Recommendations: images for a user, and images that go together."""
