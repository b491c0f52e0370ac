"""`python -m leads.cli` is `handoff`."""

from leads.cli import main

main()
