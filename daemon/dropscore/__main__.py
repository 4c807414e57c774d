"""`python -m dropscore`: the command line."""

from dropscore.cli import main

main()
