"""What is loaded and opened behind the first paint, and closed in the end."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from masking_console.operations.wiring import Operations
    from masking_console.ui.keys.paste_guard import PasteGuard
    from masking_console.ui.outer_screens import OuterScreens
    from masking_console.ui.screens.main import MainScreen


class Opened(NamedTuple):
    """What the console cannot do anything without."""

    operations: "Operations"
    """What an operator can do."""
    main_screen: "type[MainScreen]"
    """The screen at the bottom."""
    outer_screens: "type[OuterScreens]"
    """The screens that lie over it."""
    paste_guard: "type[PasteGuard]"
    """Where pastes go, and what keys pass."""


class Opening:
    """Opens the operations once; both methods block, and work from any thread."""

    def __init__(self, open_operations: "Callable[[], Operations]") -> None:
        self._open_operations = open_operations
        self._turn = threading.Lock()
        self._operations: Operations | None = None

    def open(self) -> Opened:
        """Import and open everything; for a thread beside the screen."""
        # Nearly all imports: the first paint does not wait for them.
        from masking_console.ui.keys.paste_guard import (  # noqa: PLC0415 - see above
            PasteGuard,
        )
        from masking_console.ui.outer_screens import (  # noqa: PLC0415 - likewise
            OuterScreens,
        )
        from masking_console.ui.screens.main import (  # noqa: PLC0415 - likewise
            MainScreen,
        )

        with self._turn:
            self._operations = self._open_operations()
            return Opened(self._operations, MainScreen, OuterScreens, PasteGuard)

    def close(self) -> None:
        """End what still runs, write it down, and let everything go."""
        with self._turn:
            operations, self._operations = self._operations, None
            if operations is not None:
                operations.close()
