"""Reads the JSON of `uv python list`; prints the newest Python of each minor."""

import json
import sys

found = {}
for each in json.load(sys.stdin):
    parts = tuple(each["version_parts"][name] for name in ("major", "minor", "patch"))
    is_final = each["version"] == ".".join(map(str, parts))
    is_usual = (each["implementation"], each["variant"]) == ("cpython", "default")
    if parts >= (3, 11) and is_final and is_usual and each["path"]:
        found.setdefault(parts[:2], {}).setdefault(parts, each["path"])
for minor in sorted(found):
    newest = max(found[minor])
    sys.stdout.write(f"{minor[0]}.{minor[1]} {found[minor][newest]}\n")
