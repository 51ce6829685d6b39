"""An examination of everything that this program depends on; nothing is written.

Each part is caught on its own: the page is for the moment in which something is broken.
"""

import asyncio
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from masking_console import __version__
from masking_console.audit.sender import read_states, rules_of
from masking_console.config_layers import Configuration
from masking_console.credentials.credentials import Credentials
from masking_console.errors import MaskingConsoleError
from masking_console.journal.reading import verify_file
from masking_console.models.plain_text import plain_text
from masking_console.operations.connections import Connections
from masking_console.operations.manage_team import check_team
from masking_console.paths import PathVariableError
from masking_console.presentation.examination import Part, as_toml, fit_lines
from masking_console.presentation.history import audit_line
from masking_console.presentation.reach import report_lines
from masking_console.settings import Settings

_PACKAGES = ("textual", "httpx", "keyring", "truststore", "msgspec", "phonenumberslite")
_VARIABLES = (
    "PLIVO_",
    "MASKING_CONSOLE_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL",
    "PYTHON",
    "TEXTUAL",
    "NO_COLOR",
    "PGSERVICE",
    "PGHOST",
    "PGSSL",
    "XDG_STATE_HOME",
    "XDG_CONFIG_HOME",
)
_MOST_FINDINGS = 5
_CLOCK_SECONDS = 60
"""A clock that is further off makes times in journal and tickets wrong."""
_NETWORK_SECONDS = 45.0
_KEYRING_SECONDS = 10.0
"""A page is waited for; a keyring that wants to be unlocked is itself a finding."""


def caught(name: str, examine: Callable[[], Part]) -> Part:
    """Return a part, or the one sentence on why it cannot be examined."""
    try:
        return examine()
    except (MaskingConsoleError, PathVariableError) as error:
        return Part(name, (), str(error))
    except TimeoutError:
        return Part(name, (), "It did not answer in time.")
    # The text of what nobody has foreseen may hold anything; its type does not.
    except Exception as error:  # noqa: BLE001 - see above
        return Part(name, (), f"It cannot be examined ({type(error).__name__}).")


def versions() -> Part:
    """Return which versions of what are at work."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    packages = ", ".join(f"{each} {_version(each)}" for each in _PACKAGES)
    return Part(
        "versions",
        (
            ("console", __version__),
            ("Python", f"{platform.python_version()} in {sys.prefix}"),
            ("packages", packages),
            ("system", system),
        ),
    )


def keyring() -> Part:
    """Return which keyring there is, and in which state; its tokens are not read."""
    accounts, name = asyncio.run(Credentials(_KEYRING_SECONDS).survey())
    noun = "account" if len(accounts) == 1 else "accounts"
    return Part("keyring", (("keyring", name), ("set up", f"{len(accounts)} {noun}")))


def network(settings: Settings, environment: Mapping[str, str]) -> Part:
    """Return how far the way to Plivo leads; it is asked without credentials."""

    async def ask() -> Part:
        connections = Connections(settings, environment=environment)
        async with asyncio.timeout(_NETWORK_SECONDS):
            report = await connections.examine()
        problem = ""
        if report.unreached is not None or report.status is None:
            problem = "Plivo is not reached."
        ahead = report.clock_ahead
        if ahead is not None and abs(ahead.total_seconds()) > _CLOCK_SECONDS:
            problem = "The clock of this computer is wrong."
        return Part("network", report_lines(report), problem)

    return asyncio.run(ask())


def team(settings: Settings) -> Part:
    """Return whether the team's server is set up as it should be."""
    words, is_well = check_team(settings)
    lines = [("server", line[4:]) for line in words.splitlines()]
    problem = "" if is_well else "Something is not right. See: team check"
    return Part("team", fit_lines(lines), problem)


def journal(settings: Settings) -> Part:
    """Return whether the journal is whole, and how far its entries got."""
    path = settings.journal_path
    if not path.exists():
        return Part("journal", (("file", str(path)), ("entries", "none yet")))
    found = verify_file(path, is_untouched=True)
    size = sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*"))
    states = read_states(path, rules_of(settings))
    lines = [
        ("file", f"{path}, {size / 1e6:.1f} MB"),
        ("entries", str(found.entries)),
        *(("found", each.words) for each in found.findings[:_MOST_FINDINGS]),
        *(("audit", audit_line(each)) for each in states),
    ]
    problem = ""
    if any(state.waiting for state in states):
        problem = "Entries wait to be sent; a console that runs sends them."
    if not found.is_whole:
        count = len(found.findings)
        problem = f"It is not whole ({count} found). Verify it to see them."
    return Part("journal", fit_lines(lines), problem)


def configuration(config: Configuration) -> Part:
    """Return what is set, by whom; values that nobody has set are left out."""
    lines = [
        ("own file", _file(config.user.path, is_there=config.user.exists)),
        ("rules", _file(config.system.path, is_there=config.system.exists)),
    ]
    table = ""
    for line in as_toml(config).splitlines():
        if line.startswith("["):
            table = f"{line[1:-1]}."
        elif line and not line.endswith("# default"):
            lines.append(("", f"{table}{line}"))
    return Part("configuration", fit_lines(lines))


def variables(environment: Mapping[str, str]) -> Part:
    """Return which variables are set that matter; never what they say."""
    names = sorted(
        plain_text(name, limit=60)
        for name, value in environment.items()
        if value and name.upper().startswith(_VARIABLES)
    )
    return Part("variables", (("set", ", ".join(names) or "none"),))


def parts(
    load: Callable[[], tuple[Settings, Configuration]],
    fallback: Callable[[], Settings],
    environment: Mapping[str, str],
    *,
    is_offline: bool,
) -> Iterator[Part]:
    """Yield all parts but the terminal, each as soon as it is examined.

    Args:
        load: reads the configuration.
        fallback: makes settings without one, where it cannot be used.
        environment: the environment variables.
        is_offline: whether the network is left out.
    """
    yield caught("versions", versions)
    loaded: list[Settings] = []

    def configured() -> Part:
        settings, config = load()
        loaded.append(settings)
        return configuration(config)

    def chosen() -> Settings:
        return loaded[0] if loaded else fallback()

    yield caught("configuration", configured)
    yield caught("variables", lambda: variables(environment))
    yield caught("keyring", keyring)
    if not is_offline:
        yield caught("network", lambda: network(chosen(), environment))
        if loaded and loaded[0].team is not None:
            yield caught("team", lambda: team(chosen()))
    yield caught("journal", lambda: journal(chosen()))


def is_well(found: Sequence[Part]) -> bool:
    """Return whether nothing needs a look."""
    return not any(part.problem for part in found)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is not installed"


def _file(path: Path, *, is_there: bool) -> str:
    return f"{path}" if is_there else f"{path}, which is not there"
