"""The journey of a person from the first word to the first visit."""
