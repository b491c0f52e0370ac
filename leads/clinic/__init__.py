"""Practice, offices, hours, closures and wordings."""
