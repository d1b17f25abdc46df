"""Real samples, made on the spot: documents, archives, pictures and messages. Pure and deterministic.

The same arguments give the same octets on every run: dates are fixed, and "random" octets come from a hash of a seed.
The only exception is `encrypted_docx`, whose library draws its own salt.
"""

from tests.build.archives import encrypted_docx, zip_of
from tests.build.labels import Label
from tests.build.messages import message
from tests.build.octets import noise, png, prose
from tests.build.pdfs import pdf
from tests.build.presentations import pptx
from tests.build.spreadsheets import xlsx
from tests.build.words import docx

__all__ = ["Label", "docx", "encrypted_docx", "message", "noise", "pdf", "png", "pptx", "prose", "xlsx", "zip_of"]
