"""Encrypted columns, the key ring and signed links."""
