"""The real program, behind proxies and authorities of the tests' own."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.certificates import Authority
from tests.support.practice_service import program_environment
from tests.support.proxies import http_proxy, listening, saying

KNOWN = "c28b77d4-21e7-43bd-9447-04bfee92e651"
ACCOUNT = {
    "PLIVO_AUTH_ID": "MAEXAMPLE0000000044T",
    "PLIVO_AUTH_TOKEN": "s3cret-t0ken",
}
STORE = Path("/etc/ssl/certs")
REFUSED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"
_PATIENCE_SECONDS = 60


async def program(
    folder: Path, *before: str, api_url: str = "", **more: str
) -> tuple[int | None, str]:
    """Run a dry run of one session; return the exit code and what it says."""
    arguments = ["expire", KNOWN, "--account", "env", "--dry-run"]
    if api_url:
        arguments += ["--api-url", api_url]
    process = await asyncio.create_subprocess_exec(
        *before,
        *(sys.executable, "-m", "masking_console", *arguments),
        env=program_environment(folder, **ACCOUNT, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(_PATIENCE_SECONDS):
        out, err = await process.communicate()
    return process.returncode, (err + out).decode()


def own_store(authority: Authority, folder: Path) -> Path:
    """Return a folder as Linux keeps its trusted issuers, with this one alone."""
    store = folder / "store"
    store.mkdir()
    named = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", authority.file],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    for name in (f"{named.stdout.strip()}.0", "ca-certificates.crt"):
        (store / name).write_bytes(authority.file.read_bytes())
    return store


@pytest.fixture
def with_store() -> tuple[str, ...]:
    """The beginning of a command that sees another folder of trusted issuers."""
    begun = ("unshare", "--mount", "sh", "-c")
    if not STORE.is_dir() or not shutil.which("unshare"):
        pytest.skip(f"there is no {STORE}, or no unshare, to put another store into")
    done = subprocess.run([*begun, "true"], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("a private mount namespace is not permitted here")
    return (*begun, f'mount --bind "$0" {STORE} && exec "$@"')


async def test_what_the_computer_trusts_is_trusted(
    tmp_path: Path, with_store: tuple[str, ...]
) -> None:
    authority = Authority.made(tmp_path)
    store = own_store(authority, tmp_path)
    tls = authority.server("api.plivo.com")
    async with (
        listening(saying(REFUSED), tls) as plivo,
        listening(http_proxy(plivo, [])) as port,
    ):
        proxy = f"http://127.0.0.1:{port}"
        trusted = await program(tmp_path, *with_store, str(store), HTTPS_PROXY=proxy)
        stranger = await program(tmp_path, HTTPS_PROXY=proxy)

    # An answer has come, and it is a no of whoever sits behind the certificate.
    assert "401" in trusted[1]
    assert "certificate" not in trusted[1]
    assert (
        "the certificate of api.plivo.com is refused: its issuer is not trusted; "
        "issued by Corp Inspection CA (Example Corp), through the proxy 127.0.0.1 "
        "(HTTPS_PROXY)"
    ) in stranger[1]


async def test_a_variable_wins_over_what_the_computer_trusts(
    tmp_path: Path, with_store: tuple[str, ...]
) -> None:
    authority = Authority.made(tmp_path)
    other = Authority.made(tmp_path / "other", "Another CA")
    store = own_store(authority, tmp_path)
    async with listening(saying(REFUSED), authority.server("127.0.0.1")) as port:
        url = f"https://127.0.0.1:{port}"
        _code, words = await program(
            tmp_path,
            *(*with_store, str(store)),
            api_url=url,
            SSL_CERT_FILE=str(other.file),
        )

    assert "only the certificates of SSL_CERT_FILE are trusted" in words


async def test_the_linear_face_says_place_and_ignored_settings_first(
    tmp_path: Path,
) -> None:
    authority = Authority.made(tmp_path)
    environment = {"SSL_CERT_FILE": str(authority.file), "SSL_CERT_DIR": "/nonexistent"}
    async with listening(saying(REFUSED), authority.server("127.0.0.1")) as port:
        url = f"https://127.0.0.1:{port}"
        code, words = await program(tmp_path, api_url=url, **environment)

    lines = words.splitlines()
    assert lines[0] == f"NOT PLIVO: 127.0.0.1:{port}"
    ignored = "SSL_CERT_DIR (/nonexistent) is ignored: there is no such folder."
    assert lines.count(ignored) == 1
    assert "401" in words
    assert code == 2


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            {"HTTPS_PROXY": "http://me:hunter2@proxy:port"},
            "HTTPS_PROXY cannot be used: its port is no number",
        ),
        (
            {"ALL_PROXY": "socks://me:hunter2@proxy"},
            "ALL_PROXY (socks) cannot be used: use http://",
        ),
        (
            {"https_proxy": "me:hun#ter2@proxy"},
            "https_proxy cannot be used: write / ? #",
        ),
        (
            {"SSL_CERT_FILE": "/nonexistent"},
            "SSL_CERT_FILE (/nonexistent) cannot be used: there is no file",
        ),
    ],
)
async def test_a_variable_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    _code, said = await program(tmp_path, **variables)

    assert words in said
    assert "hun" not in said
    assert "Traceback" not in said
