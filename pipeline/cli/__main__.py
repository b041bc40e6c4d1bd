"""`python -m pipeline.cli`: the command, without looking for it on the PATH."""

from pipeline.cli import main

main()
