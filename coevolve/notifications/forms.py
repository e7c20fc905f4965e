"""Shapes of input of notifications."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.notifications.kinds import GROUPS
from coevolve.notifications.service.switches import ROLES, Target


class PreferenceForm(FlaskForm):
    """How often each group by each channel; the fields are read by name, for the groups and places are a table."""

    def wishes(self, typed: Any, *, channels: Iterable[str], is_staff: bool) -> dict[tuple[str, str], str]:
        """What was chosen: (group, channel) -> cadence."""
        return {
            (name, channel): typed[f"{name}-{channel}"]
            for name, group in GROUPS.items()
            for channel in channels
            if f"{name}-{channel}" in typed and (is_staff or not group.staff_only)
        }

    def places(self, typed: Any, *, known: set[str]) -> dict[str, str | None]:
        """What was chosen for followed places: code -> cadence, or None for as the groups say."""
        return {code: typed[f"tempat-{code}"] or None for code in sorted(known) if f"tempat-{code}" in typed}

    def hours(self, typed: Any) -> tuple[int, int] | None:
        """The quiet hours; None when the fields are not there."""
        if "tenang-dari" not in typed or "tenang-sampai" not in typed:
            return None
        return _hour(typed["tenang-dari"]), _hour(typed["tenang-sampai"])


def _hour(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) < 24):
        raise Invalid("hour_unknown", lazy("Pilih jam antara 0 dan 23."))
    return int(text)


class SwitchForm(FlaskForm):
    """Who in an organisation hears which group; read by name, for members are a table."""

    def told(self, typed: Any, members: Iterable[uuid.UUID]) -> dict[tuple[str, Target], bool]:
        """What was chosen: every role's box, and of members those that differ from their role."""
        shown = [name for name, group in GROUPS.items() if not group.staff_only]
        chosen: dict[tuple[str, Target], bool] = {
            (name, role): f"{name}-{role}" in typed for name in shown for role in ROLES
        }
        for member in members:
            for name in shown:
                said = typed.get(f"{name}-{member}", "")
                if said in ("ya", "tidak"):
                    chosen[name, member] = said == "ya"
        return chosen


class AddressForm(FlaskForm):
    """A shared address of an organisation."""

    email = StringField(
        lazy("Alamat surel bersama"),
        [InputRequired(lazy("Tulis alamat surelnya.")), Length(max=200)],
        description=lazy("Misalnya sekretariat@organisasi.or.id. Surel ke sana tidak memberi hak masuk."),
    )
    jenis = SelectMultipleField(
        lazy("Kabar yang dikirim ke sana"),
        choices=[SelectChoice(name, group.label) for name, group in GROUPS.items() if not group.staff_only],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
