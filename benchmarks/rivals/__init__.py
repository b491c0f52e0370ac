"""What others do for the same work, run as they come."""
