"""Referring clinicians and their practices."""
