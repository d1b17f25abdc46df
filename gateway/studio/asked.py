"""Conditions of a rule as an officer has written them, for a sentence about them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.policy.places import Places
from gateway.policy.rules import Ask, Policy

_UNITS = (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024), ("B", 1))
_KEYS = {("audience", "none"): "audience_not"}


def asked(asks: Iterable[Ask], policy: Policy) -> str:
    """`audience: outsiders` and `attachments: {above: 20MB}`."""
    return " and ".join(f"`{_one(ask, policy)}`" for ask in asks)


def _one(ask: Ask, policy: Policy) -> str:
    return f"{_KEYS.get((ask.fact, ask.how), ask.fact)}: {_value(ask, policy)}"


def _value(ask: Ask, policy: Policy) -> str:
    value: Any = ask.value
    if isinstance(value, Places):
        return ", ".join([*value.addresses, *value.domains, *(f"*.{name}" for name in value.below)])
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if ask.fact == "classification":
        level = "above: agreement" if ask.how == "above_agreement" else f"{ask.how}: {policy.ladder.names[value[1]]}"
        return f"{{of: {value[0]}, {level}}}"
    if ask.how in ("above", "at_most"):
        return f"{{{ask.how}: {_size(value)}}}"
    return f"{{{ask.how}: {value}}}"


def _size(octets: int) -> str:
    name, unit = next((name, unit) for name, unit in _UNITS if octets % unit == 0)
    return f"{octets // unit}{name}"
