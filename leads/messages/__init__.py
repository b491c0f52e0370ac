"""The life of a message: planned, claimed, sending, and what became of it."""
