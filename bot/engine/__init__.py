"""Loads the trained model, runs turns, and lets nothing out but vetted answers."""
