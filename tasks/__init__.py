"""What the clock does: each task opens a transaction and calls one verb."""
