"""The two themes of this console; every text in them has a contrast of 4.5 or more.

Besides them all of Textual's own can be chosen; `ansi-dark` and `ansi-light` take the
terminal's own colors.
"""

from textual.theme import Theme

DARK = Theme(
    name="console-dark",
    dark=True,
    primary="#2a659d",
    secondary="#5b8fb9",
    accent="#e8b25c",
    warning="#e8b25c",
    error="#ff8a7a",
    success="#6fcf8b",
    foreground="#d7dde4",
    background="#11161b",
    surface="#171d24",
    panel="#1d252d",
    variables={
        "text-muted": "#9aa7b4",
        "text-disabled": "#8b97a4",
        "text-success": "#7fd898",
        "text-warning": "#f0c074",
        "text-error": "#ff9b8d",
        "border-blurred": "#4a5763",
        "footer-key-foreground": "#e8b25c",
        "input-selection-background": "#2a659d 60%",
    },
)
LIGHT = Theme(
    name="console-light",
    dark=False,
    primary="#1f5f99",
    secondary="#3f6d93",
    accent="#8a4b00",
    warning="#8a4b00",
    error="#a8201a",
    success="#1d6b35",
    foreground="#1b2229",
    background="#f7f8f9",
    surface="#eef0f2",
    panel="#e2e6ea",
    variables={
        "text-muted": "#52606d",
        "text-disabled": "#4c5863",
        "text-success": "#1d6b35",
        "text-warning": "#8a4b00",
        "text-error": "#a8201a",
        "border-blurred": "#9aa5b0",
        "footer-key-foreground": "#8a4b00",
        "input-selection-background": "#1f5f99 30%",
    },
)
ANSI = "ansi-dark"
"""One of Textual's: nothing but the terminal's own colors."""
SHIPPED = (DARK, LIGHT)
"""Themes of this console."""
