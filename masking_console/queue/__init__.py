"""The queue of sessions behind both faces: rows, ticks, filters and undo."""
