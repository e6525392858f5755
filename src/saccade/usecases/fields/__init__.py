"""Fields: facts about images that people import."""
