import asyncio
import contextlib
import json
import os
import shutil
import socket
import sqlite3
import ssl
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from masking_console.audit import sender as sending
from masking_console.audit import targets
from masking_console.audit.messages import AuditEntry, Severity
from masking_console.audit.sender import AuditOut, MarkFile, Sender, read_states
from masking_console.audit.targets import FileTarget, SyslogServer, Target, open_target
from masking_console.journal.journal import Journal
from masking_console.models.journal_entry import AuditState
from masking_console.settings import AuditRules, checked_audit_target
from tests.support.certificates import Authority
from tests.support.syslog_server import syslog_server
from tests.unit.audit.test_messages import prove

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="mc"))
    yield folder
    shutil.rmtree(folder)


def write(path: Path, *details: str) -> None:
    """Write an entry for each text."""

    async def write_all(journal: Journal) -> None:
        for each in details:
            await journal.acknowledge("1-abc", each)

    journal = Journal(path, lambda: NOW)
    asyncio.run(write_all(journal))
    journal.close()


def sender(path: Path, text: str, to: Target | None = None) -> Sender:
    target = checked_audit_target(text)
    opened = open_target(target, 10, path, targets.trusted_context)
    return Sender(path, target, to or opened)


def reasons(out: Path) -> list[str]:
    return [
        json.loads(line)["reason"]
        for line in out.read_text(encoding="utf-8").splitlines()
    ]


NOT_READ = pytest.raises(ConnectionError, match="before it had read all")


