"""A patient wrote to us."""
