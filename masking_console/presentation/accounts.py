"""Words of the screens of the accounts."""

from masking_console.models.account import AccountEntry, AccountList, AccountSource
from masking_console.presentation.display import hour_and_minute

NONE_YET = (
    "No account yet. You need the Auth ID and Auth Token\n"
    "from the Plivo console home page.\n"
)
ENVIRONMENT_SET = "Environment variables are set but not in use."
SUBACCOUNT = "This is a sub-account id. Masking may need the main account (MA...)."
STAYS_IN_USE = "This console uses it until you choose another."

_PROTECTED = "starts with writes off, always asks for its name"
_AUTH_ID_LENGTH = 20
_STARTS = ("MA", "SA")


def shown_name(entry: AccountEntry) -> str:
    """Return the name as it is shown: capitals for all but the environment's."""
    is_env = entry.source is AccountSource.ENVIRONMENT
    return entry.name if is_env else entry.name.upper()


def account_cells(entry: AccountEntry) -> tuple[str, str, str, str]:
    """Return name, Auth ID, source of the token, and latest check."""
    is_env = entry.source is AccountSource.ENVIRONMENT
    check = entry.last_check
    at = f"{hour_and_minute(check.checked_at)}  " if check.checked_at else ""
    source = "PLIVO_AUTH_TOKEN" if is_env else entry.source.value
    return shown_name(entry), entry.auth_id, source, f"{at}{check.words}"


def account_detail(entry: AccountEntry) -> str:
    """Return what is known of one account, in a line or two."""
    if entry.problem:
        return entry.problem
    name = shown_name(entry)
    at_plivo = entry.last_check.name_at_plivo or "not known yet"
    protected = f"yes ({_PROTECTED})" if entry.protected else "no"
    if entry.protected_by_config:
        protected = f"yes, by the configuration ({_PROTECTED})"
    lines = [f"account name at Plivo: {at_plivo}", f"protected: {protected}"]
    if entry.program:
        lines.append(f"its token: {entry.program}, which runs at each start")
    if entry.hides_stored:
        lines.append("the keyring has one of this name too, which is not used")
    before = [name, *[" " * len(name)] * 3]
    return "\n".join(map("   ".join, zip(before, lines, strict=False)))


def list_words(found: AccountList, *, is_environment_unused: bool) -> str:
    """Return how the keyring is doing, and what else there is to know of the list."""
    lines = [found.keyring]
    if found.keyring_works and not found.entries:
        lines.insert(0, NONE_YET)
    if is_environment_unused:
        lines.append(ENVIRONMENT_SET)
    return "\n".join(lines)


def removed_words(entry: AccountEntry, *, is_in_use: bool) -> str:
    """Return what was proved of a removal."""
    proof = (
        "The keyring was read again: its token is gone."
        if entry.source is AccountSource.KEYRING
        else "Its token was never stored."
    )
    words = f"{shown_name(entry)} is removed. {proof}"
    return f"{words}\n{STAYS_IN_USE}" if is_in_use else words


def replaced_words(entry: AccountEntry, *, is_in_use: bool) -> str:
    """Return what was proved of a new token."""
    proof = (
        "Plivo took it, and the keyring reads it back."
        if entry.source is AccountSource.KEYRING
        else "Plivo took it. It is kept for this run only."
    )
    words = f"{shown_name(entry)} has a new token. {proof}"
    return f"{words}\nThis console uses it from now on." if is_in_use else words


def protection_words(entry: AccountEntry, *, protected: bool) -> str:
    """Return what was proved of a change of protection."""
    state = "is protected" if protected else "is no longer protected"
    proof = (
        "The keyring reads it back."
        if entry.source is AccountSource.KEYRING
        else "That holds for this run only."
    )
    return f"{shown_name(entry)} {state}. {proof}"


def auth_id_hint(typed: str, *, is_complete: bool) -> str:
    """Return what is wrong with an Auth ID, or worth knowing of it; else nothing.

    Args:
        typed: the field's text.
        is_complete: whether nothing more is to come; until then a text that may still
            become an Auth ID is not complained of.
    """
    text = typed.strip()
    if not any(start.startswith(text[:2]) for start in _STARTS):
        return "An Auth ID starts with MA or SA, in capitals."
    if not (text.isascii() and text.isalnum()) and text:
        return "An Auth ID has letters and digits alone."
    is_too_short = is_complete and text and len(text) < _AUTH_ID_LENGTH
    if is_too_short or len(text) > _AUTH_ID_LENGTH:
        return f"An Auth ID has {_AUTH_ID_LENGTH} characters. This has {len(text)}."
    return SUBACCOUNT if text.startswith("SA") else ""
