"""The demo's accounts: one for each role, one password, codes of the second factor by `coevolve totp EMAIL`."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "gotong-royong-2026"
"""Of every demo account. Production refuses to load the demo world, so this opens nothing real."""

HOME_REGENCY = "53.02"
"""Kabupaten Timor Tengah Selatan, where the demo's own CSO and agency sit."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody you can sign in as."""

    email: str
    name: str
    role: str
    """What the table at the end of `./run demo` says."""
    staff: str | None = None
    has_totp: bool = False


ACCOUNTS = (
    Account("oms@demo.example", "Yuliana Benu", "OMS, pemilik / CSO owner", has_totp=True),
    Account("bendahara@demo.example", "Markus Tefa", "OMS, keuangan / CSO finance", has_totp=True),
    Account("donatur@demo.example", "Ratna Wibowo", "donatur / donor"),
    Account("perusahaan@demo.example", "Hendra Santoso", "perusahaan / company", has_totp=True),
    Account("filantropi@demo.example", "Intan Permata", "filantropi / philanthropy", has_totp=True),
    Account("pemda@demo.example", "Petrus Kolo", "pemerintah daerah / government", has_totp=True),
    Account("moderator1@demo.example", "Dewi Anjani", "moderator", "moderator", has_totp=True),
    Account("moderator2@demo.example", "Bayu Nugraha", "moderator", "moderator", has_totp=True),
    Account("keuangan1@demo.example", "Sri Rahayu", "keuangan / finance", "finance", has_totp=True),
    Account("keuangan2@demo.example", "Galih Pratama", "keuangan / finance", "finance", has_totp=True),
    Account("admin@demo.example", "Kartika Utami", "admin", "admin", has_totp=True),
)
