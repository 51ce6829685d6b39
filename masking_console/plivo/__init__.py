"""Plivo's REST API: how it is asked, how fast, and what its answers mean."""

import sys
from importlib.util import find_spec


def _hide(module: str) -> None:
    """Let nobody load a module: one that is None cannot be imported."""
    sys.modules.setdefault(module, None)  # type: ignore[arg-type] # Python allows it


# httpx looks for its own command line, which is never used here and would load as much
# again as all the rest of it.
_hide("httpx._main")
# httpcore 1.0.9 looks for this one four times a request. Where there is none, it looks
# through all folders each time, which is a fifth of what a request costs.
if find_spec("sniffio") is None:  # pragma: no branch - none of our packages needs it
    _hide("sniffio")
