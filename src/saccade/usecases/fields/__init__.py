"""Fields: facts about images that people bring along."""
