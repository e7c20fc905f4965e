"""One frozen settings object, read from the environment at start.

Every limit of the product is a field with its default here; a process fails at start, naming what is missing.
`COEVOLVE_ENV` is `production` unless `demo` or `test` is said, so a forgotten variable is strict, never lax.
"""

from __future__ import annotations

import dataclasses
import os
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STRIPE_API = "https://api.stripe.com"
STRIPE_CHECKOUT = "https://checkout.stripe.com"


class SettingsError(RuntimeError):
    """The environment cannot run this process; the message names every variable at fault."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All knobs. A field `x_y` is read from `COEVOLVE_X_Y`, but for the well-known names in WELL_KNOWN."""

    env: str = "production"
    # --- where things are -------------------------------------------------------------------------
    database_url: str = ""
    database_owner_url: str = ""
    redis_url: str = ""
    """Broker, results and counters: redis://, rediss:// or unix:///path."""
    smtp_url: str = ""
    """smtp://user:password@host:port, or smtps://; empty in production is refused."""
    public_url: str = ""
    """Where people reach us, without a final slash; links in mails are built from it, never from Host."""
    trusted_hosts: str = ""
    """Comma-separated Host values that are answered; empty: the host of public_url."""
    proxy_hops: int = 0
    data_dir: str = ""
    """Folder for files the app writes: what people hand in (kit.files); in the demo also the caught mails."""
    # --- secrets ----------------------------------------------------------------------------------
    secret_key: str = ""
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    # --- provider ---------------------------------------------------------------------------------
    stripe_api_base: str = STRIPE_API
    stripe_checkout_origin: str = STRIPE_CHECKOUT
    stripe_account: str = ""
    stripe_timeout_seconds: int = 10
    # --- database ---------------------------------------------------------------------------------
    statement_timeout_ms: int = 5_000
    worker_statement_timeout_ms: int = 60_000
    lock_timeout_ms: int = 3_000
    pool_size: int = 5
    pool_overflow: int = 2
    # --- web --------------------------------------------------------------------------------------
    max_body_bytes: int = 1_000_000
    max_webhook_bytes: int = 262_144
    max_form_parts: int = 200
    update_edit_minutes: int = 60
    """For so long members may change an update after they published it."""
    upload_max_bytes: int = 12_600_000
    """A photo or PDF somebody hands in; a form that carries one may be a little larger."""
    photo_accel: str = ""
    """Under which inner address the proxy finds the photos (/_foto/) and sends them itself; empty: the app does."""
    statement_max_bytes: int = 10_000_000
    statement_max_lines: int = 100_000
    """Of one bank statement: larger ones are downloaded for a shorter time."""
    upload_pixels_most: int = 60_000_000
    upload_side_most: int = 1_800
    """Photos are kept no larger than this, in pixels: a receipt stays readable."""
    session_idle_days: int = 14
    session_absolute_days: int = 90
    staff_session_idle_hours: int = 3
    staff_session_absolute_hours: int = 12
    step_up_minutes: int = 10
    password_min_length: int = 12
    staff_password_min_length: int = 15
    password_max_length: int = 128
    sign_in_tries: int = 10
    sign_in_window_seconds: int = 300
    second_factor_tries: int = 5
    mail_link_hours: int = 24
    claim_days: int = 730
    """How long a checked document counts when the checker names no other day."""
    visit_days: int = 365
    # --- money ------------------------------------------------------------------------------------
    gift_min_minor: int = 1_000_000
    """Least gift: Rp 10.000, in hundredths of a rupiah."""
    gift_max_minor: int = 99_999_999_999_899
    """Stripe refuses more than 999,999,999,998.99 in IDR."""
    checkout_minutes: int = 60
    transfer_hours: int = 24
    transfer_grace_hours: int = 72
    transfer_quarantine_days: int = 30
    auto_post_limit_minor: int = 100_000_000
    case_days: int = 7
    """By when a difference should be settled, from the day it was found."""
    second_person_refund_minor: int = 500_000_000
    refund_ask_days: int = 30
    """So long after giving a donor may ask for the money back, if it is not disbursed."""
    outbox_unknown_hours: int = 24
    monthly_hour: int = 9
    """Monthly gifts are charged from this hour of their day, Jakarta time."""
    monthly_first_retry_days: int = 3
    """So many days after a bank's no the card of a monthly gift is tried again."""
    monthly_second_retry_days: int = 7
    """And once more so many days after the first no; then the gift rests."""
    monthly_link_days: int = 400
    """How long the link in a mail about a monthly gift works."""
    account_wait_hours: int = 72
    """So long a new or changed bank account of an organisation waits before money goes there."""
    report_days: int = 90
    """From settling a disbursement to the day its report is due."""
    own_report_days: int = 90
    """Direct custody: from gifts in an organisation's own bank to the day it accounts for them, again and again."""
    report_mend_days: int = 14
    """A report sent back for mending has at least this long."""
    report_remind_days: int = 14
    """So many days before it is due a report is asked for."""
    platform_name: str = "Co-Evolve"
    # --- pledges and listings -----------------------------------------------------------------------
    listing_default_days: int = 60
    listing_most_days: int = 365
    reconfirm_days: int = 30
    pledge_lapse_days: int = 30
    open_pledges_limit: int = 50
    flood_minutes: int = 10
    flood_listings: int = 60
    """More listings than this opened in one province within those minutes: a disaster, or a mass import."""
    flood_matches: int = 400
    """Then each of them is suggested to so many people only, those it suits best; all stay open to everybody."""
    page_size: int = 20
    export_most_rows: int = 10_000
    """A table of listings has at most so many rows; narrower filters give the rest."""
    kept_pages_bytes: int = 8_000_000
    """So much a web process keeps of the pages that visitors see (kit.kept), and as much again of kit.shared_pages."""
    page_seconds: int = 2
    """So long a page that visitors see is answered again as it was (kit.shared_pages); 0: never."""
    drawings_bytes: int = 300_000_000
    """So much disk is given to share cards, posters and lists of addresses; the oldest go first (kit.drawn)."""
    drawings_per_minute: int = 120
    """So many of them a process draws in a minute at most; at 0.05 s each a tenth of a core."""
    # --- notices ----------------------------------------------------------------------------------
    mail_from: str = "Co-Evolve <kabar@co-evolve.example>"
    mail_tries: int = 12
    mail_return_path: str = ""
    """Where bounces go, `bounces@host`: each letter gets a mark of its own behind a plus. Empty: to the sender."""
    mail_webhook_secret: str = ""
    """Signs what the mail server hands to /webhook/mail (bounces, complaints); empty: nothing is taken there."""
    mail_full_times: int = 3
    """A mailbox that is full or away so often in a row counts as one that no longer takes mail."""
    mail_proofs_a_day: int = 5
    digest_shown: int = 20
    """So many news a digest names; the rest it counts, place by place."""
    quiet_from_hour: int = 21
    quiet_until_hour: int = 6
    """Between these hours of the reader's own day no mail goes out, unless they chose others; twice the same: never."""
    whatsapp_gateway: str = ""
    """Where short texts for WhatsApp go: an https address of the operator's provider; empty: nobody is offered it."""
    sms_gateway: str = ""
    text_secret: str = ""
    """Signs the texts handed to those gateways."""
    # --- places ------------------------------------------------------------------------------------
    localities_check_seconds: int = 30
    """So often at most a process asks whether another one has loaded places."""
    # --- faults (tests only) ----------------------------------------------------------------------
    fault: str = ""

    @property
    def is_production(self) -> bool:
        """Whether real people and real money are behind this process."""
        return self.env == "production"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; raise SettingsError naming all that is missing or unfit."""
        source = os.environ if environ is None else environ
        hints = typing.get_type_hints(cls)
        values: dict[str, object] = {}
        wrong: list[str] = []
        for field in dataclasses.fields(cls):
            name = WELL_KNOWN.get(field.name, f"COEVOLVE_{field.name.upper()}")
            text = source.get(name) or _from_file(source.get(f"{name}_FILE"))
            if text is None:
                continue
            try:
                values[field.name] = int(text) if hints[field.name] is int else text
            except ValueError:
                wrong.append(f"{name} must be a whole number, not {text!r}")
        settings = cls(**values)  # type: ignore[arg-type]
        wrong += _faults_of(settings)
        if wrong:
            raise SettingsError("; ".join(wrong))
        return settings


WELL_KNOWN = {
    "database_url": "DATABASE_URL",
    "database_owner_url": "DATABASE_OWNER_URL",
    "redis_url": "REDIS_URL",
    "smtp_url": "SMTP_URL",
    "secret_key": "SECRET_KEY",
    "stripe_secret_key": "STRIPE_SECRET_KEY",
    "stripe_webhook_secret": "STRIPE_WEBHOOK_SECRET",
    "stripe_api_base": "STRIPE_API_BASE",
    "stripe_checkout_origin": "STRIPE_CHECKOUT_ORIGIN",
    "stripe_account": "STRIPE_ACCOUNT",
}


def environment_name(field: str) -> str:
    """The variable a field is read from."""
    return WELL_KNOWN.get(field, f"COEVOLVE_{field.upper()}")


def _from_file(path: str | None) -> str | None:
    """A secret handed over as a file (Docker and Kubernetes do so)."""
    if not path:
        return None
    return Path(path).read_text(encoding="utf-8").strip() or None


def _missing(settings: Settings, *fields: str) -> list[str]:
    return [f"{environment_name(field)} is missing" for field in fields if not getattr(settings, field)]


def _faults_of(settings: Settings) -> list[str]:
    wrong = _missing(settings, "database_url", "redis_url", "secret_key", "public_url")
    if settings.env not in {"production", "demo", "test"}:
        wrong.append(f"COEVOLVE_ENV is {settings.env!r}; use production, demo or test")
    if settings.is_production:
        wrong += _faults_in_production(settings)
    return wrong


def _faults_in_production(settings: Settings) -> list[str]:
    wrong = _missing(settings, "smtp_url", "stripe_secret_key", "stripe_webhook_secret")
    if len(settings.secret_key) < 32:
        wrong.append("SECRET_KEY must have at least 32 characters")
    if settings.stripe_api_base != STRIPE_API:
        wrong.append(
            "STRIPE_API_BASE must be Stripe's own address in production (the payment sandbox is not a bank)"
        )
    if settings.stripe_checkout_origin != STRIPE_CHECKOUT:
        wrong.append("STRIPE_CHECKOUT_ORIGIN must be Stripe's own checkout in production")
    if not settings.public_url.startswith("https://"):
        wrong.append("COEVOLVE_PUBLIC_URL must start with https:// in production")
    for name in ("whatsapp_gateway", "sms_gateway"):
        told = getattr(settings, name)
        if told and (not told.startswith("https://") or len(settings.text_secret) < 32):
            wrong.append(
                f"{environment_name(name)} must be an https:// address, with COEVOLVE_TEXT_SECRET of 32 characters"
            )
    if settings.fault:
        wrong.append("COEVOLVE_FAULT is for tests only")
    return wrong


_installed: Settings | None = None


def install(settings: Settings) -> Settings:
    """Make these the settings of this process."""
    global _installed
    _installed = settings
    return settings


def settings() -> Settings:
    """The settings of this process, read from the environment at first use."""
    return _installed if _installed is not None else install(Settings.from_environment())


@contextmanager
def overridden(**changes: object) -> Iterator[Settings]:
    """Other values within a block (tests)."""
    before = settings()
    try:
        yield install(dataclasses.replace(before, **changes))  # type: ignore[arg-type]
    finally:
        install(before)
