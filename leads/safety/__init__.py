"""A disclosure of self-harm reaches a human, and no automatic mail goes out meanwhile."""
