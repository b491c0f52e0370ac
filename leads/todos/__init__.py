"""A human's next step."""
