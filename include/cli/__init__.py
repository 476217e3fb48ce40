"""What an operator runs by hand: `python -m include.cli.NAME --help`."""
