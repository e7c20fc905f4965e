"""How each bank writes its statements, as declared data; nothing is guessed from the content of a cell.

No official description of these files was at hand. The columns follow what users of these banks have shown in public;
each bank needs anonymised samples before anybody promises it. What does not fit is refused with its reasons, and a
mapped profile (columns chosen by finance) reads any other table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from coevolve.reconciliation.statements.amounts import AmountForm
from coevolve.reconciliation.statements.dates import DateForm

Names = tuple[str, ...]
BESIDE_AMOUNT = "(beside amount)"
"""The column without a name to the right of the amount (BCA's CR and DB)."""
ROLES = ("date", "text", "amount", "mark", "debit", "credit", "balance", "bank_ref", "account", "currency")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One way of writing a statement."""

    code: str
    label: str
    kind: str = "table"
    """table, mt940 or camt053."""
    files: frozenset[str] = frozenset({"csv"})
    """Which of csv, html, xls, xlsx, text, xml it may come as; the content decides, not the name."""
    encodings: Names = ("utf-8", "cp1252")
    delimiters: Names = (",", ";", "\t")
    columns: Mapping[str, tuple[Names, ...]] = field(default_factory=dict)
    """Role -> groups of accepted headings; each group is one column (a description may lie in two)."""
    places: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Role -> columns by number, for profiles mapped by hand."""
    header_row: int | None = None
    header: Names = ()
    """The headings that a mapped profile saw; another file must carry the same."""
    amount: AmountForm = field(default_factory=AmountForm)
    date: DateForm = field(default_factory=DateForm)
    marks: Mapping[str, int] = field(default_factory=dict)
    """Words of the column of signs."""
    opening: Names = ("saldo awal", "starting balance", "opening balance", "beginning balance")
    closing: Names = ("saldo akhir", "ending balance", "closing balance")
    credits: Names = ("mutasi kredit", "total kredit", "total credit", "kredit", "credit")
    debits: Names = ("mutasi debet", "mutasi debit", "total debet", "total debit", "debet", "debit")
    ignored: Names = ("total", "jumlah", "grand total", "dicetak", "halaman", "page")
    pending: frozenset[str] = frozenset({"PEND", "PENDING"})
    period: Names = ("periode", "period", "tanggal mutasi")
    accounts: Names = ("no rekening", "nomor rekening", "account no", "account number", "no akun", "norek")
    currencies: Names = ("kode mata uang", "mata uang", "currency", "ccy")
    is_ref_unique: bool = False
    has_continuation: bool = True
    """Whether a row with a description only goes on with the row above."""
    is_newest_first: bool = False
    payers: tuple[re.Pattern[str], ...] = ()
    """Where the giver's name stands in the description; the group `name`."""
    reversals: frozenset[str] = frozenset({"REVERSAL", "KOREKSI", "PEMBATALAN", "BATAL", "REV"})
    """Words by which the bank says that a line takes another back."""


ENGLISH = AmountForm(decimal=".", group=",", marks={"CR": 1, "DB": -1})
INDONESIAN = AmountForm(decimal=",", group=".", marks={"CR": 1, "DB": -1})
CREDIT_OR_DEBIT = {
    "CR": 1,
    "DB": -1,
    "C": 1,
    "D": -1,
    "K": 1,
    "KREDIT": 1,
    "DEBET": -1,
    "DEBIT": -1,
    "CREDIT": 1,
}
_NAME = r"(?P<name>[A-Z][A-Z .,'`-]{2,})"
PAYERS_BCA = (
    re.compile(rf"TRSF E-BANKING CR (?:[0-9]{{4}}/\S+ )?(?:[0-9.,]+ )?(?:.*? )??{_NAME}$"),
    re.compile(rf"(?:SWITCHING CR|BI-FAST CR|KR OTOMATIS)\b.*?(?:DARI |TRANSFER DR [0-9]* )?{_NAME}$"),
)
PAYERS_BRI = (re.compile(rf"NBMB {_NAME.replace('{2,}', '{2,}?')} TO .+"),)
PAYERS_PLAIN = (re.compile(rf"(?:DARI|FROM|PENGIRIM|TRF DR|TRANSFER DR|TRSF DR)[ :]+{_NAME}$"),)

BCA = Profile(
    code="bca_csv",
    label="BCA (CSV)",
    columns={
        "date": (("tanggal transaksi", "tanggal", "tgl", "date"),),
        "text": (("keterangan", "description"),),
        "amount": (("jumlah", "mutasi", "amount"),),
        "mark": ((BESIDE_AMOUNT, "db/cr", "cr/db"),),
        "balance": (("saldo", "balance"),),
    },
    amount=ENGLISH,
    date=DateForm(order="dmy", years=frozenset({"none", "4"})),
    marks={"CR": 1, "DB": -1},
    payers=PAYERS_BCA,
)
MANDIRI = Profile(
    code="mandiri_csv",
    label="Mandiri (CSV)",
    columns={
        "account": (("accountno", "account no", "no rekening"),),
        "currency": (("ccy", "currency"),),
        "date": (("postdate", "post date", "tgl", "tanggal", "date"),),
        "text": (
            ("remarks", "rincian transaksi", "keterangan", "description"),
            ("additionaldesc", "additional desc"),
        ),
        "bank_ref": (("no referensi", "reference no"),),
        "debit": (("debit amount", "debit", "debet"),),
        "credit": (("credit amount", "kredit", "credit"),),
        "balance": (("close balance", "saldo", "balance"),),
    },
    amount=replace(ENGLISH, may_start_with_decimal=True),
    date=DateForm(order="dmy", years=frozenset({"4", "2"})),
    payers=PAYERS_PLAIN,
)
BRI = Profile(
    code="bri_csv",
    label="BRI (CSV)",
    columns={
        "account": (("norek",),),
        "date": (("tgl_tran", "tanggal transaksi", "tanggal", "date"),),
        "text": (("desk_tran", "uraian transaksi", "keterangan", "description"), ("remark_custom",)),
        "debit": (("mutasi_debet", "debet", "debit"),),
        "credit": (("mutasi_kredit", "kredit", "credit"),),
        "balance": (("saldo_akhir_mutasi", "saldo", "balance"),),
    },
    amount=replace(ENGLISH, may_start_with_decimal=True),
    date=DateForm(order="ymd"),
    payers=(*PAYERS_BRI, *PAYERS_PLAIN),
)
BNI = Profile(
    code="bni_csv",
    label="BNI (CSV)",
    columns={
        "date": (("posting date", "post date", "tanggal", "date"),),
        "text": (("transaction description", "description", "keterangan", "uraian transaksi"),),
        "bank_ref": (("journal", "journal no", "no jurnal"),),
        "amount": (("amount", "jumlah"),),
        "mark": (("db/cr", "d/k", "db/kr"),),
        "debit": (("debit", "debet"),),
        "credit": (("credit", "kredit"),),
        "balance": (("balance", "saldo"),),
    },
    amount=replace(ENGLISH, may_start_with_decimal=True),
    date=DateForm(order="dmy", years=frozenset({"4", "2"})),
    marks=CREDIT_OR_DEBIT,
    payers=PAYERS_PLAIN,
)
BSI = Profile(
    code="bsi_csv",
    label="BSI (CSV)",
    columns={
        "bank_ref": (("trxid", "trx id", "ft number", "no referensi"),),
        "date": (("tanggal", "trx date", "date"),),
        "mark": (("d/k", "db/cr"),),
        "amount": (("mutasi", "amount", "nominal"),),
        "balance": (("saldo", "balance"),),
        "text": (("keterangan", "description"),),
    },
    amount=ENGLISH,
    date=DateForm(order="dmy", years=frozenset({"4", "2"})),
    marks=CREDIT_OR_DEBIT,
    payers=PAYERS_PLAIN,
)
SHEETS = frozenset({"html", "xls", "xlsx"})


def _sheet(profile: Profile, label: str, **changes: Any) -> Profile:
    return replace(profile, code=profile.code.replace("_csv", "_xls"), label=label, files=SHEETS, **changes)


MT940 = Profile(
    code="mt940", label="MT940 (SWIFT)", kind="mt940", files=frozenset({"text"}), amount=INDONESIAN
)
CAMT = Profile(code="camt053", label="CAMT.053 (ISO 20022)", kind="camt053", files=frozenset({"xml"}))
PROFILES: dict[str, Profile] = {
    profile.code: profile
    for profile in (
        BCA,
        _sheet(BCA, "BCA (XLS)"),
        MANDIRI,
        _sheet(MANDIRI, "Mandiri (XLS)", amount=replace(INDONESIAN, may_start_with_decimal=True)),
        BRI,
        _sheet(BRI, "BRI (XLS)", date=DateForm(order="dmy", years=frozenset({"4", "2"}))),
        BNI,
        _sheet(BNI, "BNI (XLS)"),
        BSI,
        _sheet(BSI, "BSI (XLS)"),
        MT940,
        CAMT,
    )
}
MAPPED = "mapped"
ANY_TABLE = Profile(
    code=MAPPED, label="", files=frozenset({"csv", "html", "xls", "xlsx"}), delimiters=(",", ";", "\t", "|")
)
"""What a mapped profile may come as, before its columns are chosen."""


def mapped(spec: Mapping[str, Any]) -> Profile:
    """The profile that finance made of a table by choosing its columns."""
    marks = dict.fromkeys(spec.get("credit_marks", ()), 1) | dict.fromkeys(spec.get("debit_marks", ()), -1)
    comma = spec.get("decimal") == ","
    return replace(
        ANY_TABLE,
        places={role: tuple(numbers) for role, numbers in spec["places"].items()},
        header_row=spec["header_row"],
        header=tuple(spec.get("header", ())),
        amount=AmountForm(
            decimal="," if comma else ".",
            group="." if comma else ",",
            marks=marks,
            may_start_with_decimal=True,
        ),
        date=DateForm(order=spec.get("order", "dmy"), years=frozenset(spec.get("years") or {"4"})),
        marks=marks,
        pending=frozenset(spec.get("pending", ())),
        is_ref_unique=bool(spec.get("is_ref_unique")),
        is_newest_first=bool(spec.get("is_newest_first")),
        payers=PAYERS_PLAIN,
    )


def profile_of(code: str, spec: Mapping[str, Any] | None = None) -> Profile:
    """A profile by its code; a mapped one needs its columns."""
    if code == MAPPED:
        return mapped(spec or {"places": {}, "header_row": 0})
    return PROFILES[code]
