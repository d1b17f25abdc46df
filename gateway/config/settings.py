"""All of outgate.toml as one frozen noun."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from gateway.config.places import PLACES, OwnPlace, Place
from gateway.config.sections import (
    Database,
    Examine,
    Hop,
    Listener,
    NoticesPlace,
    Organisation,
    PolicySource,
    Portal,
    Processes,
    Retention,
    SigningDomain,
    VaultPlace,
)
from gateway.config.values import Section, check_domain
from gateway.errors import BadConfig, Problem

_SIGNING_KEYS = SigningDomain.model_fields.keys()  # of [dkim."DOMAIN"]


def _quoted(value: object) -> object:
    """[dkim.example.gov.uk] is dkim, example, gov and uk to TOML; what a person means by it is clear."""
    for name, section in value.items() if isinstance(value, dict) else ():
        path, inside = [name], section
        while "." not in name and isinstance(inside, dict) and not _SIGNING_KEYS & inside.keys() and inside:
            path.append(next(iter(inside)))
            inside = inside[path[-1]]
        if len(path) > 1 and isinstance(inside, dict):
            msg = f'a domain has dots, so TOML wants it in quotation marks: [dkim."{".".join(path)}"]'
            raise ValueError(msg)
        check_domain(name)
    return value


class Settings(Section):
    """All of outgate.toml."""

    organisation: Organisation
    listen: dict[str, Listener] = Field(min_length=1)
    next_hop: dict[str, Hop] = Field(min_length=1)
    policy: PolicySource
    database: Database = Database()
    vault: VaultPlace = VaultPlace()
    examine: Examine = Examine()
    notices: NoticesPlace
    place: dict[str, Place] = Field(default_factory=dict)
    dkim: Annotated[dict[str, SigningDomain], BeforeValidator(_quoted)] = Field(default_factory=dict)
    retention: Retention = Retention()
    portal: Portal | None = None
    processes: Processes = Processes()
    _file: Path = PrivateAttr(default=Path("outgate.toml"))

    @property
    def file(self) -> Path:
        """Where they stand, as the person named it: for what is said of them."""
        return self._file

    def standing_at(self, file: Path) -> Settings:
        """Noted for `file`; it is no setting itself."""
        self._file = file
        return self

    def wrong(self, says: str) -> BadConfig:
        """An error that no reading of the file shows: what it names is not there, or is taken."""
        return BadConfig((Problem(str(self._file), 0, 0, says),))

    @model_validator(mode="after")
    def _notices_have_a_way(self) -> Settings:
        if self.notices.next_hop not in self.next_hop:
            msg = f"notices.next_hop names `{self.notices.next_hop}`, which is no [next_hop.NAME]; there are: {', '.join(self.next_hop)}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _links_lead_somewhere(self) -> Settings:
        own = [name for name, place in self.place.items() if PLACES[place.kind] is OwnPlace]
        if own and self.portal is None:
            msg = f"place.{own[0]} is our own, and its links lead to the portal: add [portal] with url"
            raise ValueError(msg)
        return self
