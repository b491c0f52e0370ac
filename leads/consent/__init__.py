"""Everything that can silence us, in one place."""
