"""Shape of what a giver types about a monthly gift; the rules are in the service."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy


class CardForm(FlaskForm):
    """Going on to the card page; with the day of the month while the gift has not begun."""

    client_token = HiddenField()
    day = SelectField(lazy("Tanggal penagihan setiap bulan"), choices=[], validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.day.choices = [SelectChoice(str(day), str(day)) for day in range(1, 32)]

    def chosen_day(self) -> int:
        """The day of the month. Raises Invalid."""
        typed = str(self.day.data or "")
        if not (typed.isascii() and typed.isdigit() and 1 <= int(typed[:3]) <= 31):
            raise Invalid("day", lazy("Isi tanggal antara 1 dan 31."), field="day")
        return int(typed)


class StepForm(FlaskForm):
    """One button: pause, go on, stop."""
