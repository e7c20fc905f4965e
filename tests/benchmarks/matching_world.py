"""A generated world of bank lines and open payments with known truth: a backlog of four days on forty accounts.

Of the lines: 60 % carry the reference and the sum, 20 % only the sum with its code, 8 % forgot the code, 4 % carry the
reference and another sum, 4 % pay two to four payments of one payer at once, 4 % are noise (some by accident with a sum
that somebody is awaited with). Names on lines are written as banks do: cut, shortened, or somebody else's.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import text

from coevolve.kit.db import session, uuid7
from coevolve.payments.references import ALPHABET, check_symbol


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    """
    SITI BUDI AGUS DEWI SRI ANDI RINA YOHANES MARIA AHMAD NUR WAYAN MADE PUTU KETUT DIAN EKO FITRI HENDRA
    INDRA JOKO KARTIKA LESTARI MUHAMMAD NOVI OKTAVIA PAULUS RATNA SLAMET TRI UMAR VERONIKA WULAN YUSUF
    ZAINAL BENEDIKTUS DOMINGGUS ELISABETH FRANSISKUS GREGORIUS HASAN IMAM JULIANA KRISTINA LUKAS MARTEN
    NGURAH OKTA PETRUS RAHMAT SAMUEL TAUFIK
    """
)
MIDDLE = _words(
    """
    NURHALIZA SETIAWAN WAHYUNI KURNIAWAN PERMATA ADITYA RAMADHAN PUSPITA MAHARANI PRATAMA HIDAYAT KUSUMA
    ANGGRAINI FIRMANSYAH OKTAVIANI SAPUTRA RAHAYU WIBOWO SUSANTI HANDAYANI ARDIANSYAH YULIANA FEBRIANTI
    GUNAWAN ISKANDAR
    """
)
LAST = _words(
    """
    SANTOSO WIJAYA SARI HUTAPEA SIMANJUNTAK NAHAK BERE TANOTO LUBIS HARAHAP NASUTION SIREGAR TAMPUBOLON
    PANJAITAN SUTRISNO WULANDARI HARTONO GUNADI SUSILO PURNOMO NUGROHO SUHARTO MULYADI RAHMAWATI LAIA
    ZEGA WARUWU MANURUNG SITOMPUL KLAU SERAN TAEK LAKE MAUBANU FUNAY NEONBASU TAMONOB BANUNAEK OEMATAN
    SONBAY
    """
)
MORE_FIRST, MORE_LAST = 400, 800
"""Names made of syllables beside those above: real lists are as long, and their heads as heavy."""
BASES = tuple(
    [25_000, 50_000, 75_000, 100_000, 150_000, 200_000, 250_000, 300_000, 500_000, 750_000]
    + [10_000 * k for k in range(3, 97) if 10_000 * k not in (50_000, 100_000, 500_000)]
)
"""What people give, popular sums first. Below the limit of posting by the sum alone."""
ACCOUNTS = 40
DAYS = 4
KINDS = (("ref", 60), ("sum", 20), ("code_forgotten", 8), ("other_sum", 4), ("batch", 4), ("noise", 4))
Progress = Callable[[str, int, int], None]


class World:
    """Lines, payments and the truth, told from a seed and copied into the tables."""

    def __init__(self, size: int, *, seed: int = 20261122, accounts: int | None = None) -> None:
        self.size = size
        self.dice = random.Random(seed)
        self.today = dt.date(2026, 11, 20)
        self.accounts = [uuid7() for _ in range(accounts or min(ACCOUNTS, max(1, size // 2_000)))]
        self.first, self.last = FIRST + self._made_up(MORE_FIRST), LAST + self._made_up(MORE_LAST)
        self._codes: dict[tuple[int, int], list[int]] = {}
        self._opened: set[tuple[int, int]] = set()
        self._used: set[str] = set()
        self.payments: list[tuple[Any, ...]] = []
        self.lines: list[tuple[Any, ...]] = []
        self.truth: list[tuple[int, uuid.UUID, str]] = []

    def tell(self, progress: Progress) -> None:
        """All lines, each with the payments it pays; payments that nobody paid in between."""
        kinds = [kind for kind, share in KINDS for _ in range(share)]
        for number in range(self.size):
            self._line(number, kinds[self.dice.randrange(100)])
            if number % 20_000 == 0:
                progress("telling", number, self.size)
        while len(self.payments) < self.size:
            self._payment(self._person())

    def write(self, progress: Progress) -> None:
        """COPY everything and let the planner know."""
        for account in self.accounts:
            session().execute(
                text("INSERT INTO payment_bank_account (id, unit, is_receiving) VALUES (:id, 'IDR', true)"),
                {"id": account},
            )
        session().execute(
            text(
                "CREATE TEMP TABLE IF NOT EXISTS bench_truth (line_id bigint, payment_id uuid, kind text);"
                " TRUNCATE bench_truth"
            )
        )
        self.dice.shuffle(self.lines)
        _copy(
            "payment (id, public_ref, reference_kind, reference_id, client_token, provider, bank_account_id, unit,"
            " amount, unique_code, expected_amount, by_amount, state, payer_norm, created_on, expires_at, hold_until)",
            self.payments,
            progress,
            "payments",
        )
        _copy(
            "recon_line (id, bank_account_id, entered_by, booked_on, unit, amount, text_raw, text_norm, payer_norm,"
            " ref, raw, line_key)",
            self.lines,
            progress,
            "lines",
        )
        _copy("bench_truth (line_id, payment_id, kind)", self.truth, progress, "truth")
        for table in ("payment", "recon_line", "recon_allocation", "bench_truth"):
            session().execute(text(f"ANALYZE {table}"))
        self.payments, self.lines, self.truth = [], [], []

    # --- one line --------------------------------------------------------------------------------------

    def _line(self, number: int, kind: str) -> None:
        who = self._person()
        if kind == "noise":
            self._noise(number)
            return
        count = self.dice.randint(2, 4) if kind == "batch" else 1
        day, account = self.dice.randrange(DAYS), self.dice.randrange(len(self.accounts))
        paid = [self._payment(who, account=account, day=day) for _ in range(count)]
        amount = sum(one[8] for one in paid)
        ref = name = None
        if kind in ("ref", "other_sum"):
            ref = paid[0][1]
        if kind == "other_sum":
            amount += self.dice.choice([-1, 1]) * self.dice.randint(1, 9) * 100
        if kind == "code_forgotten":
            amount = paid[0][8] - (paid[0][9] or 0) * 100
        if kind != "other_sum":
            name = self._as_the_bank_writes(who, always=kind in ("code_forgotten", "batch"))
        booked = paid[0][14] + dt.timedelta(days=self.dice.choice([0, 0, 0, 1, 1, 2]))
        self._add_line(number, account, booked, amount, name, ref)
        self.truth += [(number + 1, one[0], kind) for one in paid]

    def _noise(self, number: int) -> None:
        account = self.dice.randrange(len(self.accounts))
        day = self.today - dt.timedelta(days=self.dice.randrange(DAYS))
        amount = self.dice.choice(
            [self.dice.randint(10_000, 2_000_000), self.dice.choice(BASES) + self.dice.randint(1, 999)]
        )
        name = self._person() if self.dice.random() < 0.7 else None
        self._add_line(number, account, day, amount * 100, name, None)

    def _add_line(
        self, number: int, account: int, day: dt.date, amount: int, name: str | None, ref: str | None
    ) -> None:
        words = " ".join(part for part in ("TRSF E-BANKING CR", f"{day:%d%m}", ref, name) if part)
        self.lines.append(
            (
                number + 1,
                self.accounts[account],
                self.accounts[0],
                day,
                "IDR",
                amount,
                words,
                words,
                name,
                ref,
                "{}",
                f"n:{number}",
            )
        )

    def _payment(self, who: str, *, account: int | None = None, day: int | None = None) -> tuple[Any, ...]:
        where = self.dice.randrange(len(self.accounts)) if account is None else account
        created = self.today - dt.timedelta(days=self.dice.randrange(DAYS) if day is None else day)
        base, code = self._sum(where)
        amount = (base + code) * 100
        deadline = dt.datetime.combine(created, dt.time(12), dt.UTC) + dt.timedelta(days=1)
        row = (
            uuid7(),
            self._reference(),
            "pledge",
            uuid7(),
            uuid7(),
            "bank_transfer",
            self.accounts[where],
            "IDR",
            amount,
            code or None,
            amount,
            bool(code),
            "awaiting",
            who,
            created,
            deadline,
            deadline + dt.timedelta(days=3),
        )
        self.payments.append(row)
        return row

    def _sum(self, account: int) -> tuple[int, int]:
        """A sum of its own on this account, as the reservation gives them; without a code when all are taken."""
        wished = BASES[min(int(self.dice.expovariate(1 / 25)), len(BASES) - 1)]
        for base in (wished, *(self.dice.choice(BASES) for _ in range(3))):
            free = self._codes.setdefault((account, base), [])
            if (account, base) not in self._opened:
                free.extend(self.dice.sample(range(1, 1000), 999))
                self._opened.add((account, base))
            if free:
                return base, free.pop()
        return wished, 0

    def _reference(self) -> str:
        while True:
            body = "".join(self.dice.choices(ALPHABET, k=8))
            if body not in self._used:
                self._used.add(body)
                return f"CE{body}{check_symbol(body)}"

    def _made_up(self, count: int) -> list[str]:
        dice = self.dice
        return [
            "".join(dice.choice("BDGHJKLMNPRSTWY") + dice.choice("AEIOU") for _ in range(dice.randint(2, 4)))
            for _ in range(count)
        ]

    def _person(self) -> str:
        names = [self.first[min(int(self.dice.expovariate(1 / 90)), len(self.first) - 1)]]
        if self.dice.random() < 0.5:
            names.append(self.dice.choice(MIDDLE))
        return " ".join([*names, self.dice.choice(self.last)])

    def _as_the_bank_writes(self, who: str, *, always: bool) -> str | None:
        chance = self.dice.random()
        if chance < 0.08 and not always:
            return None
        if chance < 0.12 and not always:
            return self._person()
        words = who.split()
        if chance < 0.3 and len(words) > 2:
            words = [words[0], words[1][0], *words[2:]]
        return " ".join(words)[: self.dice.choice([16, 20, 30, 30])].strip()


def _copy(target: str, rows: list[tuple[Any, ...]], progress: Progress, what: str) -> None:
    cursor = session().connection().connection.cursor()
    try:
        with cursor.copy(f"COPY {target} FROM STDIN") as copy:
            for row in _counted(rows, progress, what):
                copy.write_row(row)
    finally:
        cursor.close()


def _counted(rows: list[tuple[Any, ...]], progress: Progress, what: str) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows):
        if number % 20_000 == 0:
            progress(f"writing {what}", number, len(rows))
        yield row


RESULT = """
WITH found AS (
  SELECT a.line_id, a.target_id, CASE WHEN a.is_sure THEN 'sure' ELSE l.state END AS state
    FROM recon_allocation a JOIN recon_line l ON l.id = a.line_id
   WHERE a.undone_at IS NULL
), judged AS (
  SELECT coalesce(t.line_id, f.line_id) AS line_id, coalesce(t.kind, 'noise') AS kind, f.state,
      f.line_id IS NOT NULL AS is_found, t.line_id IS NOT NULL AND f.line_id IS NOT NULL AS is_right
    FROM bench_truth t FULL JOIN found f ON f.line_id = t.line_id AND f.target_id = t.payment_id
), by_line AS (
  SELECT line_id, min(kind) FILTER (WHERE kind <> 'noise') AS kind, max(state) AS state, bool_and(is_right) AS is_right,
      bool_or(is_found) AS is_found FROM judged GROUP BY line_id
)
SELECT coalesce(kind, 'noise') AS kind, count(*) AS lines,
    count(*) FILTER (WHERE is_found AND state = 'sure') AS sure,
    count(*) FILTER (WHERE is_found AND state = 'sure' AND is_right) AS sure_right,
    count(*) FILTER (WHERE is_found AND state = 'proposed') AS proposed,
    count(*) FILTER (WHERE is_found AND state = 'proposed' AND is_right) AS proposed_right
  FROM by_line GROUP BY 1 ORDER BY 1
"""
