"""Mail that comes back: which letter it was, whose address, and what that means.

Each letter's envelope sender carries a signed mark, `bounces+m123-<mac>@host`, so a report names its letter and cannot
be made up by somebody who never got one. The operator's mail server hands what arrives there to /webhook/mail, whole as
message/rfc822, or as JSON: {"event": "bounce" | "complaint", "mark": "m123-<mac>", "status": "5.1.1", "says": "..."}.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import hmac
import json
import re
import time
from dataclasses import dataclass
from email.message import EmailMessage, Message
from email.utils import parseaddr
from typing import Any, cast

from coevolve.config import settings

OLDEST_SECONDS = 300
_MARK = re.compile(r"\b([md])(\d{1,18})-([0-9a-f]{24})\b")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
FULL = ("5.2.2", "4.2.2", "5.3.4")
GONE = ("5.1.", "5.2.1", "5.4.4", "5.0.0")


class BadReport(Exception):
    """Not signed by us, or nothing that can be understood."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came back: which letter (m: a message, d: a digest), and why: bounced, full, complaint, or '' (nothing)."""

    letter: str
    number: int
    cause: str
    says: str


def mark(letter: str, number: int) -> str:
    """The signed name of a letter in its envelope."""
    told = f"{letter}{number}"
    mac = hmac.new(settings().secret_key.encode(), f"bounce:{told}".encode(), hashlib.sha256)
    return f"{told}-{mac.hexdigest()[:24]}"


def sender_of(letter: EmailMessage) -> str | None:
    """The envelope sender of a letter of ours, by its Message-ID; None: the address in From."""
    host = settings().mail_return_path
    found = re.match(r"<(message|digest)-(\d+)@", letter["Message-ID"] or "")
    if not host or not found:
        return host or None
    local, _, domain = host.partition("@")
    return f"{local}+{mark(found[1][0], int(found[2]))}@{domain}"


def sign(raw: bytes, at: int) -> str:
    """The header Coevolve-Signature of what is handed to /webhook/mail at this moment."""
    told = str(at).encode() + b"." + raw
    return f"t={at},v1={hmac.new(settings().mail_webhook_secret.encode(), told, hashlib.sha256).hexdigest()}"


def check(raw: bytes, signature: str | None) -> None:
    """Refuse what our mail server did not sign just now."""
    if not settings().mail_webhook_secret:
        raise BadReport("no secret is set: nothing is taken")
    found = re.fullmatch(r"t=(\d{1,12}),v1=[0-9a-f]{64}", signature or "")
    if found is None:
        raise BadReport("no signature")
    at = int(found[1])
    if abs(time.time() - at) > OLDEST_SECONDS:
        raise BadReport("too old")
    if not hmac.compare_digest(sign(raw, at), signature or ""):
        raise BadReport("wrong signature")


def read(raw: bytes, content_type: str) -> Report:
    """A report in either shape."""
    if content_type.partition(";")[0].strip().lower() == "application/json":
        return _of_json(raw)
    return _of_mail(raw)


def _of_json(raw: bytes) -> Report:
    try:
        told: Any = json.loads(raw)
    except ValueError:
        raise BadReport("no JSON") from None
    if not isinstance(told, dict) or told.get("event") not in ("bounce", "complaint"):
        raise BadReport("neither a bounce nor a complaint")
    says = f"{told.get('status') or ''} {told.get('says') or ''}".strip()
    cause = "complaint" if told["event"] == "complaint" else _cause("failed", str(told.get("status") or ""))
    return _report(str(told.get("mark") or ""), cause, says)


def _of_mail(raw: bytes) -> Report:
    """A delivery status notification (RFC 3464) or a feedback report (RFC 5965)."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    report_type = str(message.get_param("report-type") or "").lower()
    named = " ".join(
        parseaddr(str(value))[1]
        for name in ("X-Original-To", "Delivered-To", "To")
        for value in message.get_all(name, [])
    )
    if report_type == "feedback-report":
        original = " ".join(
            str(value)
            for part in message.walk()
            for name in ("Original-Mail-From", "Return-Path")
            for value in part.get_all(name, [])
        )
        return _report(f"{named} {original} {_payloads(message)}", "complaint", "feedback report")
    action, status, diagnosis = "", "", ""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            for block in part.get_payload():
                fields = cast("Message[str, str]", block)
                if fields.get("Action"):
                    action = str(fields["Action"]).strip().lower()
                    status = str(fields.get("Status") or "")
                    diagnosis = str(fields.get("Diagnostic-Code") or "")
    return _report(named, _cause(action, status), f"{status} {diagnosis}".strip())


def _payloads(message: Message[str, str]) -> str:
    """The text of the parts of a feedback report, where some senders put the envelope."""
    found = []
    for part in message.walk():
        if part.get_content_type() in ("message/feedback-report", "text/rfc822-headers"):
            payload = part.get_payload()
            found.append(payload if isinstance(payload, str) else " ".join(str(block) for block in payload))
    return " ".join(found)


def _cause(action: str, status: str) -> str:
    """What a failed delivery says of the address; a refusal of this one letter (5.7.x) says nothing of it."""
    found = _STATUS.search(status)
    if action != "failed" or found is None or found[1].startswith("2"):
        return ""
    if found[1].startswith(FULL) or found[1].startswith("4"):
        return "full"
    return "bounced" if found[1].startswith(GONE) else ""


def _report(where: str, cause: str, says: str) -> Report:
    for letter, number, mac in _MARK.findall(where):
        if hmac.compare_digest(mark(letter, int(number)), f"{letter}{number}-{mac}"):
            return Report(letter, int(number), cause, says)
    raise BadReport("no letter of ours is named")


def blames_the_address(refusal: str) -> bool:
    """Whether a refusal while sending is about the address, not about this letter or about us."""
    found = _STATUS.search(refusal)
    return found is None or found[1].startswith((*GONE, "5.2"))
