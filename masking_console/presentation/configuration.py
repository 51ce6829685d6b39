"""The configuration as it applies, as text that is itself a configuration."""

import json
from enum import Enum

from masking_console.config_file import ConfigFile
from masking_console.models.plain_text import plain_text


def as_toml(config: ConfigFile) -> str:
    """Return every value that applies, as a file with comments on where it is from."""
    values, given = config.values, config.given
    lines = [
        _line(name, getattr(values, name), name in given)
        for name in values.__struct_fields__
        if name not in {"confirm", "audit", "keys"}
    ]
    for table in ("confirm", "audit"):
        inner = getattr(values, table)
        lines += ["", f"[{table}]"]
        lines += [
            _line(name, getattr(inner, name), f"{table}.{name}" in given)
            for name in inner.__struct_fields__
        ]
    lines += ["", "[keys]"]
    lines += [
        _line(f"{json.dumps(plain_text(binding_id))}", keys, is_given=True)
        for binding_id, keys in config.keymap.items()
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, value: object, is_given: bool) -> str:
    return f"{name} = {_toml(value)}  # {'file' if is_given else 'default'}"


def _toml(value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        # Control characters are taken out, so a JSON string is one of TOML as well.
        return json.dumps(plain_text(value), ensure_ascii=False)
    return json.dumps(value)
