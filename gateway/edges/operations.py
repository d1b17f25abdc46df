"""Named writes: plain functions over an open transaction, found by name, many carried out in one commit.

In: requests, a name and a JSON payload each. Out: an answer for each, after the commit. Everything that changes the database is one of
these, whether the recorder process carries it out (SQLite) or a thread of this process (PostgreSQL).
One that fails is rolled back alone and only its caller hears of it; when the database itself fails nothing of the batch is kept.
What is told once more because nobody knows whether it was committed says so: {"again": true} in its payload.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError

from gateway.edges.database import to_try_later
from gateway.errors import OutgateError, TryLater

log = logging.getLogger(__name__)

Payload: TypeAlias = dict[str, Any]
Run: TypeAlias = Callable[[Connection, Payload], Payload]
RunMany: TypeAlias = Callable[[Connection, list[tuple[str, Payload]]], None]

# What is wrong with one request. Every other error of a driver is the state of the database: read-only, full, damaged, gone.
OWN_FAULT = (IntegrityError, DataError, ProgrammingError)
# To PostgreSQL these are ProgrammingError: a right, a table or a column that is not there. SQLite says OperationalError.
NOT_THERE = frozenset({"42501", "42P01", "42703"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One named write."""

    name: str
    run: Run
    repeatable: bool  # carried out twice it does what once does, so it may be asked again when nobody knows


@dataclass(frozen=True, slots=True)
class Request:
    """One wish. A tell has nobody who waits for its answer."""

    name: str
    payload: Payload
    is_tell: bool = False

    def again(self) -> Request:
        """The same wish, for when it may have been carried out already."""
        return replace(self, payload=told_again(self.payload))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it, committed; or why not."""

    result: Payload | None = None
    error: OutgateError | None = None
    is_down: bool = False  # the database did not take it: a tell must be tried again
    is_certain: bool = True  # False: it failed in COMMIT, so it may have been kept all the same


_operations: dict[str, Operation] = {}
_many: dict[str, RunMany] = {}


def operation(name: str, *, repeatable: bool = False) -> Callable[[Run], Run]:
    """Register a function as the operation `family.verb`."""

    def register(run: Run) -> Run:
        _operations[name] = Operation(name, run, repeatable)
        return run

    return register


def many(family: str) -> Callable[[RunMany], RunMany]:
    """Register how a family carries out a series of tells at once, in order; any of them may also come alone."""

    def register(run: RunMany) -> RunMany:
        _many[family] = run
        return run

    return register


def told_again(payload: Payload) -> Payload:
    return payload | {"again": True}


def is_repeatable(name: str) -> bool:
    return _operations[name].repeatable


def carry_out(engine: Engine, requests: Sequence[Request]) -> list[Answer]:
    """All of them in one commit; when that fails, each in its own, so that one cannot harm the others."""
    answers = _in_one_commit(engine, requests)
    if len(requests) == 1 or not answers[0].is_down:
        return answers
    alone: list[Answer] = []
    for request in requests:
        is_hopeless = len(alone) > 1 and alone[-1].is_down and alone[-2].is_down
        alone += alone[-1:] if is_hopeless else _in_one_commit(engine, (request,))
    return alone


def _in_one_commit(engine: Engine, requests: Sequence[Request]) -> list[Answer]:
    is_committing = False
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            answers = _each(connection, requests)
            is_committing = True
            transaction.commit()
    except SQLAlchemyError as error:
        failed = Answer(error=to_try_later(error, requests[0].name), is_down=True, is_certain=not is_committing)
        return [failed] * len(requests)
    return answers


def _each(connection: Connection, requests: Sequence[Request]) -> list[Answer]:
    """In the order given; neighbouring tells of a family together."""
    answers: list[Answer] = []
    for is_tell, group in groupby(requests, key=lambda request: request.is_tell):
        if is_tell:
            answers += _tells(connection, list(group))
        else:
            answers += [_guarded(connection, request.name, request.payload) for request in group]
    return answers


def _tells(connection: Connection, requests: list[Request]) -> list[Answer]:
    """Families do not depend on one another, so each may take all of its own at once."""
    families: dict[str, list[Request]] = {}
    for request in requests:
        families.setdefault(request.name.partition(".")[0], []).append(request)
    for family, members in families.items():
        run = _many.get(family)
        if run is None or not _together(connection, run, members):
            for request in members:
                _guarded(connection, request.name, request.payload)
    return [Answer()] * len(requests)


def _together(connection: Connection, run: RunMany, requests: Iterable[Request]) -> bool:
    connection.exec_driver_sql("SAVEPOINT together")
    try:
        run(connection, [(request.name, request.payload) for request in requests])
    except Exception as error:
        if _is_down(error):
            raise
        log.exception("a series of writes failed; they are tried one by one")
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT together")
        return False
    connection.exec_driver_sql("RELEASE SAVEPOINT together")
    return True


def _guarded(connection: Connection, name: str, payload: Payload) -> Answer:
    """One operation that may fail without taking its neighbours along. What the database cannot do fails all."""
    connection.exec_driver_sql("SAVEPOINT one")
    try:
        answer = Answer(_operations[name].run(connection, payload))
    except OutgateError as error:
        answer = Answer(error=error)
    except SQLAlchemyError as error:
        if _is_down(error):
            raise
        answer = Answer(error=to_try_later(error, name))
    except Exception as error:
        log.exception("the operation %s failed", name)
        answer = Answer(error=TryLater(f"{name}: {type(error).__name__}"))
    if answer.error is not None:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT one")
    connection.exec_driver_sql("RELEASE SAVEPOINT one")
    return answer


def _is_down(error: Exception) -> bool:
    """Whether the database itself failed: then nothing of the batch is kept, and what was told is told again."""
    if not isinstance(error, DBAPIError):
        return False
    return not isinstance(error, OWN_FAULT) or getattr(error.orig, "sqlstate", None) in NOT_THERE


class Insert:
    """INSERT of many rows that meets a row with the same key peacefully: it stays, or takes the new values of the columns named.

    Written out for the driver, because every message pays for it. Both databases understand the same words.
    """

    def __init__(self, table: Table, *, update: tuple[str, ...] = ()) -> None:
        names = [column.name for column in table.columns]
        keys = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
        change = "UPDATE SET " + ", ".join(f'"{name}" = excluded."{name}"' for name in update) if update else "NOTHING"
        columns = ", ".join(f'"{name}"' for name in names)
        self._text = f'INSERT INTO "{table.name}" ({columns}) VALUES ({{}}) ON CONFLICT ({keys}) DO {change}'  # noqa: S608 - names of our own tables
        self._width = len(names)
        self._values = itemgetter(*names)

    def __call__(self, connection: Connection, rows: list[Payload]) -> None:
        if rows:
            mark = "?" if connection.dialect.name == "sqlite" else "%s"
            connection.exec_driver_sql(self._text.format(", ".join([mark] * self._width)), [self._values(row) for row in rows])
