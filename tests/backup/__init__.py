"""Backups, restores and the key ring apart from them."""
