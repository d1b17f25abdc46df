"""A private S3 server: moto's, which checks signatures, conditions and ranges as Amazon's does, and keeps all in memory.

Until lock() it takes every key; from then on only the one that it has given out.
"""

import os
import ssl
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import trustme

from tests.peers import folder, free_port
from tests.peers.program import program

REGION = "eu-west-2"
BUCKET = "outgate-vault"


@dataclass
class S3:
    port: int
    account: str = "starter"
    secret: str = "starter"
    ca: Path | None = None  # with it, it speaks TLS

    @property
    def endpoint(self) -> str:
        return f"http{'s' if self.ca else ''}://127.0.0.1:{self.port}"

    def client(self, service: str = "s3") -> Any:
        """Somebody beside the gateway: looks into the bucket, and changes what stands there."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.account,
            aws_secret_access_key=self.secret,
            verify=str(self.ca) if self.ca else None,
        )

    def settings(self, prefix: str) -> tuple[str, ...]:
        """Lines of [vault]."""
        return (
            f'url = "s3://{BUCKET}/{prefix}"',
            f'endpoint = "{self.endpoint}"',
            f'region = "{REGION}"',
            f'account = "{self.account}"',
            f'secret = "{self.secret}"',
        )


@contextmanager
def s3(*, tls: bool = False) -> Iterator[S3]:
    """`tls`: by a certificate of an authority that nobody knows."""
    with folder("s3") as directory:
        server = S3(free_port(), ca=directory / "ca.pem" if tls else None)
        # The first calls need no right, so that somebody can be made who has one.
        environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "4"}
        command = (str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(server.port))
        if server.ca is not None:
            command = (*command, *_certificate(server.ca))
        with program("s3", command, environment, directory / "log", lambda: _answers(server)):
            _let_in(server)
            yield server


def _certificate(ca: Path) -> tuple[str, ...]:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(ca)
    certificate.private_key_pem.write_to_path(ca.with_name("key.pem"))
    certificate.cert_chain_pems[0].write_to_path(ca.with_name("cert.pem"))
    return ("-c", str(ca.with_name("cert.pem")), "-k", str(ca.with_name("key.pem")))


def _answers(server: S3) -> bool:
    trust = ssl.create_default_context(cafile=server.ca) if server.ca else None
    address = f"{server.endpoint}/moto-api/"
    with suppress(OSError), urllib.request.urlopen(address, context=trust) as answer:  # noqa: S310 - our own address
        return bool(answer.status == 200)
    return False


def _let_in(server: S3) -> None:
    """One user who may do everything, and the bucket."""
    identity = server.client("iam")
    identity.create_user(UserName="outgate")
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    identity.put_user_policy(UserName="outgate", PolicyName="all", PolicyDocument=policy)
    key = identity.create_access_key(UserName="outgate")["AccessKey"]
    server.account, server.secret = key["AccessKeyId"], key["SecretAccessKey"]
    server.client().create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
