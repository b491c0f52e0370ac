"""The `handoff` command: `commands` knows them all, the file of the one that is asked for is imported."""

from leads.cli.root import app, main

__all__ = ["app", "main"]
