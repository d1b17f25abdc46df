"""A file to Settings; every mistake has its line, the key it is in, and a way out."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path

from pydantic import BaseModel, ValidationError

from gateway.config.places import PLACES
from gateway.config.sections import Database, Hop, Listener, Portal, SigningDomain, VaultPlace
from gateway.config.settings import Settings
from gateway.errors import BadConfig, Problem

_NAMED = {"listen": "main", "next_hop": "internet", "place": "own", "dkim": '"example.gov.uk"'}  # tables of sections, and a name for one
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(?:\.|$)""")


def load(path: Path) -> Settings:
    """Read outgate.toml. Relative paths in it are relative to its own folder.

    Raises:
        BadConfig: with a Problem for everything that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a byte order mark before it
        raw = tomllib.loads(text)
    except OSError as error:
        raise BadConfig((Problem(str(path), 0, 0, f"cannot be read: {error.strerror}; name another file with --config"),)) from error
    except UnicodeDecodeError as error:
        raise BadConfig((_not_unicode(path, error),)) from error
    except tomllib.TOMLDecodeError as error:
        raise BadConfig((_syntax(path, error),)) from error
    try:
        return _absolute(Settings.model_validate(raw).standing_at(path), path.parent.resolve())
    except ValidationError as error:
        raise BadConfig(tuple(dict.fromkeys(_problem(path, text, dict(item)) for item in error.errors()))) from error


def _not_unicode(path: Path, error: UnicodeDecodeError) -> Problem:
    before = error.object[: error.start]
    column = len(before) - before.rfind(b"\n")
    return Problem(str(path), before.count(b"\n") + 1, column, "is not UTF-8 here; save the file as UTF-8")


def _syntax(path: Path, error: Exception) -> Problem:
    place = re.search(r"at line (\d+), column (\d+)", str(error))
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    advice = '; text stands in straight quotation marks ("..."), yes and no are true and false' if "Invalid value" in str(error) else ""
    return Problem(str(path), line, column, f"is no TOML: {error}{advice}")


def _problem(path: Path, text: str, item: dict[str, object]) -> Problem:
    where = tuple(str(key) for key in item["loc"]) if isinstance(item["loc"], tuple) else ()
    kind = where[2] if where[:1] == ("place",) and len(where) > 2 else ""  # Pydantic names the member of a union, too
    where = (*where[:2], *where[3:]) if kind else where
    says = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        says = f"unknown key `{where[-1]}`{_advice(where, kind)}"
    elif item["type"] == "missing":
        says = "is missing"
    elif item["type"] == "tuple_type" and isinstance(item["input"], str):
        says = f'is a list; write {where[-1]} = ["{item["input"]}"], in brackets also where it is one'
    elif item["type"] in ("model_type", "model_attributes_type", "dict_type") and where[0] in _NAMED:
        where = where[:1]
        says = f"each has a name of its own; write [{where[0]}.{_NAMED[where[0]]}]"
    elif not where and (named := re.match(r"([a-z_]+(?:\.[A-Za-z0-9_-]+)+) ", says)):
        where = tuple(named[1].split("."))
        says = says.removeprefix(named[0])
    elif item["type"] in ("union_tag_invalid", "union_tag_not_found"):
        says = f"`kind` says what sort of place it is; there are: {', '.join(PLACES)}"
    return Problem(str(path), _line(text, where), 1, f"{'.'.join(where) or 'the file'}: {says}")


def _line(text: str, where: tuple[str, ...]) -> int:
    """The line of a key in its own section, else that of the section; 0 when neither stands there in the usual form."""
    section: tuple[str, ...] = ()
    nearest = 0
    for number, row in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", row):
            section = tuple("".join(key) for key in _KEY.findall(header[1]))
            nearest = nearest or (number if section and where and _agree(section, where) else 0)
        elif (key := re.match(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\")\s*=", row)) and (*section, key[1].strip('"')) == where[: len(section) + 1]:
            return number
    return nearest


def _agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """One begins with the other."""
    least = min(len(one), len(other))
    return one[:least] == other[:least]


def _advice(where: tuple[str, ...], kind: str) -> str:
    tables = {"listen": Listener, "next_hop": Hop, "place": PLACES.get(kind), "portal": Portal, "dkim": SigningDomain}
    sections = {name: field.annotation for name, field in Settings.model_fields.items()} | tables
    keys = {name: list(model.model_fields) for name, model in sections.items() if isinstance(model, type) and issubclass(model, BaseModel)}
    home = next((name for name, names in keys.items() if where[-1] in names and name not in ("listen", "next_hop", "dkim", where[0])), None)
    if home is not None:
        return f"; it belongs below [{home}]: is that line there, and no # before it?"
    names = keys.get(where[0], []) if len(where) > 1 else list(Settings.model_fields)
    close = difflib.get_close_matches(where[-1], names, 1)
    return f"; did you mean `{close[0]}`?" if close else f"; there are: {', '.join(names)}"


def _absolute(settings: Settings, base: Path) -> Settings:
    """Every path in the settings, seen from the folder of the file."""

    def fix(model: BaseModel) -> dict[str, object]:
        changed: dict[str, object] = {}
        for name in type(model).model_fields:
            value = getattr(model, name)
            if isinstance(value, Path):
                changed[name] = base / value
            elif isinstance(value, BaseModel):
                changed[name] = value.model_copy(update=fix(value))
            elif isinstance(value, dict):
                changed[name] = {
                    key: base / item if isinstance(item, Path) else item.model_copy(update=fix(item)) for key, item in value.items()
                }
        return changed

    settings = settings.model_copy(update=fix(settings))
    url = settings.database.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{base / url.removeprefix('sqlite:///')}"
    return settings.model_copy(
        update={"database": Database(url=url), "vault": settings.vault.model_copy(update=_absolute_vault(settings.vault, base))}
    )


def _absolute_vault(vault: VaultPlace, base: Path) -> dict[str, object]:
    return {} if vault.folder is None else {"url": str(base / vault.folder)}
