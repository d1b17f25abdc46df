"""The real peers work, before anything is built on them."""

import smtplib
import subprocess

import psycopg
import pytest
import sqlalchemy

from tests.peers import free_port, needs_root, wait_until
from tests.peers.postfix import Position, postfix
from tests.peers.postgres import Postgres

pytestmark = pytest.mark.peer

MESSAGE = b"""\
From: a@sender.example
To: b@partner.example
Subject: hello
Date: Fri, 20 Nov 2026 09:00:00 +0000
Message-ID: <1@sender.example>

.dot
body
""".replace(b"\n", b"\r\n")


@needs_root
def test_postfix_keeps_in_a_mailbox_what_came_by_smtp() -> None:
    with postfix(mailboxes=("b@partner.example",)) as server:
        assert server.send("a@sender.example", ["b@partner.example"], MESSAGE) == {}
        server.wait_empty()

        (kept,) = server.mailbox("b@partner.example")
        assert kept.endswith(MESSAGE.replace(b"\r\n", b"\n"))


@needs_root
@pytest.mark.parametrize("by", ["relayhost", "transports"])
def test_postfix_hands_over_to_another_postfix(by: str) -> None:
    with postfix(mailboxes=("b@partner.example", "c@partner.example")) as behind:
        relayhost = behind.port if by == "relayhost" else None
        transports = {"partner.example": f"smtp:[127.0.0.1]:{behind.port}"} if by == "transports" else {}
        with postfix(relayhost=relayhost, transports=transports) as before:
            command = [*before.sendmail, "-f", "a@sender.example", "b@partner.example", "c@partner.example"]
            subprocess.run(command, input=MESSAGE.replace(b"\r\n", b"\n"), check=True)
            before.wait_empty()
            behind.wait_empty()

            assert "status=sent" in before.log()
        assert [len(behind.mailbox(address)) for address in ("b@partner.example", "c@partner.example")] == [1, 1]


@needs_root
@pytest.mark.parametrize("position", ["lmtp-filter", "smtp-filter"])
def test_mail_for_a_gateway_that_is_down_waits(position: Position) -> None:
    with postfix(position=position, gateway_port=free_port(), mailboxes=("b@partner.example",)) as server:
        server.send("a@sender.example", ["b@partner.example"], MESSAGE)

        (waiting,) = server.wait_deferred()
        assert "Connection refused" in waiting["recipients"][0]["delay_reason"]
        assert waiting["sender"] == "a@sender.example"
        assert server.mailbox("b@partner.example") == []


@needs_root
def test_a_proxied_gateway_that_is_down_is_a_temporary_failure() -> None:
    with postfix(position="proxy-filter", gateway_port=free_port(), mailboxes=("b@partner.example",)) as server:
        command = ["swaks", "--server", f"127.0.0.1:{server.port}", "--from", "a@sender.example", "--to", "b@partner.example"]
        said = subprocess.run(command, check=False, capture_output=True, text=True).stdout

        assert "\n<** 451 4.3.0 " in said
        assert server.queue() == []


@needs_root
@pytest.mark.parametrize("position", ["smtp-filter", "proxy-filter"])
def test_what_a_gateway_lets_through_comes_back_and_is_delivered(position: Position) -> None:
    back = free_port()
    with (
        postfix(relayhost=back) as gateway,
        postfix(position=position, gateway_port=gateway.port, reinjection_port=back, mailboxes=("b@partner.example",)) as server,
    ):
        server.send("a@sender.example", ["b@partner.example"], MESSAGE)
        wait_until(lambda: bool(server.mailbox("b@partner.example")), "the message is back")

        (kept,) = server.mailbox("b@partner.example")
        assert kept.endswith(MESSAGE.replace(b"\r\n", b"\n"))
        assert "from=<a@sender.example>" in gateway.log()


@needs_root
def test_settings_can_change_while_it_runs() -> None:
    with postfix(mailboxes=("b@partner.example",)) as server:
        server.set({"message_size_limit": "1000"})

        with pytest.raises(smtplib.SMTPSenderRefused, match="exceeds fixed limit"):
            server.send("a@sender.example", ["b@partner.example"], MESSAGE + b"x" * 2000)


def test_postgres_answers(postgres: Postgres) -> None:
    engine = sqlalchemy.create_engine(postgres.new_database())
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
        assert connection.execute(sqlalchemy.text("SHOW fsync")).scalar() == "on"
    engine.dispose()


def test_postgres_keeps_its_databases_apart(postgres: Postgres) -> None:
    one, other = postgres.new_database(), postgres.new_database()
    with psycopg.connect(one.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE only_here (id int)")
    with psycopg.connect(other.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
