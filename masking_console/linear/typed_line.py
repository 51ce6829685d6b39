"""One line as a person types it; a paste is told by its speed."""

_AT_ONCE_SECONDS = 0.02
"""No person presses Enter so soon after another key, or four keys in so short a time.

On a slow line keys of a person may come together; then the question is asked again.
"""
_KEYS_AT_ONCE = 4

_ENTER = b"\r\n"
_DELETE = b"\x08\x7f"
_CLEAR = b"\x15"
_GIVE_UP = b"\x03\x04"
_PRINTABLE = range(0x20, 0x7F)


class TypedLine:
    """Takes bytes as they come, with the seconds at which they came."""

    def __init__(self) -> None:
        self.text = ""
        """What stands on the line."""
        self.is_over = False
        """Whether Enter was pressed, or the line was given up."""
        self.is_typed = True
        """Whether a person may have typed all of it, key by key."""
        self._times: list[float] = []

    def take(self, data: bytes, at: float) -> str:
        """Take some bytes and return what to show of them."""
        return "".join(self._key(byte, at) for byte in data)

    def give_up(self) -> None:
        """End the line with nothing on it."""
        self.text = ""
        self.is_over = True

    def _key(self, byte: int, at: float) -> str:
        if self.is_over:
            # Nobody types on beyond Enter before the answer to it has come.
            self.is_typed = False
            return ""
        self._note_time(byte, at)
        if byte in _GIVE_UP:
            self.give_up()
        elif byte in _ENTER:
            self.is_over = True
        elif byte in _DELETE:
            shown = "\b \b" if self.text else ""
            self.text = self.text[:-1]
            return shown
        elif byte in _CLEAR:
            shown, self.text = "\b \b" * len(self.text), ""
            return shown
        elif byte in _PRINTABLE and self.is_typed:
            self.text += chr(byte)
            return chr(byte)
        else:
            # An escape sequence among them: a paste in brackets, an arrow key.
            self.is_typed = False
        return ""

    def _note_time(self, byte: int, at: float) -> None:
        self._times.append(at)
        keys = 2 if byte in _ENTER else _KEYS_AT_ONCE
        if len(self._times) >= keys and at - self._times[-keys] < _AT_ONCE_SECONDS:
            self.is_typed = False
