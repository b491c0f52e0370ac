"""The pages of those who refer."""
