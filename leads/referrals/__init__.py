"""A clinician sent somebody: what they may send, and what we do with it."""
