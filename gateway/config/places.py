"""[place.NAME]: where the files of a share route go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field, model_validator

from gateway.config.addresses import Service, Site
from gateway.config.values import FolderName, PublicKey, Seconds, Section, ShownFolder, TransferAddress


class OwnPlace(Section):
    """[place.NAME] kind = "own": our vault and our pages. Until when, how often: the route of the pack says it."""

    kind: Literal["own"]


class OneDrivePlace(Section):
    """[place.NAME] kind = "onedrive": OneDrive for Business or a SharePoint library, by Microsoft Graph."""

    kind: Literal["onedrive"]
    tenant: str = Field(min_length=1)  # of the organisation: its id, or a domain of it
    client_id: str = Field(min_length=1)  # of the registered application
    key: Path  # PEM, the private key of its certificate
    cert: Path  # PEM, the certificate that was uploaded to the application
    user: str = ""  # whose OneDrive: files@example.gov.uk
    site: str = ""  # or which site: example.sharepoint.com:/sites/files
    drive: str = ""  # or which drive, by its id
    folder: FolderName = "Outgate"  # below the root of the drive, ours alone
    link: Literal["people", "organisation", "anyone"] = "people"  # for whom links open
    login: Site = "https://login.microsoftonline.com"  # national clouds have their own
    graph: Service = "https://graph.microsoft.com/v1.0"
    ca: Path | None = None  # default: the system's trust store
    uploads: int = Field(default=4, ge=1)  # shares at the same time, of each process

    @property
    def where(self) -> str:
        """The path of the drive in Graph."""
        if self.user:
            return f"/users/{quote(self.user)}/drive"
        return f"/sites/{quote(self.site, safe=':/')}:/drive" if self.site else f"/drives/{quote(self.drive)}"

    @model_validator(mode="after")
    def _one_drive(self) -> OneDrivePlace:
        if sum(map(bool, (self.user, self.site, self.drive))) != 1:
            msg = "needs one of `user`, `site` and `drive`: whose OneDrive it is"
            raise ValueError(msg)
        return self


class SftpPlace(Section):
    """[place.NAME] kind = "sftp": a service where each partner has a folder, named in the pack's register."""

    kind: Literal["sftp"]
    host: str = Field(min_length=1)
    port: int = Field(default=22, ge=1, le=65535)
    user: str = Field(min_length=1)
    key: Path  # our private key, as OpenSSH writes it
    host_keys: tuple[PublicKey, ...] = Field(min_length=1)  # the service's: any other is refused
    folder: str = "."  # where the partners' folders are, as we see it after the login
    shown_host: str = ""  # how partners call the service; default: host and port
    shown_port: int = Field(default=22, ge=1, le=65535)
    shown_folder: ShownFolder = "/{folder}"  # a partner's folder, as they see it after their login
    web_url: Site = ""  # a page of the service for browsers, where there is one: for files of up to 1.5 GB
    verify: Literal["read", "size"] = "read"  # what was written is read back and compared, or only its size
    connect_timeout: Seconds = 15.0
    uploads: int = Field(default=4, ge=1)


class CryptsharePlace(Section):
    """[place.NAME] kind = "cryptshare": a Cryptshare server, by its REST API 1.12 or later."""

    kind: Literal["cryptshare"]
    url: Service
    client_id: Path  # a file with the client id that the server's administrator registered; as secret as a password
    opens_with: Literal["password", "link"] = "password"  # the sender gets it with the receipt, and tells it another way than by email
    link: TransferAddress = ""  # where people download, {transfer} in it; default: as the server says it
    phone: str = "-"  # shown to recipients beside the sender's address
    ca: Path | None = None
    uploads: int = Field(default=4, ge=1)


Place = Annotated[OwnPlace | OneDrivePlace | SftpPlace | CryptsharePlace, Field(discriminator="kind")]
PLACES: dict[str, type[Section]] = {"own": OwnPlace, "onedrive": OneDrivePlace, "sftp": SftpPlace, "cryptshare": CryptsharePlace}
