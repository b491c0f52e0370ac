"""What the clinic counts: read only, and never an open or a click."""
