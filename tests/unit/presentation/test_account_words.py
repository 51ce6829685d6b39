from dataclasses import replace
from datetime import UTC, datetime

import pytest

from masking_console.models.account import (
    AccountEntry,
    AccountList,
    AccountSource,
    LastCheck,
)
from masking_console.models.plain_text import plain_text
from masking_console.presentation.accounts import (
    account_cells,
    account_detail,
    auth_id_hint,
    list_words,
    protection_words,
    removed_words,
    replaced_words,
)

STORED = AccountEntry("acme-prod", "MA..7Q2X", AccountSource.KEYRING)
IN_MEMORY = replace(STORED, source=AccountSource.MEMORY)
ENV = AccountEntry("env", "MA..44TT", AccountSource.ENVIRONMENT)
CHECKED = LastCheck(
    "ok", datetime(2026, 3, 4, 12, 1, tzinfo=UTC), plain_text("Acme Logistics Pvt Ltd")
)


def test_an_account_is_a_row_with_its_latest_check() -> None:
    assert account_cells(replace(STORED, last_check=CHECKED)) == (
        "ACME-PROD",
        "MA..7Q2X",
        "OS keyring",
        "12:01 UTC  ok",
    )
    assert account_cells(ENV) == ("env", "MA..44TT", "PLIVO_AUTH_TOKEN", "never")


def test_the_detail_says_the_name_at_plivo_and_the_protection() -> None:
    entry = replace(STORED, protected=True, last_check=CHECKED)

    assert account_detail(entry) == (
        "ACME-PROD   account name at Plivo: Acme Logistics Pvt Ltd\n"
        "            protected: yes "
        "(starts with writes off, always asks for its name)"
    )
    assert account_detail(STORED) == (
        "ACME-PROD   account name at Plivo: not known yet\n            protected: no"
    )
    assert "protected: yes, by the configuration (starts" in account_detail(
        replace(entry, protected_by_config=True)
    )
    assert account_detail(replace(ENV, problem="Set it.")) == "Set it."


def test_the_words_below_the_list_say_what_there_is_to_know() -> None:
    keyring = "Keyring: Secret Service, unlocked."
    full = AccountList((STORED,), keyring, keyring_works=True)
    empty = AccountList((), keyring, keyring_works=True)
    broken = AccountList((), "The keyring is locked.", keyring_works=False)

    assert list_words(full, is_environment_unused=False) == keyring
    assert list_words(full, is_environment_unused=True) == (
        f"{keyring}\nEnvironment variables are set but not in use."
    )
    assert list_words(empty, is_environment_unused=False) == (
        "No account yet. You need the Auth ID and Auth Token\n"
        f"from the Plivo console home page.\n\n{keyring}"
    )
    assert list_words(broken, is_environment_unused=False) == "The keyring is locked."


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            STORED,
            "ACME-PROD is removed. The keyring was read again: its token is gone.",
        ),
        (IN_MEMORY, "ACME-PROD is removed. Its token was never stored."),
    ],
)
def test_a_removal_is_reported_with_its_proof(entry: AccountEntry, words: str) -> None:
    assert removed_words(entry, is_in_use=False) == words
    assert removed_words(entry, is_in_use=True) == (
        f"{words}\nThis console uses it until you choose another."
    )


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            STORED,
            "ACME-PROD has a new token. Plivo took it, and the keyring reads it back.",
        ),
        (
            IN_MEMORY,
            "ACME-PROD has a new token. Plivo took it. It is kept for this run only.",
        ),
    ],
)
def test_a_new_token_is_reported_with_its_proof(
    entry: AccountEntry, words: str
) -> None:
    assert replaced_words(entry, is_in_use=False) == words
    assert replaced_words(entry, is_in_use=True) == (
        f"{words}\nThis console uses it from now on."
    )


def test_a_change_of_protection_is_reported_with_its_proof() -> None:
    assert protection_words(STORED, protected=True) == (
        "ACME-PROD is protected. The keyring reads it back."
    )
    assert protection_words(IN_MEMORY, protected=False) == (
        "ACME-PROD is no longer protected. That holds for this run only."
    )


@pytest.mark.parametrize(
    ("typed", "meanwhile", "in_the_end"),
    [
        ("", "", ""),
        ("M", "", "An Auth ID has 20 characters. This has 1."),
        ("MAACME", "", "An Auth ID has 20 characters. This has 6."),
        (" MAACME00000000007Q2X ", "", ""),
        (
            "MAACME00000000007Q2XX",
            "An Auth ID has 20 characters. This has 21.",
            "An Auth ID has 20 characters. This has 21.",
        ),
        (
            "maACME00000000007Q2X",
            "An Auth ID starts with MA or SA, in capitals.",
            "An Auth ID starts with MA or SA, in capitals.",
        ),
        (
            "MAACME-PROD",
            "An Auth ID has letters and digits alone.",
            "An Auth ID has letters and digits alone.",
        ),
        (
            "MAACMÉ",
            "An Auth ID has letters and digits alone.",
            "An Auth ID has letters and digits alone.",
        ),
        (
            "SA",
            "This is a sub-account id. Masking may need the main account (MA...).",
            "An Auth ID has 20 characters. This has 2.",
        ),
        (
            "SAACME00000000007Q2X",
            "This is a sub-account id. Masking may need the main account (MA...).",
            "This is a sub-account id. Masking may need the main account (MA...).",
        ),
    ],
)
def test_an_auth_id_is_explained_as_it_is_typed_and_when_it_is_complete(
    typed: str, meanwhile: str, in_the_end: str
) -> None:
    assert auth_id_hint(typed, is_complete=False) == meanwhile
    assert auth_id_hint(typed, is_complete=True) == in_the_end


def test_an_account_with_a_command_says_which_and_what_it_hides() -> None:
    entry = replace(STORED, program=plain_text("/usr/bin/op"), hides_stored=True)
    assert account_detail(entry) == (
        "ACME-PROD   account name at Plivo: not known yet\n"
        "            protected: no\n"
        "            its token: /usr/bin/op, which runs at each start\n"
        "            the keyring has one of this name too, which is not used"
    )
