"""Links to services that share files: a way out that no route of a pack knows of. Pure.

A link counts when it leads to a file or folder (it has a path), to a service that the pack has not approved. It may stand in another
address, as those do that a mail system has rewritten (`?url=https%3A%2F%2Fwww.dropbox.com%2F...`). A tenant's own site is approved by its
whole name: `example.sharepoint.com` is not all of SharePoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Domains of services at which anybody can share a file with anybody. What is below one belongs to it.
SERVICES = """
1drv.ms 1fichier.com 4shared.com acrobat.adobe.com airdroid.com anonfiles.com app.box.com attach.io bayfiles.com box.com
box.net clicknupload.org cloud.mail.ru cloudapp.com d.pr dataroom.ansarada.com db.tt disk.yandex.com disk.yandex.ru
docs.google.com docsend.com drive.google.com drive.proton.me dropbox.com dropboxusercontent.com dropmefiles.com egnyte.com
file.io filebin.net filedropper.com filemail.com files.fm filetransfer.io firefox.send.com fromsmash.com gofile.io
hightail.com icedrive.net icloud.com internxt.com jottacloud.com jumpshare.com kdrive.infomaniak.com koofr.eu krakenfiles.com
letsupload.io livedrive.com mediafire.com mega.co.nz mega.io mega.nz mimecast-lfs.com my.sharepoint.com onedrive.com
onedrive.live.com pan.baidu.com pastebin.com pcloud.com pixeldrain.com put.io qfile.cloud rapidgator.net rapidshare.com
secure.sharefile.com send-anywhere.com send.vis.ee sendbig.com sendgb.com sendspace.com sharefile.com sharepoint.com smash.com
spideroak.com storage.googleapis.com sugarsync.com swisstransfer.com sync.com syncthing.net temp.sh terabox.com teraboxapp.com
transfer.pcloud.com transfer.sh transferbigfiles.com transfernow.net transferxl.com tresorit.com u.pcloud.link ufile.io
upload.ee uploadfiles.io volafile.org we.tl wetransfer.com workdrive.zoho.com workupload.com wormhole.app yadi.sk
yousendit.com zippyshare.com
""".split()  # noqa: SIM905 - a list of so many would be two pages


LINKS = {False: "link-out", True: "link-out-quoted"}  # the detector, by whether a link is quoted


def link_pattern(services: Iterable[str]) -> str:
    """re2: a link to one of these services or of the well-known ones; the host as group 1, the path as group 2."""
    names = "|".join(re.escape(name) for name in sorted({*SERVICES, *(service.removeprefix("*.") for service in services)}))
    return (
        rf"(?i)(?:^|[^a-z0-9.\-%]|%2f)((?:[a-z0-9\-]{{1,63}}\.){{0,6}}(?:{names}))(?::[0-9]{{1,5}})?(?:/|%2f)([^\s\"'<>|\\^`{{}}]{{1,200}})"
    )


def is_approved(host: str, approved: frozenset[str]) -> bool:
    """Whether the pack knows this host: by its name, or everything below one."""
    if host in approved:
        return True
    labels = host.split(".")
    return any(f"*.{'.'.join(labels[at:])}" in approved for at in range(1, len(labels)))
