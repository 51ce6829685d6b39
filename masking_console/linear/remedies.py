"""Remedies in the words of the command line."""

from masking_console.errors import MaskingConsoleError, Remedy

_STEPS = {
    Remedy.CHOOSE_ACCOUNT: "Choose one with --account.",
    Remedy.ADD_ACCOUNT: "Add it in the console.",
    Remedy.REPLACE_TOKEN: "Replace its token in the console, among the accounts.",
    Remedy.SET_VARIABLES: "Set PLIVO_AUTH_ID and PLIVO_AUTH_TOKEN, and start again.",
    Remedy.CORRECT_COMMAND: (
        "Correct its token_command in config.toml, and start again."
    ),
    Remedy.READ_KEYRING_AGAIN: "Then run this again.",
    Remedy.SPLIT_LIST: "Split the list.",
    Remedy.GIVE_REASON: 'Such as: --reason "restored from the backup of March 4".',
    Remedy.SET_UP_TEAM: "A lead runs: masking-console team init.",
    Remedy.UPGRADE_TEAM: "A lead runs: masking-console team upgrade.",
    Remedy.CHECK_TEAM: "See: masking-console team check.",
    Remedy.UPDATE_CONSOLE: "Update masking-console.",
    Remedy.CHOOSE_PORT: "Try --port 0.",
}


def with_remedy(error: MaskingConsoleError) -> str:
    """Return an error's sentence, and the next step on the command line."""
    return f"{error} {_STEPS.get(error.remedy, '')}".rstrip()
