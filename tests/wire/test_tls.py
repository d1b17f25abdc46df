"""STARTTLS: what it protects, what it proves, and what must not slip through before it."""

import asyncio
import ssl

import pytest
import trustme

from gateway.config import Listener
from gateway.listen.tls import is_named, server_context
from tests.wire.talk import ENVELOPE, MESSAGE, serving


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(authority, tmp_path) -> dict[str, object]:
    server = authority.issue_cert("localhost")
    server.private_key_pem.write_to_path(tmp_path / "key.pem")
    server.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return {"tls": "offered", "cert": tmp_path / "cert.pem", "key": tmp_path / "key.pem", "ca": tmp_path / "ca.pem"}


def gateway_with(files, **more):
    """A listener with TLS."""
    settings = {name: files[name] for name in ("tls", "cert", "key")} | more
    context = server_context(Listener(address="127.0.0.1:0", **settings))
    return serving(context=context, **settings)


def client_context(authority, *, name: str | None = None, issuer=None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if name is not None:
        (issuer or authority).issue_cert("client@ours.example", common_name=name).configure_cert(context)
    return context


def test_a_message_under_tls_says_so(run, authority, files) -> None:
    async def story() -> None:
        async with gateway_with(files) as gateway:
            client = await gateway.connect()
            await client.talk("S: 220\nC: EHLO me")
            assert "250-STARTTLS" in await client.reply()
            await client.talk("C: XFORWARD NAME=x\nS: 250")
            await client.starttls(client_context(authority))
            await client.talk("C: MAIL FROM:<a@ours.example>\nS: 503 5.5.1\nC: EHLO me")
            assert "250-STARTTLS" not in await client.reply()
            await client.talk("C: STARTTLS\nS: 503 5.5.1" + ENVELOPE + "C: DATA\nS: 354")
            client.send(MESSAGE * 20_000 + b".\r\n")
            await client.talk("S: 250 2.0.0\nC: QUIT\nS: 221")
        (arrival,) = gateway.deliveries.arrivals
        assert gateway.deliveries.contents == [MESSAGE * 20_000]
        assert arrival.protocol == "ESMTPS"
        assert arrival.peer.tls.startswith("TLSv1.3 with cipher TLS_")
        assert arrival.peer.xforward == ()
        assert arrival.peer.certificate is None
        assert gateway.deliveries.heard == [True]

    run(story())


def test_where_tls_is_required_nothing_goes_before_it(run, authority, files) -> None:
    async def story() -> None:
        async with gateway_with(files, tls="required") as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk("C: MAIL FROM:<a@ours.example>\nS: 530 5.7.0\nC: BDAT 4 LAST\nS: 530 5.7.0\nC: NOOP\nS: 250")
            await client.starttls(client_context(authority))
            await client.talk("C: EHLO me\nS: 250" + ENVELOPE + "C: DATA\nS: 354\nC: .\nS: 250")

    run(story())


def test_what_follows_starttls_in_clear_is_never_obeyed(run, files) -> None:
    async def story() -> None:
        async with gateway_with(files) as gateway:
            client = await gateway.connect(hello="EHLO me")
            client.send(b"STARTTLS\r\nMAIL FROM:<evil@x.example>\r\n")
            await client.talk("S: 554 5.5.1")
            assert await client.is_closed()

    run(story())


def test_a_failed_handshake_ends_the_session_alone(run, files) -> None:
    async def story() -> None:
        async with gateway_with(files) as gateway:
            client = await gateway.connect(hello="EHLO me")
            await client.talk("C: STARTTLS\nS: 220")
            client.send(b"this is no client hello, whatever it may be\r\n")
            await client.reader.read()
            distrustful = await gateway.connect(hello="EHLO me")
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await distrustful.starttls(ssl.create_default_context())
            await gateway.connect(hello="EHLO me")
            assert "tls-handshake" in gateway.log.getvalue()

    run(story())


def test_a_certificate_opens_the_door_to_who_is_named(run, authority, files) -> None:
    async def story() -> None:
        settings = {"networks": ("192.0.2.0/24",), "client_ca": files["ca"], "client_names": ("CN=benefits.int",)}
        async with gateway_with(files, **settings) as gateway:
            stranger = await gateway.connect(hello="EHLO me")
            await stranger.talk("C: MAIL FROM:<a@ours.example>\nS: 554 5.7.1")
            for name, heard in ((None, "554 5.7.1"), ("other.int", "554 5.7.1"), ("benefits.int", "250 2.1.0")):
                client = await gateway.connect(hello="EHLO me")
                await client.starttls(client_context(authority, name=name))
                await client.talk(f"C: EHLO me\nS: 250\nC: MAIL FROM:<a@ours.example>\nS: {heard}")
            await client.talk("C: RCPT TO:<b@x.example>\nS: 250\nC: DATA\nS: 354\nC: .\nS: 250")
        (arrival,) = gateway.deliveries.arrivals
        assert "CN=benefits.int" in arrival.peer.certificate

    run(story())


def test_a_certificate_of_another_authority_ends_the_handshake(run, authority, files) -> None:
    async def story() -> None:
        settings = {"networks": ("192.0.2.0/24",), "client_ca": files["ca"], "client_names": ("CN=benefits.int",)}
        async with gateway_with(files, **settings) as gateway:
            client = await gateway.connect(hello="EHLO me")
            context = client_context(authority, name="benefits.int", issuer=trustme.CA())
            try:
                await client.starttls(context)  # under TLS 1.3 a client learns of its refusal only when it reads
            except (ssl.SSLError, ConnectionError):
                return
            with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
                await client.talk("C: EHLO me\nS: 250")
        assert gateway.deliveries.arrivals == []

    run(story())


def test_a_name_is_the_whole_subject_or_one_whole_attribute() -> None:
    subject = "CN=benefits.int,O=Council"

    assert is_named(subject, ("cn=Benefits.int",))
    assert is_named(subject, ("CN=benefits.int,O=Council",))
    assert not is_named(subject, ("CN=benefits",))
    assert not is_named("CN=a\\,CN=benefits.int", ("CN=benefits.int",))
    assert not is_named(subject, ())


def test_old_versions_of_tls_are_not_spoken(files) -> None:
    context = server_context(Listener(address="127.0.0.1:0", tls="offered", cert=files["cert"], key=files["key"]))

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert server_context(Listener(address="127.0.0.1:0")) is None


def test_a_reload_keeps_tls_unless_it_is_switched_off(authority, files) -> None:
    async def story() -> None:
        async with gateway_with(files) as gateway:
            gateway.server.reload(Listener(address="127.0.0.1:0", tls="offered", cert=files["cert"], key=files["key"]))
            client = await gateway.connect(hello="EHLO me")
            await client.starttls(client_context(authority))
            gateway.server.reload(Listener(address="127.0.0.1:0"))
            client = await gateway.connect(hello="EHLO me")
            await client.talk("C: STARTTLS\nS: 502 5.5.1")

    asyncio.run(story())
