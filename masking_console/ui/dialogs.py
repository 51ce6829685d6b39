"""A question to the operator, from a worker that waits for the answer."""

import asyncio
from typing import Any, TypeVar

from textual.app import App
from textual.screen import Screen

T = TypeVar("T")


async def answer_to(app: App[Any], dialog: Screen[T]) -> T | None:
    """Show the dialog and return what it was closed with.

    Textual's own `push_screen_wait` first runs callbacks of the app inside the worker
    (traced in Textual 8.2.8). When the app ends just then, they are the removal of its
    screens, and the cancelled worker takes the app's shutdown with it.
    """
    return await asyncio.shield(app.push_screen(dialog, wait_for_dismiss=True))
