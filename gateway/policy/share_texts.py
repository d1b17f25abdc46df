"""What is said of shared files where a pack has no text of its own: English, one text for each kind of place, and one for the sender.

A pack's `guidance/share-<kind>.<language>.md` takes their place, and gives further languages. How they are written: rules/README.md.
"""

from __future__ import annotations

OWN = """---
title: a link instead of files
known_by: the, and, of, to, for, is, are, you, your, please, with, have, from, attached, this, that, dear, regards, thanks, will
---
**These files are not in this email. You can fetch them by a link of your own.**

- File {number}: {what}

[Open the files]({link})
Access key, if the page asks for it: {access_key}

Until {until}. The page sends a code to {to}, and opens when you enter it. The link works for nobody else: do not pass it on.

This is how {organisation} sends files that should not travel in an email. Questions about them: {sender}.
"""

ONEDRIVE = """---
title: a link instead of files
known_by: the, and, of, to, for, is, are, you, your, please, with, have, from, attached, this, that, dear, regards, thanks, will
---
**These files are not in this email. You can fetch them from OneDrive.**

- File {number}: {what}

[Open the files]({link})

Until {until}. If Microsoft asks who you are, use {to}.

This is how {organisation} sends files that are large. Questions about them: {sender}.
"""

SFTP = """---
title: files by SFTP instead of email
known_by: the, and, of, to, for, is, are, you, your, please, with, have, from, attached, this, that, dear, regards, thanks, will
---
**These files are not in this email. They are in your folder on the file transfer service.**

- File {number}: {what}

Folder: {folder}
Host: {host}, port {port}
User: {user}
Fingerprint of the host's key: {fingerprint}

How: start FileZilla or WinSCP, choose SFTP, and sign in with the account that you have there. Compare the fingerprint the first time.
A file of up to 1.5 GB can also be fetched with a browser: {web}

They are deleted after {until}.

Your contact for file transfer: {liaison}

Questions about the files: {sender}.
"""

CRYPTSHARE = """---
title: files by Cryptshare instead of email
known_by: the, and, of, to, for, is, are, you, your, please, with, have, from, attached, this, that, dear, regards, thanks, will
---
**These files are not in this email. You can fetch them from Cryptshare.**

- File {number}: {what}

[Open the files]({link})

Until {until}.
Cryptshare asks for a password: {password_from} tells you, by telephone or another way than email.

This is how {organisation} sends files that should not travel in an email. Questions about them: {sender}.
"""

RECEIPT = """---
title: a link instead of your files
---
These files travel by link, for the people who may have them. Each has a link of their own, which opens with a code sent to their mailbox:

{files}

They can be fetched until {until}.

[See who has fetched what, or take the links back]({link})
Access key, if the page asks for it: {access_key}

You need do nothing. A link that is passed on does not open: whoever needs the files as well, send them to that person yourself.
"""

RECEIPT_ONEDRIVE = """---
title: a link instead of your files
---
These files went to OneDrive, where each of the people has a link of their own:

{files}

They can be fetched until {until}, and are deleted then.

You need do nothing. Should a file be taken back, ask at once and say {case}: {help}
"""

RECEIPT_SFTP = """---
title: your files by SFTP
---
These files went to the file transfer service, into the folders of the people's organisations, and how to fetch them stands in their email:

{files}

They are deleted after {until}.

You need do nothing. Should a file be taken back, ask at once and say {case}: {help}
"""

RECEIPT_CRYPTSHARE = """---
title: your files by Cryptshare
---
These files went to Cryptshare, where each of the people has a link of their own:

{files}

They can be fetched until {until}.

Password, which you tell them yourself, by telephone or another way than email: {password}

Should a file be taken back, ask at once and say {case}: {help}
"""

ENGLISH = {
    "share-own": OWN,
    "share-onedrive": ONEDRIVE,
    "share-sftp": SFTP,
    "share-cryptshare": CRYPTSHARE,
    "share-receipt": RECEIPT,
    "share-receipt-onedrive": RECEIPT_ONEDRIVE,
    "share-receipt-sftp": RECEIPT_SFTP,
    "share-receipt-cryptshare": RECEIPT_CRYPTSHARE,
}
