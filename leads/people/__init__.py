"""Someone seeking care: who they are, and whether we know them already."""
