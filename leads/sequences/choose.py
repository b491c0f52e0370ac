"""Chooses among the variants of a step: by a hash that gives one person the same answer always, never by chance."""

import hashlib

from leads.sequences.definitions import Step


def choose(step: Step, sequence: str, whose: str) -> str | None:
    """Return the template of a step for a person; None for a to-do.

    Chance would give another answer at every replan, and a person who saw both variants tells us nothing about either.
    """
    if not step.variants:
        return step.template
    # The step's own name is in the hash: who gets the first variant here is no likelier to get the first one elsewhere.
    drawn = int.from_bytes(hashlib.sha256(f"{sequence}:{step.key}:{whose}".encode()).digest()[:8])
    place = drawn % sum(variant.weight for variant in step.variants)
    for variant in step.variants:
        place -= variant.weight
        if place < 0:
            break
    return variant.template
