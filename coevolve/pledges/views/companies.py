"""A giving organisation's own page: its limit, what waits for its second member, its months."""

from __future__ import annotations

import datetime as dt
from typing import Any

from werkzeug.wrappers import Response

from coevolve.kit import clock, i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import Money, typed_rupiah
from coevolve.kit.pages import actor, flash_success, form_page, page, see_other
from coevolve.kit.tables import csv_file
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.pledges import forms, queries, service, words
from coevolve.pledges.queries.company import CompanyMonth
from coevolve.pledges.views.door import blueprint, private, refused
from coevolve.pledges.views.giving import KIND_WORDS
from coevolve.pledges.views.promises import waiting
from coevolve.reconciliation.service import crediting


@blueprint.get("/dasbor/<slug>/pemberian")
@access("signed_in")
def giving_of(slug: str) -> Response:
    """The organisation as a giver."""
    organisation = _organisation(slug)
    return _show(organisation, forms.RuleForm())


@blueprint.post("/dasbor/<slug>/pemberian/batas")
@access("signed_in", step_up=True)
def set_rule(slug: str) -> Response:
    """The owner sets above which sum a second member approves."""
    organisation = _organisation(slug)
    form = forms.RuleForm()
    if form.validate_on_submit():
        try:
            service.set_rule(organisation_id=organisation.id, by=actor(), approval_above=form.minor())
            commit()
        except DomainError as refusal:
            refused(form, refusal)
            organisation = _organisation(slug)
        else:
            flash_success(_("Batas persetujuan disimpan."))
            return see_other(f"/dasbor/{slug}/pemberian")
    return _show(organisation, form, typed=True)


def _show(organisation: Organisation, form: forms.RuleForm, *, typed: bool = False) -> Response:
    rule = queries.rule_of(organisation.id)
    role = organisations.role_in(actor().id, organisation.id)
    if not typed and rule is not None and rule.approval_above is not None:
        form.approval_above.data = typed_rupiah(rule.approval_above)
    wallet = crediting.wallet_of("organisation", organisation.id)
    return private(
        form_page(
            "pledges/company.html",
            form,
            organisation=organisation,
            rule=rule,
            may_set=service.may_set_rule(role, organisation.state),
            waiting=[
                {
                    "href": row["href"],
                    "text": _given(row["pledge"]),
                    "state": _("Menunggu persetujuan"),
                    "kind": "wait",
                    "note": row["title"],
                }
                for row in waiting(organisation.id)
            ],
            months=[
                (f"/dasbor/{organisation.slug}/pemberian/{month:%Y-%m}", _month(month))
                for month in queries.months_of(organisation.id, clock.today())
            ],
            credit=wallet.balance,
        )
    )


@blueprint.get("/dasbor/<slug>/pemberian/<bulan>")
@access("signed_in")
def month(slug: str, bulan: str) -> Response:
    """What the organisation promised and what came of it in one month."""
    organisation = _organisation(slug)
    found = queries.month_of(organisation.id, _first(bulan))
    return private(
        page(
            "pledges/month.html",
            organisation=organisation,
            month=_month(found.first),
            rows=[
                {
                    "on": row.on,
                    "what": WHAT[row.what],
                    "thing": words.thing(row.kind, row.unit, row.quantity, row.label),
                    "title": row.title,
                    "href": f"/dukungan/{row.pledge_id}",
                    "place": f"{row.receiver}, {row.locality}" if row.locality else row.receiver,
                    "reference": row.reference or row.purchase_order,
                }
                for row in found.rows
            ],
            money=[_sum(one) for one in found.sums if one.kind == "money"],
            things=[_sum(one) for one in found.sums if one.kind != "money"],
            csv=f"/dasbor/{organisation.slug}/pemberian/{bulan}.csv",
        )
    )


@blueprint.get("/dasbor/<slug>/pemberian/<bulan>.csv")
@access("signed_in")
def month_csv(slug: str, bulan: str) -> Response:
    """The same as a file: one row per promise or arrival, sums exact."""
    organisation = _organisation(slug)
    found = queries.month_of(organisation.id, _first(bulan))
    return private(csv_file(f"pemberian-{organisation.slug}-{found.first:%Y-%m}", HEAD, _rows(found)))


WHAT = {"promised": lazy("Dijanjikan"), "received": lazy("Diterima")}
HEAD = (
    "date",
    "what",
    "kind",
    "quantity",
    "unit",
    "item",
    "listing",
    "receiver",
    "locality_code",
    "locality",
    "payment_reference",
    "purchase_order",
    "pledge",
)


def _rows(found: CompanyMonth) -> list[tuple[Any, ...]]:
    return [
        (
            row.on,
            row.what,
            row.kind,
            Money(row.quantity, row.unit) if row.kind == "money" else row.quantity,
            row.unit.removeprefix("X:"),
            row.label,
            row.title,
            row.receiver,
            row.locality_code,
            row.locality,
            row.reference,
            row.purchase_order,
            row.pledge_id,
        )
        for row in found.rows
    ]


def _sum(one: Any) -> dict[str, str]:
    return {
        "locality": one.locality or "-",
        "kind": str(KIND_WORDS.get(one.kind, "")),
        "promised": words.quantity(one.kind, one.unit, one.promised) if one.promised else "",
        "received": words.quantity(one.kind, one.unit, one.received) if one.received else "",
    }


def _given(pledge: Any) -> str:
    given = [(line.kind, line.unit, line.quantity, "") for line in queries.lines_of(pledge.id)]
    return ", ".join(words.thing(*one) for one in given)


def _month(first: dt.date) -> str:
    return i18n.date(first).split(" ", 1)[1]


def _first(bulan: str) -> dt.date:
    try:
        first = dt.datetime.strptime(bulan, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        first = None
    if first is None or len(bulan) != 7 or not 2000 < first.year < 2200:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return first


def _organisation(slug: str) -> Organisation:
    organisation = organisations.get_by_slug(slug)
    if not organisation_policy.may(actor(), "see", organisation):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return organisation
