"""Input heard before any widget sees it, and dialogs that only a person answers."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from rich.text import Text
from textual import events
from textual._keyboard_protocol import MODIFIER_FUNCTIONAL_KEYS
from textual._time import get_time  # the clock of `Event.time`
from textual.app import App
from textual.errors import NoWidget
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button, Input, Static

from masking_console.models.consent import Consent, Press, Refusal, Silence
from masking_console.ui.terminal import (
    InputStalled,
    PasteBegan,
    PasteDropped,
    PasteOver,
)

Result = TypeVar("Result")

PASTE_TAIL_SECONDS = 0.15
"""Input is part of the paste before it until it was silent for so long."""
_INPUT = (
    events.Key,
    events.Paste,
    events.MouseDown,
    events.MouseScrollDown,
    events.MouseScrollUp,
    events.MouseScrollLeft,
    events.MouseScrollRight,
)
_LEFT_BUTTON = 1
_LOOK_SECONDS = 0.02
"""Interval between two looks at whether all input was read."""


class Listener:
    """Hears all input of the terminal, and keeps what a paste brings along.

    A paste whose text holds its own end mark ends there for the terminal; what follows
    comes as keys and reports of the mouse, and is the rest of the paste all the same.
    """

    def __init__(
        self,
        set_timer: Callable[[float, Callable[[], None]], Timer],
        take_tail: Callable[[str], None],
    ) -> None:
        """Begin to listen; the rest of a paste goes to ``take_tail`` as text."""
        self.silence = Silence()
        self._set_timer = set_timer
        self._take_tail = take_tail
        self._is_tail = False
        self._tail = ""
        self._end_of_tail: Timer | None = None
        self._is_pressed = False

    def lets_through(self, event: events.Event) -> bool:
        """Note an event; return whether it may act."""
        if isinstance(event, events.MouseUp):
            # One without a press of its own would click once more what was clicked.
            was_pressed, self._is_pressed = self._is_pressed, False
            return was_pressed
        if isinstance(event, events.Key) and event.key in MODIFIER_FUNCTIONAL_KEYS:
            # Some terminals report Shift alone; it types nothing and means nothing.
            return False
        if not is_input(event):
            return True
        self.silence.note(event.time)
        self._is_tail &= self.silence.before < PASTE_TAIL_SECONDS
        if isinstance(event, events.Paste):
            self.paste_ended(event.time)
        elif self._is_tail:
            if isinstance(event, events.Key):
                self._tail += typed_text(event)
            self._wait_for_silence()
            return False
        if isinstance(event, events.MouseDown):
            self._is_pressed = True
        return True

    def paste_ended(self, at: float) -> None:
        """Take what follows for the rest of a paste, until it is silent."""
        if self.silence.last < at:
            self.silence.note(at)
        self._is_tail, self._is_pressed = True, False

    def _wait_for_silence(self) -> None:
        if self._end_of_tail is not None:
            self._end_of_tail.stop()
        self._end_of_tail = self._set_timer(PASTE_TAIL_SECONDS, self._deliver)

    def _deliver(self) -> None:
        self._end_of_tail, tail, self._tail = None, self._tail, ""
        if tail:
            self._take_tail(tail)


class ListeningApp(App[Result]):
    """An app whose listener hears all input first, and a dialog that asks, second."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Textual's
        super().__init__(*args, **kwargs)
        self.listener = Listener(self.set_timer, self.take_paste_tail)

    def take_paste_tail(self, text: str) -> None:
        """Take the rest of a paste, which came as keys."""

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent | events.Paste):
            is_new = not event.is_forwarded
            if is_new and not self.listener.lets_through(event):
                return
            asking = self.screen if is_new and self.screen_stack else None
            if isinstance(asking, Asks) and not asking.hears(event):
                return
        await self.heard(event)

    @property
    def looked_at(self) -> float:
        """Up to when it is proved that all input was read."""
        # Drivers other than ours keep nothing back.
        return float(getattr(self._driver, "looked_at", get_time()))

    def on_paste_began(self, event: PasteBegan) -> None:
        self.listener.silence.note(event.time)

    def on_paste_dropped(self, event: PasteDropped) -> None:
        self.listener.silence.note(event.time)

    def on_paste_over(self, event: PasteOver) -> None:
        self.listener.paste_ended(event.at)

    def on_input_stalled(self, event: InputStalled) -> None:
        self.listener.silence.unproved_from(event.since)

    async def heard(self, event: events.Event) -> None:
        """Let an event act."""
        await super().on_event(event)


