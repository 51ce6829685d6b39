"""The face in the terminal: Textual screens over the operations."""
