"""What all pages of finance share: whose room it is, words for sums, names of persons.

The same pages stand in two kinds of rooms: platform finance sees our accounts (and may look at organisations' own), and
an organisation under direct custody sees its own accounts, and nothing of anybody else's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, g, request

from coevolve.kit.access import access
from coevolve.kit.db import get
from coevolve.kit.errors import Forbidden, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.kit.pages import actor
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.payments import custody
from coevolve.payments import queries as payments
from coevolve.payments.models import BankAccount
from coevolve.payments.queries import AccountShown
from coevolve.people import queries as people
from coevolve.reconciliation import policy, queries
from coevolve.reconciliation.models import Case, Line
from coevolve.reconciliation.words import title_of

blueprint = Blueprint("reconciliation", __name__, url_prefix="/keuangan")
desk = Blueprint("own_bank", __name__, url_prefix="/dasbor/<slug>/rekening")
AGREEING = ("reconciliation.confirm", "reconciliation.reject")
"""Steps of the second person."""
NOT_FOUND = lazy("Halaman atau data ini tidak ada.")
F = TypeVar("F", bound=Callable[..., Any])


def both(rule: str, *methods: str, step_up: bool = False) -> Callable[[F], F]:
    """Mount a page in the platform's rooms and in those of every organisation with an own account."""

    def mount(view: F) -> F:
        @wraps(view)
        def own(*args: Any, **kwargs: Any) -> Any:
            return view(*args, **kwargs)

        said = list(methods or ("GET",))
        blueprint.add_url_rule(
            rule, view.__name__, access("staff:finance", step_up=step_up)(view), methods=said
        )
        desk.add_url_rule(
            rule or "/hari", view.__name__, access("signed_in", step_up=step_up)(own), methods=said
        )
        return view

    return mount


@dataclass(frozen=True)
class Room:
    """Whose books are looked at: the platform's, or an organisation's own account's."""

    base: str = "/keuangan"
    organisation: Organisation | None = None
    accounts: list[AccountShown] = field(default_factory=list)
    """The accounts of this room."""

    @property
    def day(self) -> str:
        """The page of a day."""
        return f"{self.base}/hari" if self.organisation else self.base

    @property
    def of(self) -> uuid.UUID | None:
        """The organisation's key; None: the platform."""
        return self.organisation.id if self.organisation else None

    @property
    def account_ids(self) -> list[uuid.UUID] | None:
        """The accounts queries are narrowed to; None: the platform's own."""
        return [one.id for one in self.accounts] if self.organisation else None

    def may_act_on(self, line: Line) -> bool:
        """Whether somebody in this room may do more with a line than look."""
        return line.bank_account_id in {one.id for one in self.accounts}

    def may_agree_to(self, line: Line) -> bool:
        """Whether somebody in this room may be the second person: an organisation of one has nobody else to ask."""
        if self.may_act_on(line):
            return True
        custodian = custody.custodian_of_account(line.bank_account_id)
        if self.organisation is not None or custodian is None:
            return False
        return len(organisations.members_of(custodian, roles=sorted(policy.MONEY_ROLES))) < 2

    def line(self, line_id: int) -> Line:
        """The line of an address: of this room. Platform finance may look at others, and little more."""
        if line_id >= 2**63:
            raise NotFound("no_line", lazy("Mutasi ini tidak ada."))
        found = queries.get_line(line_id)
        if self.may_act_on(found):
            return found
        if self.organisation is not None:
            raise NotFound("no_line", lazy("Mutasi ini tidak ada."))
        stands_in = request.endpoint in AGREEING and self.may_agree_to(found)
        if request.method != "GET" and not stands_in:
            raise Forbidden(
                "own_bank_line", lazy("Mutasi rekening organisasi dikerjakan bendaharanya sendiri.")
            )
        return found

    def only(self, line_ids: list[int]) -> list[int]:
        """Of these lines, those of this room."""
        return queries.lines_within(line_ids, self.account_ids)

    def account(self, text: str | None) -> AccountShown:
        """The account of an address, if this person may hand in its statements."""
        found = next((one for one in self.accounts if str(one.id) == str(text)), None)
        if found is None or not policy.may_import(actor().id, get(BankAccount, found.id)):
            raise NotFound("no_bank_account", lazy("Rekening ini tidak ada."))
        return found

    def case(self, case_id: uuid.UUID) -> Case:
        """The case of an address: an organisation sees its own; platform finance helps with all."""
        found = queries.get_case(case_id)
        if self.organisation is not None and found.organisation_id != self.organisation.id:
            raise NotFound("not_found", NOT_FOUND)
        return found


def room() -> Room:
    """The room of this request; for whoever has no business there it does not exist."""
    found: Room | None = g.get("finance_room")
    if found is None:
        slug = g.get("desk_slug")
        found = g.finance_room = Room(accounts=payments.bank_accounts()) if slug is None else _desk_room(slug)
    return found


def _desk_room(slug: str) -> Room:
    organisation = organisations.get_by_slug(slug)
    if organisations.role_in(actor().id, organisation.id) not in policy.MONEY_ROLES:
        raise NotFound("not_found", NOT_FOUND)
    accounts = payments.bank_accounts(organisation.id)
    if not accounts:
        raise NotFound("not_found", NOT_FOUND)
    return Room(f"/dasbor/{slug}/rekening", organisation, accounts)


@desk.url_value_preprocessor
def keep_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """The organisation of the address; asked for its rights when the page is."""
    if values:
        g.desk_slug = values.pop("slug", None)


@blueprint.app_template_filter("case_title")
def case_title(kind: str) -> str:
    """What a case is about, in words."""
    return title_of(kind)


@desk.context_processor
@blueprint.context_processor
def words() -> dict[str, Any]:
    """What the pages of these blueprints say sums and persons with."""
    return {
        "room": g.get("finance_room") or Room(),
        "money_of": lambda case: Money(case.amount, case.unit),
        "money_in": Money,
        "uuid_of": lambda text: uuid.UUID(text) if text and text != "system" else None,
    }


def names_of(person_ids: Any) -> dict[uuid.UUID, str]:
    """Names of these persons, by id; None stands for the platform."""
    wanted = [one for one in person_ids if one is not None]
    return {key: person.name for key, person in people.by_ids(wanted).items()} if wanted else {}
