"""A provider's schema document → a spec that says the same, and everything that compares the two. No network."""
