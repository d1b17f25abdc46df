"""The composition root: which edge serves which port, and what each command does. Nothing else names an edge.

A command loads only what it needs: `outgate hold list` must not wait for what reads PDF.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.app.cases import ask as ask
    from gateway.app.cases import export_audit as export_audit
    from gateway.app.cases import list_holds as list_holds
    from gateway.app.cases import save_message as save_message
    from gateway.app.cases import show_hold as show_hold
    from gateway.app.cases import verify_audit as verify_audit
    from gateway.app.dkim import check_dkim as check_dkim
    from gateway.app.dkim import new_dkim_key as new_dkim_key
    from gateway.app.doctor import doctor as doctor
    from gateway.app.serving import serve as serve
    from gateway.app.shares import list_shares as list_shares
    from gateway.app.shares import purge_share as purge_share
    from gateway.app.shares import revoke_share as revoke_share
    from gateway.app.shares import show_share as show_share
    from gateway.app.studio import check_pack as check_pack
    from gateway.app.studio import explain as explain
    from gateway.app.studio import test_pack as test_pack
    from gateway.app.studio import without_settings as without_settings
    from gateway.app.vault_care import check_vault as check_vault
    from gateway.app.vault_care import sweep_vault as sweep_vault
    from gateway.app.vault_keys import list_keys as list_keys
    from gateway.app.vault_keys import retire_keys as retire_keys
    from gateway.app.vault_keys import rotate_keys as rotate_keys

_HOMES = {
    "ask": "cases",
    "check_dkim": "dkim",
    "check_pack": "studio",
    "check_vault": "vault_care",
    "doctor": "doctor",
    "explain": "studio",
    "export_audit": "cases",
    "list_holds": "cases",
    "list_keys": "vault_keys",
    "list_shares": "shares",
    "new_dkim_key": "dkim",
    "purge_share": "shares",
    "retire_keys": "vault_keys",
    "revoke_share": "shares",
    "rotate_keys": "vault_keys",
    "save_message": "cases",
    "serve": "serving",
    "show_hold": "cases",
    "show_share": "shares",
    "sweep_vault": "vault_care",
    "test_pack": "studio",
    "verify_audit": "cases",
    "without_settings": "studio",
}


def __getattr__(name: str) -> Any:
    """PEP 562: found in its module when first asked for."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"gateway.app.{_HOMES[name]}"), name)
