"""The box of a dialog, which says on which account it is answered."""

from rich.text import Text
from textual.containers import Vertical

from masking_console.models.account import Account


class DialogBox(Vertical):
    """Names the account of the screen that it lies over, where that has one.

    What is asked over the list of accounts is about the one that the question names.
    """

    def on_mount(self) -> None:
        below = self.app.screen_stack[-2:-1]
        account = getattr(below[0], "account", None) if below else None
        if isinstance(account, Account):
            self.border_subtitle = Text(f"on {account.label.upper()}")
