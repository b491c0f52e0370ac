"""The `handoff` command: each file of this folder adds its own commands, and this one finds them all."""

import importlib
import pkgutil

from leads.cli.root import app, main

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["app", "main"]
