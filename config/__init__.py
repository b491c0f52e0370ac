"""What one may turn: settings, the Celery app, logging, the clinic and its sequences."""

import gc

# What a process reads at its start stays until its end: to look through it for rubbish every 700 objects takes a fifth of the start.
gc.set_threshold(50_000)
