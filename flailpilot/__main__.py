"""`python -m flailpilot`."""

from flailpilot.cli import main

main()
