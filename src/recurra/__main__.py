"""`python -m recurra`: the command `recurra`."""

from recurra.cli.main import main

main()
