"""Plivo's REST API: how it is asked, how fast, and what its answers mean."""

import sys

# httpx looks for its own command line, which is never used here and would load as much
# again as all the rest of it: a module that is None is one that cannot be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # Python allows it
