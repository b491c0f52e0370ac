"""What machines reach: JSON under /api/v1, described at /api/openapi.json and, for people, at /api/docs."""
