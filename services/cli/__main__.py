"""`python -m services.cli` is `rajut`."""

from services.cli import main

main()
