"""Units and categories of lines that are not money: codes as stored, words as shown."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import lazy

UNITS: dict[str, dict[str, Any]] = {
    "goods": {
        "X:PIECE": lazy("buah"),
        "X:UNIT": lazy("unit"),
        "X:SET": lazy("set"),
        "X:PACK": lazy("paket"),
        "X:BOX": lazy("dus"),
        "X:SACK": lazy("karung"),
        "X:KG": lazy("kilogram"),
        "X:LITRE": lazy("liter"),
        "X:METRE": lazy("meter"),
        "X:SHEET": lazy("lembar"),
        "X:STEM": lazy("batang"),
        "X:BOOK": lazy("buku"),
    },
    "time": {
        "X:HOUR": lazy("jam"),
        "X:PERSON_DAY": lazy("hari kerja"),
        "X:SESSION": lazy("sesi"),
    },
    "facility": {
        "X:ROOM_DAY": lazy("hari ruangan"),
        "X:VEHICLE_DAY": lazy("hari kendaraan"),
        "X:TOOL_DAY": lazy("hari alat"),
        "X:SLOT_HOUR": lazy("jam pakai"),
    },
}
"""Per kind of line, the units a form offers. Each is a unit of the ledger's commitment book."""

CATEGORIES: dict[str, dict[str, Any]] = {
    "money": {
        "materials": lazy("Bahan dan alat"),
        "wages": lazy("Upah dan honor"),
        "transport": lazy("Transportasi"),
        "training": lazy("Pelatihan dan pertemuan"),
        "operations": lazy("Biaya operasional"),
        "other": lazy("Lain-lain"),
    },
    "goods": {
        "building": lazy("Bahan bangunan"),
        "water_equipment": lazy("Peralatan air"),
        "books": lazy("Buku dan alat belajar"),
        "electronics": lazy("Elektronik"),
        "medical": lazy("Alat kesehatan"),
        "food": lazy("Bahan pangan"),
        "farming": lazy("Bibit dan alat tani"),
        "household": lazy("Perlengkapan rumah"),
        "other": lazy("Lain-lain"),
    },
    "time": {
        "engineering": lazy("Teknik dan konstruksi"),
        "health": lazy("Tenaga kesehatan"),
        "teaching": lazy("Mengajar dan melatih"),
        "legal": lazy("Hukum"),
        "finance": lazy("Keuangan dan pajak"),
        "it": lazy("Teknologi informasi"),
        "design": lazy("Desain dan komunikasi"),
        "logistics": lazy("Logistik"),
        "research": lazy("Riset dan data"),
        "other": lazy("Lain-lain"),
    },
    "facility": {
        "room": lazy("Ruangan"),
        "vehicle": lazy("Kendaraan"),
        "tool": lazy("Alat kerja"),
        "storage": lazy("Gudang"),
        "land": lazy("Lahan"),
        "other": lazy("Lain-lain"),
    },
}
"""Per kind of line, what it is about; matching compares these codes."""

SHORT: dict[str, Any] = {code: label for units in UNITS.values() for code, label in units.items()}


def unit_label(code: str) -> str:
    """The unit in words; the bare code for a unit that no form offers."""
    return str(SHORT[code]) if code in SHORT else code.removeprefix("X:").replace("_", " ").lower()


def category_label(kind: str, code: str) -> str:
    """The category in words; empty for an unknown one."""
    found = CATEGORIES.get(kind, {}).get(code)
    return "" if found is None else str(found)
