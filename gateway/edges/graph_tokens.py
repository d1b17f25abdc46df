"""Access tokens for Microsoft Graph: an application that signs in with a certificate (RFC 7523), by msal.

msal is synchronous, so it works in a thread, one at a time, and keeps the token until shortly before it ends. It speaks through our own
HTTP client: requests would let REQUESTS_CA_BUNDLE of the environment decide whom to trust. A password ("client secret") is not offered.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx2
import msal
from msal.exceptions import MsalError

from gateway.errors import TryLater, Unusable

_SECONDS = 20.0
_LATER = frozenset({"temporarily_unavailable", "server_error", "service_unavailable"})


class Tokens:
    """Of one application in one tenant. `graph` is the address of the service that they are for."""

    def __init__(
        self, place: str, *, login: str, tenant: str, client_id: str, key: Path, cert: Path, graph: str, trust: ssl.SSLContext
    ) -> None:
        self._place = place
        self._authority = f"{login.rstrip('/')}/{tenant}"
        self._client_id = client_id
        self._key = key
        self._cert = cert
        self._scope = f"{httpx2.URL(graph).copy_with(raw_path=b'/')}.default"
        self._http = _Http(trust)
        self._app: Any = None
        self._one = asyncio.Lock()

    async def get(self, *, anew: bool = False) -> str:
        """A token that is good for some minutes at least. `anew`: the last one was not accepted.

        Raises:
            TryLater: the sign-in service is busy.
            Unusable: it cannot be reached, or does not let us in.
        """
        async with self._one:
            return await asyncio.to_thread(self._get, anew)

    def close(self) -> None:
        self._http.close()

    # --- in a thread --------------------------------------------------------------------------------------------------

    def _get(self, anew: bool) -> str:
        try:
            if self._app is None:
                self._app = self._sign_up()
            elif anew:
                self._app.remove_tokens_for_client()
            found = self._app.acquire_token_for_client(scopes=[self._scope])
        except httpx2.TransportError as error:
            raise Unusable(f"place {self._place}: the sign-in service cannot be reached ({type(error).__name__})") from error
        except (httpx2.HTTPError, MsalError) as error:
            raise TryLater(f"place {self._place}: the sign-in service fails ({type(error).__name__})", "4.4.1") from error
        except ValueError as error:  # msal's word for a tenant or an authority that is not there, and for keys that are none
            says = "the sign-in is not possible; look at tenant, login, key and cert"
            raise Unusable(f"place {self._place}: {says}") from error
        return self._token(found)

    def _sign_up(self) -> Any:
        try:
            credential = {"private_key": self._key.read_text("ascii"), "public_certificate": self._cert.read_text("ascii")}
        except (OSError, UnicodeDecodeError) as error:
            says = f"{self._key} or {self._cert} cannot be read as PEM"
            raise Unusable(f"place {self._place}: {says}") from error
        return msal.ConfidentialClientApplication(
            self._client_id,
            authority=self._authority,
            client_credential=credential,
            instance_discovery=False,  # the authority is what the administrator wrote
            http_client=self._http,
        )

    def _token(self, found: dict[str, Any]) -> str:
        if isinstance(found.get("access_token"), str):
            return str(found["access_token"])
        error, codes = found.get("error"), found.get("error_codes")
        error = error if isinstance(error, str) else "an answer that is none of its own"
        if error in _LATER:
            raise TryLater(f"place {self._place}: the sign-in service says {error}", "4.4.1")
        code = f", AADSTS{codes[0]}" if isinstance(codes, list) and codes and isinstance(codes[0], int) else ""
        says = f"the sign-in is refused ({error}{code}); is the certificate uploaded to the application, and not expired?"
        raise Unusable(f"place {self._place}: {says}")


class _Http:
    """What msal asks of an HTTP client (msal.oauth2cli.http). Its forms have octets in them, which httpx2 would write as b'...'."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._client = httpx2.Client(verify=trust, timeout=_SECONDS)

    def post(self, url: str, *, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> httpx2.Response:
        form = {name: value.decode("ascii") if isinstance(value, bytes) else value for name, value in (data or {}).items()}
        return self._client.post(url, params=params, data=form, headers=headers)

    def get(self, url: str, *, params: Any = None, headers: Any = None, **_: Any) -> httpx2.Response:
        return self._client.get(url, params=params, headers=headers)

    def close(self) -> None:
        self._client.close()
