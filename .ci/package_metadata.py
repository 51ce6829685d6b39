"""The README and the addresses of a built package: what depends on where it is built.

A relative link leads nowhere on a package index, and the repository can move. Both
follow ``MASKING_CONSOLE_REPOSITORY``, or else git's ``origin``, where it is a web
address. Without one the package names no address and its README has no pictures.
"""

import os
import re
import subprocess
from contextlib import suppress
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(((?!https?:|#)[^)\s]+)\)")


class PackageMetadata(MetadataHookInterface):
    """Called by hatchling; the name of the hook is ``custom``."""

    def update(self, metadata):
        """Add the README and, where the repository's address is known, the links."""
        root = Path(self.root)
        address = repository(root)
        text = (root / "README.md").read_text(encoding="utf-8")
        tag = f"v{metadata['version']}" if "version" in metadata else "HEAD"
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": with_absolute_links(text, address, tag),
        }
        metadata["urls"] = urls(address)


def repository(root):
    """Return the web address of the repository, or nothing."""
    found = os.environ.get("MASKING_CONSOLE_REPOSITORY", "")
    with suppress(OSError):
        words = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
        done = subprocess.run(
            words, capture_output=True, encoding="utf-8", check=False, timeout=10
        )
        found = found or done.stdout.strip()
    # A name and a token may stand before the host.
    web = re.fullmatch(r"https://(?:[^/@]*@)?([^/@\s]+/\S+?)(?:\.git)?/?", found)
    return f"https://{web[1]}" if web else ""


def with_absolute_links(text, address, tag):
    """Return a README whose links to files lead into the repository."""

    def absolute(link):
        mark, words, path = link.groups()
        if not address:
            return f"*{words}*" if mark else words
        # GitHub, GitLab and Forgejo all answer to these.
        return f"{mark}[{words}]({address}/{'raw' if mark else 'blob'}/{tag}/{path})"

    return _LINK.sub(absolute, text)


def urls(address):
    """Return the links that a package index shows."""
    if not address:
        return {}
    files = {"Changelog": "CHANGELOG.md", "Security": "SECURITY.md"}
    return {
        "Repository": address,
        "Issues": f"{address}/issues",
        **{name: f"{address}/blob/HEAD/{path}" for name, path in files.items()},
    }
