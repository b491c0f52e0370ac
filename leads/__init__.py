"""What the clinic does: a folder per noun, a file per verb."""

import atexit
import gc

# What a process leaves behind its system clears away: to look through all of it for rings first takes half as long as to begin.
atexit.register(gc.freeze)
