"""What machines of our carriers call."""
