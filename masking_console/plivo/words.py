"""The words of an answer, made plain and free of phone numbers and secrets.

They reach the screen, the journal and tickets. A server in between may echo the header
of a request, whole or in part, and anybody may write a number into a message.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from masking_console.models.plain_text import PlainText, plain_text

CutSecrets = Callable[[str], str]
"""Returns a text without the secrets of the account that asked."""

LONGEST_WORDS = 200
"""So many characters of an answer's words are kept."""

_LONGEST_READ = 2_000
_LONGEST_LOCATION = 100

_CREDENTIALS = re.compile(
    r"\b(?:basic|bearer|digest)[\s:=]+(?=\S*[\d=+/])\S{6,}", re.IGNORECASE
)
_NUMBER = re.compile(
    r"""
    (?P<kept>
        (?<![^\W_])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![^\W_])  # a UUID
      | (?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)                     # an address
      | (?<!\d)\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?(?!\d)     # a time
    )
  | (?<![^\W_])(?<!\d[.-])\+?\(?\d(?:[ ().\-/]{0,3}\d){6,16}(?![^\W_])    # a number
    """,
    re.VERBOSE | re.IGNORECASE,
)


def safe_words(text: str, cut_secrets: CutSecrets) -> PlainText:
    """Return what may be shown and kept of a text from outside."""
    words = cut_secrets(text[:_LONGEST_READ])
    words = _CREDENTIALS.sub("(hidden)", words)
    words = _NUMBER.sub(lambda match: match["kept"] or "(number)", words)
    return plain_text(words, limit=LONGEST_WORDS)


def safe_place(location: str, cut_secrets: CutSecrets) -> PlainText:
    """Return where a redirect points, without user name, query and fragment."""
    try:
        parts = urlsplit(location)
        host = f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
        place = f"{host}{parts.path}"
    except ValueError:
        place = "an address that cannot be read"
    return plain_text(safe_words(place, cut_secrets), limit=_LONGEST_LOCATION)
