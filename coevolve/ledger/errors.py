"""What the books refuse."""

from __future__ import annotations

from typing import Any

from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy


class KeyReused(Conflict):
    """The same key came with other content: a mistake of the caller, never a no-op."""

    def __init__(self, key: str) -> None:
        super().__init__(
            "ledger_key_reused", lazy("Catatan dengan kunci ini sudah ada dengan isi yang lain.")
        )
        self.key = key


class BelowFloor(Conflict):
    """A debit or hold would take an account below its floor: the money is not there."""

    def __init__(self, account_id: int, missing: int) -> None:
        super().__init__("ledger_below_floor", lazy("Saldo tidak cukup untuk langkah ini."))
        self.account_id = account_id
        self.missing = missing


class OverFulfilled(Conflict):
    """More would be fulfilled than is still outstanding of a pending transfer."""

    def __init__(self, pending_id: int, outstanding: int) -> None:
        super().__init__(
            "ledger_over_fulfilled", lazy("Jumlah ini lebih besar daripada sisa yang dijanjikan.")
        )
        self.pending_id = pending_id
        self.outstanding = outstanding


class PendingClosed(Conflict):
    """Nothing is outstanding any more: fulfilled in full or voided."""

    def __init__(self, pending_id: int) -> None:
        super().__init__("ledger_pending_closed", lazy("Janji ini sudah selesai atau sudah dibatalkan."))
        self.pending_id = pending_id


class Unbookable(Invalid):
    """A transfer that no book can take: units mixed, amount out of range, an unknown account."""

    def __init__(self, code: str, message: Any) -> None:
        super().__init__(f"ledger_{code}", message)


def mixed() -> Unbookable:
    """Two units or two books in one transfer."""
    return Unbookable("mixed", lazy("Satuan atau buku yang berbeda tidak dapat dicampur."))


def bad_amount() -> Unbookable:
    """Zero, negative or beyond the limit."""
    return Unbookable("amount", lazy("Jumlah ini tidak dapat dibukukan."))


def unknown_account() -> Unbookable:
    """No such account."""
    return Unbookable("account", lazy("Rekening buku ini tidak ada."))