class AnswerField(Input, inherit_bindings=False):
    """Shows what was typed of a phrase; the dialog around it takes the keys."""

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002 - Textual's
        """Leave every key to the dialog, whose bindings act as well."""
        return False

    async def _on_key(self, event: events.Key) -> None:
        # Without this, `Input` would take the key as well.
        event.prevent_default()

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()


class Asks(ModalScreen[Result]):
    """A dialog with an act that only a person's yes brings about.

    The yes is a key bound to ``say_yes``, Enter on the button of the act, a click on
    it, or a phrase in the field and Enter behind it.
    """

    ACT: ClassVar[str]
    """The selector of the act's button."""
    PROBLEM: ClassVar[str]
    """The selector of the line that says why a yes was not taken."""

    OTHER_WAY: ClassVar[str] = ""
    """Other way for people whose input does not come key by key."""

    def __init__(self, phrase: str = "") -> None:
        """Make the dialog; the phrase is what to type, empty where one key says yes."""
        super().__init__()
        self.phrase = phrase
        self.consent = Consent(phrase, Silence())
        """The question's state; nothing is a yes before the dialog is mounted."""
        self._waiting: Timer | None = None
        self._clicked: Press | None = None

    def agreed(self) -> None:
        """Do what was asked for: a person has said yes."""
        raise NotImplementedError

    @property
    def how(self) -> str:
        """The way to say yes, in the imperative, such as ``press y``."""
        raise NotImplementedError

    def on_mount(self) -> None:
        # An app that does not listen can prove no silence: then nothing is a yes.
        if isinstance(self.app, ListeningApp):
            self.consent = Consent(self.phrase, self.app.listener.silence)
        self.call_after_refresh(lambda: self.consent.shown(get_time()))

    def hears(self, event: events.Event) -> bool:
        """Judge an input; return whether it may act on the widgets."""
        if not is_input(event):
            return True
        if isinstance(event, events.Key):
            may_act = self._hears_key(event)
        else:
            may_act = True
            if isinstance(event, events.Paste):
                self._object(self.consent.paste())
            elif isinstance(event, events.MouseDown):
                self._note_click(event)
        if refusal := self.consent.look():
            self._object(refusal)
        return may_act

    def _hears_key(self, key: events.Key) -> bool:
        if not self.is_mounted:
            return False
        is_in_field = isinstance(self.focused, AnswerField)
        is_on_act = self.focused is not None and self.focused is self._act_button
        is_enter = key.key == "enter" and (is_in_field or is_on_act)
        if is_enter or self._is_bound_to_yes(key):
            self._agree(self.consent.press())
        elif key.key == "backspace" and is_in_field:
            self.consent.backspace()
            self._show_text()
        elif self._is_typed(key):
            self._take_character(key.character or "")
        else:
            return True
        return False

    def _is_typed(self, key: events.Key) -> bool:
        """Return whether a key goes into the field, whatever has the focus."""
        is_next = self.consent.is_next(key.character or "")
        is_looking = key.key in self.active_bindings and not is_next
        on_button = key.key == "space" and isinstance(self.focused, Button)
        is_typed = key.is_printable and not (is_looking or on_button)
        return bool(self.phrase) and is_typed

    def _take_character(self, character: str) -> None:
        for field in self.query(AnswerField):
            field.focus()
        refusal = self.consent.character(character)
        self._show_text()
        self._object(refusal)

    def _is_bound_to_yes(self, key: events.Key) -> bool:
        # With Caps Lock on, a person presses the same key.
        names = {key.key, key.key.lower() if len(key.key) == 1 else key.key}
        bound = [self.active_bindings.get(name) for name in names]
        is_yes = any(each and each.binding.action == "say_yes" for each in bound)
        return is_yes and not self.phrase

    @property
    def _act_button(self) -> Button | None:
        return next(iter(self.query(self.ACT).results(Button)), None)

    def _note_click(self, event: events.MouseDown) -> None:
        """Judge a press of the mouse on the act, for when it is released there."""
        self._clicked = None
        try:
            pressed, _ = self.get_widget_at(event.x, event.y)
        except NoWidget:
            return
        if pressed is self._act_button and event.button == _LEFT_BUTTON:
            self._clicked = self.consent.press(by_mouse=True)

    def clicked(self) -> None:
        """Take the click on the act's button; call it where that is pressed."""
        clicked, self._clicked = self._clicked, None
        if clicked is not None:
            self._agree(clicked, get_time())

    def _agree(self, press: Press, at: float | None = None) -> None:
        refusal = self.consent.agree(press, press.at if at is None else at)
        if refusal is not None:
            self._object(refusal)
            return
        self._say("Going ahead ...")
        self._wait()

    def _wait(self) -> None:
        if self._waiting is not None:
            self._waiting.stop()
        seconds = max(self.consent.seconds_left(get_time()), _LOOK_SECONDS)
        # Behind whatever waits in the app's queue: input that has come already counts.
        self._waiting = self.set_timer(
            seconds, lambda: self.app.call_later(self._settle)
        )

    def _settle(self) -> None:
        if not self.consent.is_pending:
            return
        now = get_time()
        if self.consent.seconds_left(self._looked_at) > 0:
            self._wait()
        elif refusal := self.consent.settle(now):
            self._object(refusal)
        elif self.is_active:
            self.agreed()
        else:
            # Something came over it by itself: nobody saw what was agreed to.
            self._object(Refusal.HELD_UP)

    @property
    def _looked_at(self) -> float:
        app = self.app
        return app.looked_at if isinstance(app, ListeningApp) else get_time()

    def _show_text(self) -> None:
        for field in self.query(AnswerField):
            field.value = self.consent.text
            field.cursor_position = len(field.value)

    def _say(self, words: str) -> None:
        # None is there yet for input that comes before the dialog is composed.
        for line in self.query(self.PROBLEM).results(Static):
            line.update(Text(words))
            line.set_class(bool(words), "-said")

    def _object(self, refusal: Refusal | None) -> None:
        """Say why an input was no yes, and what to do; nothing where it was taken."""
        words = refusal_words(refusal, self.how, self.phrase) if refusal else ""
        if refusal not in {None, *_SMALL}:
            words = f"{words}\n{self.OTHER_WAY}".rstrip()
        self._say(words)
        if refusal is Refusal.PASTED and self.phrase:
            self._show_text()


