"""Lets ``python -m masking_console`` start the console."""

from masking_console.cli import main

if __name__ == "__main__":
    main()
