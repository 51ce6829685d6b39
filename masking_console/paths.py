"""Where this program keeps its files."""

import os
from pathlib import Path

APP_NAME = "masking-console"


def config_dir() -> Path:
    """Return the folder of ``config.toml``; it may not exist yet."""
    override = os.environ.get("MASKING_CONSOLE_CONFIG_DIR")
    if override:
        return Path(override)
    import platformdirs  # noqa: PLC0415 - not for --help

    return platformdirs.user_config_path(APP_NAME)


def config_path() -> Path:
    """Return the configuration's file; it may not exist."""
    return config_dir() / "config.toml"


def state_dir() -> Path:
    """Return the folder of the journal; it may not exist yet."""
    override = os.environ.get("MASKING_CONSOLE_STATE_DIR")
    if override:
        return Path(override)
    import platformdirs  # noqa: PLC0415 - not for --help

    return platformdirs.user_state_path(APP_NAME)


def journal_path(*, practice: bool) -> Path:
    """Return the journal's file; practice has one of its own."""
    return state_dir() / ("practice-journal.db" if practice else "journal.db")
