"""How things of operations are called."""

from __future__ import annotations

from typing import Any

from coevolve.kit import i18n
from coevolve.kit.i18n import _, lazy
from coevolve.operations.alarms import rule_of
from coevolve.operations.duties import duty
from coevolve.operations.models import Alarm

QUEUES: dict[str, Any] = {
    "money": lazy("Uang"),
    "mail": lazy("Surel"),
    "match": lazy("Kecocokan dan akun"),
    "reports": lazy("Rekap"),
}
STANDINGS: dict[str, tuple[str, Any]] = {
    "well": ("good", lazy("Lancar")),
    "late": ("wait", lazy("Terlambat")),
    "silent": ("bad", lazy("Tidak terdengar")),
}


def ago(seconds: float | None) -> str:
    """An age in words, coarse on purpose."""
    if seconds is None:
        return _("belum pernah")
    if seconds < 60:
        return _("kurang dari semenit")
    if seconds < 3600:
        return i18n.ngettext("%(num)s menit", "%(num)s menit", int(seconds // 60))
    if seconds < 48 * 3600:
        return i18n.ngettext("%(num)s jam", "%(num)s jam", int(seconds // 3600))
    return i18n.ngettext("%(num)s hari", "%(num)s hari", int(seconds // 86400))


def alarm_title(alarm: Alarm) -> str:
    """What is wrong, with the thing it is about."""
    label = str(rule_of(alarm.code).label)
    subject = alarm.code.partition(":")[2]
    if not subject:
        return label
    known = duty(subject)
    return f"{label}: {known.label if known else QUEUES.get(subject, subject)}"


def alarm_detail(alarm: Alarm) -> str:
    """What was seen, in words."""
    data = alarm.data
    if "seconds" in data:
        return _("Yang tertua menunggu %(age)s.", age=ago(float(data["seconds"])))
    if "percent" in data:
        return _("Terisi %(percent)s %%.", percent=i18n.number(int(data["percent"])))
    if "count" in data:
        return i18n.ngettext("%(num)s baris.", "%(num)s baris.", int(data["count"]))
    if "times" in data:
        return i18n.ngettext("%(num)s kali.", "%(num)s kali.", int(data["times"]))
    if data.get("broken"):
        return _("Aturan yang tidak terpenuhi: %(codes)s", codes=", ".join(map(str, data["broken"])))
    if "hours" in data:
        return i18n.ngettext("Terakhir %(num)s jam lalu.", "Terakhir %(num)s jam lalu.", int(data["hours"]))
    return ""
