"""A terminal operations console that expires Plivo number-masking sessions.

One way down, from the terminal to Plivo, and never back up::

    cli                       parse, wire, turn an error into one line and an exit code
     └ ui │ linear            the Textual face, and the one without a screen
        └ queue               the queued sessions; no Textual either
           └ operations       an operator's acts; no Textual, HTTP, keyring or SQL
              └ audit │ team  the journal's entries on their way out; one history
                 └ plivo │ credentials │ journal │ practice │ presentation
                    │         one outside thing each; they do not know each other
                    └ config_layers
                       └ config_file
                          └ config_keys
                             └ settings
                                └ models  values; standard library and msgspec only
                                   └ errors
                                      └ paths

The import contracts in ``pyproject.toml`` hold this picture true.
"""

__version__ = "0.2.0"
