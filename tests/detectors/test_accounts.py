"""Sort codes with account numbers; and the dates, invoices, readings and amounts that stand behind a customer's account number."""

import time

import pytest

from gateway.detectors import scan
from gateway.model.finding import Patterns, Place

ASKED = Patterns(detectors=frozenset({"uk-bank-account"}))


def found(text: str) -> int:
    return sum(item.count for item in scan([(Place.FIRST_LINE, "body", text)], ASKED))


@pytest.mark.parametrize(
    "text",
    [
        # A day of the month to look at, and a sort code by its word, wherever that stands.
        "Sort code 12/11/24 account 12345678",
        "s/c: 12.11.24 acc 12345678",
        "sc: 20/04/05 12345678",
        "sort: 20.04.05 12345678",
        "Sort code no. 20/04/05, a/c 55779911",
        "Account number 12345678, sort code 20/04/05",
        "Acc no. 55779911 S/C 20/04/05",
        "Account number: 12345678 Sort: 12.11.24",
        "account number 12345678\nsortcode 12/11/24",
        "account number / sort code: 12345678 / 20.04.05",
        "12345678 12/11/24 (account number / sort code)",
        "Account number: 12345678\nBill date: 12/11/24\nSort code: 20-04-05",
        "Account number 12345678 invoice 123456 sort code 20-04-05",
        "Sort_code_20_04_05_Account_55779911",
        # With hyphens and without a word for a date, or where the words say that an account follows.
        "Bank details: 12-34-56 12345678",
        "Pay to 20-04-05 12345678, bank details of the school",
        "BACS 20-04-05 12345678",
        "Refund due: 20-04-05 12345678 (bank account no)",
        "Account no 12345678 20-04-05",
        "A/C 20/04/05 12345678",
        "a/c no. 20.04.05 12345678",
        "Account no 55779911 (20-04-05)",
        "Account 55779911, Barclays Reading 20-00-00",
        "Direct debit. Account no 55779911, bank Lloyds, 30-09-11",
        "Account no. 12345678 branch 200405",
        # What is paid is called by the account that it comes from.
        "BACS ref: 200000 70872490",
        "payer account 20-00-00 reference 55779911",
        "bank details: 200000 ref 55779911",
        # A word for something else, and one for a sort code.
        "Sort code on the invoice: 20-04-05, account 12345678",
        "Invoice 123456: please pay account 12345678, sort code 20-04-05",
    ],
)
def test_a_sort_code_that_could_be_a_day_is_one_by_its_word(text: str) -> None:
    assert found(text) == 1


@pytest.mark.parametrize("sign", ["\t", ",", " | ", ";"])
@pytest.mark.parametrize("code", ["20-04-0", "12-11-2"])
def test_the_columns_of_a_table_are_codes_and_accounts_whatever_stands_before_them(sign: str, code: str) -> None:
    for first in ("Name", "Date"):
        rows = [
            (first, "Sort code", "Account"),
            *[(word, f"{code}{at}", f"1234567{at}") for at, word in enumerate(("Invoice", "Paid", "Ref"))],
        ]

        assert found("\n".join(sign.join(row) for row in rows)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "Your account number: 10023456\nBill date: 12/11/24\nAmount due 23/11/24",
        "A/C 10023456 statement 12/11/24 to 11/12/24",
        "Customer Account No: 85012345\nOrder date 12.11.24",
        "Account number 12345678, invoice date 23-11-24",
        "Account No 85012345 | Date 12/11/24 | Due 23/11/24",
        "Account number: 85012345\nDate: 12-11-24",
        "Account no 85012345 issued on 12-11-24",
        "Account number 12345678, bill date 2024-11-12",
        "Account number: 100234\nBill date: 12/11/2024",
        "A/C 123456 dated 12112024",
        "Account opened 12-11-24, reference 12345678",
        "Date 12-11-24 Account number 12345678",
        "Date: 12/11/24 - 12345678 - a/c opened",
        "Account_no_85012345_12.11.24.pdf",
        "Account number 85012345, last login 10:15:30",
        "Account number 85012345 period 231124",
        "Account number: 85012345 Council Tax 2024/25",
        "Account number 85012345, tax year 2024-25",
        "Account no. 85012345\nInvoice no. 123456",
        "Account no: 100234\nOrder no: 12345678",
        "Account number 85012345 meter reading 012345",
        "Account number: 85012345\nMeter number: 123456",
        "Account no. 85012345, customer reference 123456",
        "Account number 85012345. Your PIN is 123456",
        "Account no. 85012345 tel 580000",
        "Direct debit. Account no. 85012345, customer reference 123456",
        "Paid by direct debit, account 85012345, ref 123456",
        "Paid by BACS, invoice ref 123456, account 85012345",
        "Direct debit due 12/11/24, account number 85012345",
        "Payee 100234: invoice number 12345678",
        "Account number 85012345 balance \u00a31234.56",
        "Account number: 85012345\nAmount due: \u00a3123456",
        "Account number 123456 balance \u00a3123456.78",
        "Never tell your sort code to callers. Your account number: 10023456\nBill date: 12/11/24",
        "Account number: 10023456\nBill date: 12/11/24. Have your sort code ready.",
    ],
)
def test_an_account_number_with_something_else_is_no_bank_account(text: str) -> None:
    """Found: every bill with a number of the customer and a date was one."""
    assert found(text) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        "a/c 12345678 12/11/24 ",
        "Account no 12345678 invoice 123456\n",
        "a/c 12-11-24 12345678 (sort sort sort ",
        "sort code s/c a/c 12345678 12/11/24 ",
        "bacs payer ref 123456 ref 12345678 ",
    ],
)
def test_many_that_are_something_else_cost_no_time(piece: str) -> None:
    start = time.process_time()
    found(piece * (300_000 // len(piece)))

    assert time.process_time() - start < 2
