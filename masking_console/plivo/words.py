"""The words of an answer, made plain and free of phone numbers and secrets.

They reach the screen, the journal and tickets. A server in between may echo the header
of a request, whole or in part, and anybody may write a number into a message.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from masking_console.models.free_text import fit_to_keep
from masking_console.models.plain_text import PlainText, plain_text

CutSecrets = Callable[[str], str]
"""Returns a text without what only the account that asked would know to hide."""

LONGEST_WORDS = 200
"""So many characters of an answer's words are kept."""

_LONGEST_READ = 2_000
_LONGEST_LOCATION = 100


def safe_words(text: str, cut_secrets: CutSecrets) -> PlainText:
    """Return what may be shown and kept of a text from outside."""
    return fit_to_keep(cut_secrets(text[:_LONGEST_READ]), limit=LONGEST_WORDS)


def safe_place(location: str, cut_secrets: CutSecrets) -> PlainText:
    """Return where a redirect points, without user name, query and fragment."""
    try:
        parts = urlsplit(location)
        host = f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
        place = f"{host}{parts.path}"
    except ValueError:
        place = "an address that cannot be read"
    return plain_text(safe_words(place, cut_secrets), limit=_LONGEST_LOCATION)
