"""Hostile and crooked files, each with what must become of it."""
