"""The embedded servers: made once, found again after a crash, never left behind, and clear when they cannot run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from coevolve.embedded import postgres, processes, valkey
from coevolve.embedded.mail_catcher import Mailbox
from coevolve.embedded.postgres import PostgresServer, PostgresUnavailable
from coevolve.embedded.valkey import ValkeyServer
from coevolve.kit import mail


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    folder = tmp_path_factory.mktemp("postgres")
    made = PostgresServer(folder / "data", folder / "log", durable=True)
    made.start()
    made.create_database("notes")
    with psycopg.connect(_plain(made.url("notes", role=postgres.OWNER_ROLE))) as connection:
        connection.execute("CREATE TABLE note (words text)")
    yield made
    made.stop()


def _write(server: PostgresServer, words: str) -> None:
    with psycopg.connect(_plain(server.url("notes", role=postgres.OWNER_ROLE))) as connection:
        connection.execute("INSERT INTO note VALUES (%s)", [words])


def _read(server: PostgresServer) -> set[str]:
    with psycopg.connect(_plain(server.url("notes", role=postgres.OWNER_ROLE))) as connection:
        return {row[0] for row in connection.execute("SELECT words FROM note")}


def test_a_killed_server_comes_back_with_all_it_acknowledged(server: PostgresServer) -> None:
    _write(server, "before the crash")
    assert server.process is not None
    server.process.kill()
    server.process.wait(10)
    server.start()
    assert "before the crash" in _read(server)


def test_orphans_of_a_dead_postmaster_do_not_stop_the_next_start(server: PostgresServer) -> None:
    _write(server, "among orphans")
    busy = psycopg.connect(_plain(server.url("notes", role=postgres.OWNER_ROLE)))
    assert server.process is not None
    server.process.kill()
    server.process.wait(10)
    began = time.monotonic()
    server.start()
    assert time.monotonic() - began < 10
    assert "among orphans" in _read(server)
    busy.close()


def test_a_server_dies_with_whoever_started_it(tmp_path: Path) -> None:
    if not processes.die_with("INT", postgres.run_as_user()):
        pytest.skip("no setpriv on this machine")
    words = (
        "import sys, time; from pathlib import Path; from coevolve.embedded.postgres import PostgresServer\n"
        f"s = PostgresServer(Path({str(tmp_path / 'data')!r}), Path({str(tmp_path / 'log')!r}), durable=False)\n"
        "s.start(); print(s.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", words], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
        starter.wait(5)
    deadline = time.monotonic() + 10
    while processes.lives(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not processes.lives(pid)


def test_the_app_role_owns_nothing_and_makes_nothing(server: PostgresServer) -> None:
    with psycopg.connect(_plain(server.url("notes"))) as connection:
        assert connection.execute(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone() == (False,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (a int)")


def test_the_socket_is_private_and_its_path_short(server: PostgresServer) -> None:
    assert server.socket_folder is not None
    assert server.socket_folder.stat().st_mode & 0o077 == 0
    assert len(str(server.socket_folder / ".s.PGSQL.5432")) < 100


def test_a_folder_without_the_programs_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COEVOLVE_PG_BIN", str(tmp_path))
    with pytest.raises(PostgresUnavailable, match="no program `postgres`"):
        postgres.bin_folder()


def test_data_of_another_version_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(PostgresUnavailable, match="was made by PostgreSQL 12"):
        PostgresServer(tmp_path / "data", tmp_path / "log").start()
    assert (tmp_path / "data" / "PG_VERSION").read_text() == "12\n"


def test_a_broker_with_a_folder_keeps_what_it_was_told(tmp_path: Path) -> None:
    server = ValkeyServer(tmp_path / "log", tmp_path / "data")
    server.start()
    client = redis.Redis(unix_socket_path=str(server.socket))
    client.set("told", "yes")
    time.sleep(1.2)
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(5)
    client.close()
    server.start()
    client = redis.Redis(unix_socket_path=str(server.socket))
    assert client.get("told") == b"yes"
    client.close()
    server.stop()
    assert not valkey.asked(server.log, "PING")


def test_mails_are_really_sent_and_kept(settings: object, mailbox: Mailbox) -> None:
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "a@example.org",
        "b@example.org",
        "Kabar baik: Rp 50.000 — terima kasih",
    )
    message.set_content("Isi surat.")
    message.add_alternative("<p>Isi surat.</p>", subtype="html")
    mail.send(message)
    (kept,) = mailbox.newest(to="b@example.org")
    assert kept.subject == "Kabar baik: Rp 50.000 — terima kasih"
    assert kept.text.strip() == "Isi surat."
    assert "<p>Isi surat.</p>" in kept.body("html")
    assert mailbox.newest(to="c@example.org") == []
    assert mailbox.read("../../etc/passwd") is None