class Recorded:
    """A target that keeps what it gets, and can be away."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.is_away = False
        self.asked = threading.Event()
        self.error: Exception = ConnectionRefusedError(111, "refused")

    def send(self, entries: Sequence[AuditEntry]) -> None:
        self.asked.set()
        if self.is_away:
            raise self.error
        self.got += [str(each.fields["reason"]) for each in entries]


def test_a_file_gets_every_entry_once_and_is_private(path: Path, out: Path) -> None:
    write(path, "one", "two")

    assert sender(path, str(out)).send_waiting()
    write(path, "three")
    assert sender(path, str(out)).send_waiting()

    assert reasons(out) == ["one", "two", "three"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    prove(out.read_text(encoding="utf-8").splitlines())


def test_more_entries_than_leave_at_once_all_leave(
    path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_AT_ONCE", 2)
    write(path, *"abcde")

    assert sender(path, str(out)).send_waiting()

    assert reasons(out) == list("abcde")


def test_a_target_that_is_away_loses_nothing(path: Path) -> None:
    write(path, "one", "two")
    to = Recorded()
    to.is_away = True
    sent = sender(path, "/nowhere", to)

    assert not sent.send_waiting()

    assert sent.state == AuditState("/nowhere", 0, 2, "connection refused")
    assert sent.state.waiting == 2
    to.is_away = False
    assert sent.send_waiting()
    assert to.got == ["one", "two"]
    assert sent.state == AuditState("/nowhere", 2, 2)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "no answer in time"),
        (socket.gaierror(-2, "x"), "its name is not found"),
        (ssl.SSLError(1, "x"), "no TLS"),
        (BlockingIOError(11, "x"), "another program holds it"),
        (OSError("x"), "it cannot be reached"),
        (UnicodeError("label too long"), "it cannot be reached"),
        (OSError(28, "x"), "no space left on device"),
    ],
)
def test_what_stops_a_target_is_said_in_our_words(
    path: Path, error: Exception, words: str
) -> None:
    write(path, "one")
    to = Recorded()
    to.is_away, to.error = True, error
    sent = sender(path, "/nowhere", to)

    assert not sent.send_waiting()

    assert sent.state.problem == words


def test_a_journal_that_was_replaced_begins_anew(path: Path, out: Path) -> None:
    write(path, "old one", "old two")
    assert sender(path, str(out)).send_waiting()
    for each in path.parent.glob("journal.db*"):
        each.unlink()
    write(path, "new one")

    assert sender(path, str(out)).send_waiting()

    assert reasons(out) == ["old one", "old two", "new one"]
    names = {
        json.loads(line)["journal"]
        for line in out.read_text(encoding="utf-8").splitlines()
    }
    assert len(names) == 2


def test_a_journal_that_was_set_back_begins_anew(path: Path, out: Path) -> None:
    write(path, "one")
    kept = path.read_bytes()
    write(path, "two")
    assert sender(path, str(out)).send_waiting()
    for each in path.parent.glob("journal.db*"):
        each.unlink()
    path.write_bytes(kept)

    assert sender(path, str(out)).send_waiting()

    assert reasons(out) == ["one", "two", "one"]


def test_without_a_journal_there_is_nothing_to_send(path: Path, out: Path) -> None:
    path.parent.mkdir()

    sent = sender(path, str(out))

    assert sent.send_waiting()
    assert sent.state.waiting == 0
    assert not out.exists()


def test_a_journal_that_cannot_be_read_is_said(path: Path, out: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database, but long enough to be looked at" * 100)
    sent = sender(path, str(out))

    assert not sent.send_waiting()

    assert sent.state.problem == "The journal cannot be read (its file is damaged)"


def test_a_damaged_entry_leaves_as_one(path: Path, out: Path) -> None:
    write(path, "one", "two", "three")
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TRIGGER entries_are_never_changed")
        other.execute("UPDATE entries SET content = 'x' WHERE sequence = 2")
        other.commit()

    assert sender(path, str(out)).send_waiting()

    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line.get("damaged", False) for line in lines] == [False, True, False]
    assert lines[2]["previous_seal"] == lines[1]["seal"]


def test_two_consoles_do_not_send_the_same(path: Path, out: Path) -> None:
    write(path, "one")
    first, second = sender(path, str(out)), sender(path, str(out))
    with MarkFile(path, checked_audit_target(str(out))).held() as is_ours:
        assert is_ours
        assert first.send_waiting()
        assert not out.exists()

    assert first.send_waiting()
    assert second.send_waiting()

    assert reasons(out) == ["one"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"sequence": "x"}'])
def test_a_mark_that_cannot_be_read_sends_all_again(
    path: Path, out: Path, content: bytes
) -> None:
    write(path, "one")
    assert sender(path, str(out)).send_waiting()
    (mark,) = path.parent.glob("journal-audit/*.mark")
    assert stat.S_IMODE(mark.stat().st_mode) == 0o600
    mark.write_bytes(content)

    assert sender(path, str(out)).send_waiting()

    assert reasons(out) == ["one", "one"]


def test_where_the_mark_cannot_be_written_nothing_is_sent(path: Path) -> None:
    write(path, "one")
    to = Recorded()
    sent = sender(path, "/nowhere", to)
    assert sent.send_waiting()
    (mark,) = path.parent.glob("journal-audit/*.mark")
    # Nothing can be put in the place of the file that is to become the mark.
    (mark.with_suffix(".new") / "x").mkdir(parents=True)
    write(path, "two")

    assert not sent.send_waiting()

    assert to.got == ["one"]
    assert sent.state.waiting == 1


def test_a_mark_left_half_written_does_not_matter(path: Path, out: Path) -> None:
    write(path, "one")
    assert sender(path, str(out)).send_waiting()
    (mark,) = path.parent.glob("journal-audit/*.mark")
    mark.with_suffix(".new").write_bytes(b"{")
    write(path, "two")

    assert sender(path, str(out)).send_waiting()

    assert reasons(out) == ["one", "two"]


class TestFile:
    def test_a_file_that_was_rotated_is_begun_anew(self, path: Path, out: Path) -> None:
        write(path, "one")
        sent = sender(path, str(out))
        assert sent.send_waiting()
        out.rename(out.with_suffix(".1"))
        write(path, "two")

        assert sent.send_waiting()

        assert reasons(out.with_suffix(".1")) == ["one"]
        assert reasons(out) == ["two"]

    def test_a_file_that_is_there_keeps_its_rights(self, path: Path, out: Path) -> None:
        out.touch()
        out.chmod(0o640)
        write(path, "one")

        assert sender(path, str(out)).send_waiting()

        assert stat.S_IMODE(out.stat().st_mode) == 0o640

    def test_a_line_that_was_cut_off_spoils_no_other(
        self, path: Path, out: Path
    ) -> None:
        out.write_text('{"sequence": 1, "ev', encoding="utf-8")
        write(path, "one")

        assert sender(path, str(out)).send_waiting()

        assert reasons_of(out.read_text(encoding="utf-8").splitlines()[1:]) == ["one"]

    def test_a_full_disk_leaves_no_half_line(
        self, path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(path, "one")
        real = os.write

        def half(descriptor: int, content: memoryview) -> int:
            if len(content) > 300:
                return real(descriptor, content[:100])
            raise OSError(28, "full")

        monkeypatch.setattr(os, "write", half)
        to = FileTarget(out, path)
        row = AuditEntry({"sequence": 1, "x": "y" * 300}, "", Severity.INFO, None)

        with pytest.raises(OSError, match="full"):
            to.send([row])

        assert out.read_bytes() == b""

    def test_a_link_is_not_followed(
        self, path: Path, out: Path, tmp_path: Path
    ) -> None:
        out.symlink_to(tmp_path / "elsewhere")
        write(path, "one")

        assert refusal(path, out) == "it is a link to elsewhere"
        assert not (tmp_path / "elsewhere").exists()

    def test_a_pipe_is_not_waited_for(self, path: Path, out: Path) -> None:
        os.mkfifo(out)
        write(path, "one")

        assert refusal(path, out) == "it is not a file"

    def test_a_file_of_somebody_else_is_refused(
        self, path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out.touch()
        write(path, "one")
        to = sender(path, str(out))
        held = MarkFile(path, checked_audit_target(str(out)))
        with held.held():
            pass
        own = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: own + 1)

        with pytest.raises(OSError, match="somebody else"):
            to._to.send([])

    @pytest.mark.parametrize("ending", ["", "-wal", "-head"])
    def test_the_journal_itself_is_refused(self, path: Path, ending: str) -> None:
        write(path, "one")
        Path(f"{path}-wal").touch()
        own = Path(f"{path}{ending}")
        before = own.read_bytes()

        assert refusal(path, own) == "it is the journal itself"
        assert own.read_bytes() == before

    def test_a_folder_that_is_not_there_is_waited_for(
        self, path: Path, tmp_path: Path
    ) -> None:
        write(path, "one")

        words = refusal(path, tmp_path / "away" / "audit.jsonl")

        assert words == "no such file or directory"


def reasons_of(lines: Sequence[str]) -> list[str]:
    return [json.loads(line)["reason"] for line in lines]


def refusal(path: Path, out: Path) -> str:
    sent = sender(path, str(out))
    assert not sent.send_waiting()
    assert sent.state.waiting == 1
    return sent.state.problem


class TestSyslog:
    @pytest.mark.enable_socket
    def test_the_socket_of_this_computer_gets_every_message(
        self, path: Path, short: Path
    ) -> None:
        write(path, "one", "two")
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
            listening.bind(str(short / "log"))

            assert sender(path, f"syslog:{short / 'log'}").send_waiting()

            got = [listening.recv(65536).decode("ascii") for _ in range(2)]
        assert got[0].startswith("<86>1 2026-03-04T12:05:02.000000Z ")
        assert " masking-console - journal.acknowledged - {" in got[0]
        prove("{" + each.partition(" - {")[2] for each in got)

    def test_without_a_socket_entries_wait(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(path, "one")
        monkeypatch.setattr(targets, "LOCAL_SOCKETS", ("/nowhere/log",))
        sent = sender(path, "syslog")

        assert not sent.send_waiting()

        assert sent.state.problem == "no such file or directory"

    def test_a_server_on_this_computer_gets_every_message(self, path: Path) -> None:
        write(path, "one", "two")
        with syslog_server() as server:
            assert sender(path, f"syslog+tcp://127.0.0.1:{server.port}").send_waiting()

        bodies = [each.decode().partition(" - {")[2] for each in server.messages]
        prove("{" + each for each in bodies)

    def test_a_server_that_closes_unread_gets_all_again(self, path: Path) -> None:
        write(path, *("x" * 200 for _ in range(5)))
        with syslog_server() as server:
            server.unread = 1
            sent = sender(path, f"syslog+tcp://127.0.0.1:{server.port}")
            assert not sent.send_waiting()
            assert server.connections == 1
            assert server.content == b""

            assert sent.send_waiting()

        assert len(server.messages) == 5

    @pytest.mark.parametrize(
        ("reads", "ends"), [(True, contextlib.nullcontext()), (False, NOT_READ)]
    )
    def test_a_server_that_ends_its_side_has_it_only_where_it_reads(
        self, reads: bool, ends: contextlib.AbstractContextManager[object]
    ) -> None:
        is_over = threading.Event()
        with closing(socket.socket()) as listening:
            # Only a little fits into what the other side has not read yet.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            listening.bind(("127.0.0.1", 0))
            listening.listen()

            def serve() -> None:
                with listening.accept()[0] as connection:
                    connection.sendall(b"hello")
                    while reads and connection.recv(65536):
                        """Read on."""
                    connection.shutdown(socket.SHUT_WR)
                    is_over.wait(60)

            thread = threading.Thread(target=serve)
            thread.start()
            to = SyslogServer("127.0.0.1", listening.getsockname()[1], 10, None)
            entry = AuditEntry({"x": "y" * 100_000}, "", Severity.INFO, None)
            with ends:
                to.send([entry])
            is_over.set()
            thread.join(10)

    def test_a_server_that_hangs_holds_the_entries_back(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(targets, "SECONDS", 0.1)
        write(path, "one")
        with closing(socket.create_server(("127.0.0.1", 0))) as listening:
            port = listening.getsockname()[1]
            sent = sender(path, f"syslog+tcp://127.0.0.1:{port}")

            assert not sent.send_waiting()

        assert sent.state.problem == "no answer in time"
        assert sent.state.waiting == 1

    def test_a_server_with_tls_that_this_computer_trusts_gets_every_message(
        self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authority = Authority.made(tmp_path)
        context = authority.server("127.0.0.1")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        write(path, "one")
        with syslog_server(context) as server:
            sent = sender(path, f"syslog+tls://127.0.0.1:{server.port}")
            assert sent.send_waiting()
            write(path, "two")
            assert sent.send_waiting()

        bodies = [each.decode().partition(" - {")[2] for each in server.messages]
        assert reasons_of(["{" + each for each in bodies]) == ["one", "two"]

    def test_a_server_with_tls_that_nobody_vouches_for_gets_nothing(
        self, path: Path, tmp_path: Path
    ) -> None:
        context = Authority.made(tmp_path).server("127.0.0.1")
        write(path, "one")
        with syslog_server(context) as server:
            sent = sender(path, f"syslog+tls://127.0.0.1:{server.port}")
            assert not sent.send_waiting()

        assert server.content == b""
        assert sent.state.problem.startswith("certificate refused: ")

    def test_where_nobody_is_trusted_that_is_said(
        self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
        write(path, "one")
        with syslog_server() as server:
            sent = sender(path, f"syslog+tls://127.0.0.1:{server.port}")
            assert not sent.send_waiting()

        assert sent.state.problem == "SSL_CERT_FILE names no certificates"

    @pytest.mark.parametrize("says", [b"", b"hello"])
    def test_a_tls_server_that_does_not_end_in_order(
        self, says: bytes, tmp_path: Path
    ) -> None:
        authority = Authority.made(tmp_path)
        context = authority.server("127.0.0.1")
        trusting = ssl.create_default_context(cafile=str(authority.file))
        received: list[bytes] = []
        with closing(socket.create_server(("127.0.0.1", 0))) as listening:

            def serve() -> None:
                plain, _ = listening.accept()
                with context.wrap_socket(plain, server_side=True) as tls:
                    while piece := tls.recv(65536):
                        received.append(piece)
                    if says:
                        tls.sendall(says)

            thread = threading.Thread(target=serve)
            thread.start()
            port = listening.getsockname()[1]
            to = SyslogServer("127.0.0.1", port, 10, lambda: trusting)
            entry = AuditEntry({"sequence": 1}, "", Severity.INFO, None)
            if says:
                with pytest.raises(ConnectionError, match="TLS ends"):
                    to.send([entry])
            else:
                to.send([entry])
            thread.join(10)

        assert b'{"sequence":1}' in b"".join(received)


class TestThreads:
    def test_entries_leave_as_they_are_written(
        self, path: Path, out: Path, until: Callable[[Callable[[], bool]], None]
    ) -> None:
        audit = AuditOut(path, AuditRules((checked_audit_target(str(out)),)))
        audit.start()
        journal = Journal(path, lambda: NOW, worked=audit.wake)
        asyncio.run(journal.acknowledge("1-abc", "one"))

        until(lambda: out.exists() and reasons(out) == ["one"])

        asyncio.run(journal.acknowledge("1-abc", "two"))
        journal.close()
        audit.close(10)
        assert reasons(out) == ["one", "two"]
        assert audit.states() == (AuditState(str(out), 2, 2),)

    def test_entries_of_another_console_leave_as_well(
        self,
        path: Path,
        out: Path,
        monkeypatch: pytest.MonkeyPatch,
        until: Callable[[Callable[[], bool]], None],
    ) -> None:
        monkeypatch.setattr(sending, "_LOOK_SECONDS", 0.01)
        write(path, "one")
        sent = sender(path, str(out))
        sent.start()
        until(out.exists)

        write(path, "two")

        until(lambda: reasons(out) == ["one", "two"])
        sent.begin_to_close()
        sent.wait_closed(10)

    def test_a_target_that_is_away_is_tried_again_and_ends_at_once(
        self, path: Path, until: Callable[[Callable[[], bool]], None]
    ) -> None:
        write(path, "one")
        to = Recorded()
        to.is_away = True
        sent = sender(path, "/nowhere", to)
        sent.start()
        until(lambda: bool(sent.state.problem))
        to.asked.clear()
        until(to.asked.is_set)

        to.is_away = False
        sent.begin_to_close()
        sent.wait_closed(10)

        assert to.got == ["one"]

    def test_a_target_that_hangs_holds_up_no_end(self, path: Path) -> None:
        write(path, "one")
        hangs, goes_on = threading.Event(), threading.Event()

        class Hangs:
            def send(self, _entries: Sequence[AuditEntry]) -> None:
                hangs.set()
                assert goes_on.wait(60)

        sent = sender(path, "/nowhere", Hangs())
        sent.start()
        assert hangs.wait(60)

        sent.begin_to_close()
        sent.wait_closed(0.01)

        assert read_states(path, AuditRules((checked_audit_target("/nowhere"),))) == (
            AuditState("/nowhere", 0, 1),
        )
        goes_on.set()
        sent.wait_closed(10)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    def wait(is_so: Callable[[], bool]) -> None:
        waiting = threading.Event()
        for _ in range(6000):
            if is_so():
                return
            waiting.wait(0.01)
        pytest.fail("it did not happen")

    return wait


def test_how_far_it_got_is_read_without_writing(path: Path, out: Path) -> None:
    rules = AuditRules((checked_audit_target(str(out)),))

    assert read_states(path, rules) == (AuditState(str(out), 0, 0),)
    assert not path.parent.exists()


def test_a_target_has_a_mark_of_its_own(path: Path) -> None:
    write(path, "one")
    first, second = Recorded(), Recorded()
    second.is_away = True

    assert sender(path, "/first", first).send_waiting()
    assert not sender(path, "/second", second).send_waiting()

    states = read_states(
        path,
        AuditRules((checked_audit_target("/first"), checked_audit_target("/second"))),
    )
    assert [each.waiting for each in states] == [0, 1]
