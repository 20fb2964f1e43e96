"""Makes the sentence encoder in bot/data/encoder from a public one and the project's own examples: `make encoder`."""
