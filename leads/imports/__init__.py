"""Bringing in an existing spreadsheet: read, mapped, rehearsed, brought in line by line, and undone while nobody has worked on it."""