_SMALL = frozenset({Refusal.ENTER_TOO_SOON, Refusal.INTERRUPTED, Refusal.NOT_WHOLE})
"""Refusals that a person meets who has done nothing unusual."""


def refusal_words(refusal: Refusal, how: str, phrase: str = "") -> str:
    """Return why an input was no yes, and what to do instead.

    Args:
        refusal: why.
        how: how to say yes, in the imperative, such as ``press y`` or ``type 12``.
        phrase: what to type, if it is more than one key.
    """
    again = "press Enter once more" if phrase else f"{how} once"
    return {
        Refusal.TOO_SOON: f"Too soon after other input. Wait a moment, then {how}.",
        Refusal.TOO_FAST: f"Faster than a person types. Wait a second, then {how}.",
        Refusal.NOT_NEXT: f"That is not {phrase}. Wait a second, then {how}.",
        Refusal.LOCKED: f"Wait a second, then {how}.",
        Refusal.NOT_WHOLE: f"{how[:1].upper()}{how[1:]} to go ahead.",
        Refusal.ENTER_TOO_SOON: "Press Enter once more.",
        Refusal.INTERRUPTED: "Wait a moment, then press Enter once more.",
        Refusal.FOLLOWED: f"More input came right behind. Wait a moment, then {again}.",
        Refusal.PASTED: f"A paste is not taken here. Wait a moment, then {how}.",
        Refusal.HELD_UP: f"The console was held up. Wait a moment, then {again}.",
    }[refusal]


def is_input(event: events.Event) -> bool:
    """Return whether an event is input: a key, a paste, a press or the wheel."""
    return isinstance(event, _INPUT)


def typed_text(key: events.Key) -> str:
    """Return what a key would have written in a text."""
    named = {"enter": "\n", "tab": "\t"}
    return named.get(key.key, key.character if key.is_printable else "") or ""
