"""Changing the schema in the middle of a test."""

import os

import psycopg


def change_schema(*words: str) -> None:
    """Change it, and commit, over a connection of its own: after a DROP or an ALTER a driver has its server forget all it prepared."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        for each in words:
            connection.execute(each.encode())
