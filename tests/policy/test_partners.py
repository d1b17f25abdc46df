"""Partners with a folder on a file transfer service, as a register has them."""

from datetime import date

import pytest

from gateway.errors import BadPack
from gateway.policy.snapshot import Liaison, Partner
from tests.policy.packs import small

DAY = date(2026, 11, 5)


def load(register: str):
    return small(**{"partners.yaml": register.encode()})


def test_a_partner_has_a_folder_an_account_and_liaisons():
    loaded = load(
        """
entries:
  - domain: university.example
    folder: university
    account: exuniv
    liaisons: [{name: Jo Smith, mailbox: Jo@University.example, phone: 860-555-0100}, {name: Max Weber}]
  - {domain: "*.university.example", folder: faculties}
  - {address: dean@university.example, folder: dean}
  - {domain: enrolled.example, name: Without a folder}
"""
    )

    liaisons = (Liaison("Jo Smith", "jo@university.example", "860-555-0100"), Liaison("Max Weber"))
    assert loaded.partner_of("a@university.example", "university.example", DAY) == Partner(
        "university.example", "university", "exuniv", liaisons
    )
    assert [str(liaison) for liaison in liaisons] == ["Jo Smith (jo@university.example, 860-555-0100)", "Max Weber"]
    assert loaded.partner_of("a@law.university.example", "law.university.example", DAY).folder == "faculties"
    assert loaded.partner_of("dean@university.example", "university.example", DAY).folder == "dean"
    assert loaded.partner_of("a@enrolled.example", "enrolled.example", DAY) is None
    assert {partner.folder for partner in loaded.partners} == {"university", "faculties", "dean"}


def test_a_register_that_is_too_old_has_no_partners():
    loaded = load("as_of: 2026-10-01\nvalid_for: 30d\nentries: [{domain: university.example, folder: university}]\n")

    assert loaded.partner_of("a@university.example", "university.example", date(2026, 10, 30)) is not None
    assert loaded.partner_of("a@university.example", "university.example", date(2026, 10, 31)) is None


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{domain: u.example, account: exuniv}", "are about a `folder:`"),
        ("{domain: u.example, liaisons: [{name: Jo}]}", "are about a `folder:`"),
        ("{domain: u.example, folder: ../elsewhere}", "the name of a folder alone"),
        ("{domain: u.example, folder: a/b}", "the name of a folder alone"),
        ("{domain: u.example, folder: u, liaisons: [{mailbox: jo@u.example}]}", "name"),
    ],
)
def test_what_is_written_wrong_is_said_with_its_place(entry, says):
    with pytest.raises(BadPack) as bad:
        load(f"entries:\n  - {entry}\n")

    (problem, *_) = bad.value.problems
    assert problem.file == "partners.yaml"
    assert problem.line == 2
    assert says in problem.says
