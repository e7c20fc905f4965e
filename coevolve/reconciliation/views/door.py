"""What all pages of finance share: the blueprint, words for sums, names of persons."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint

from coevolve.kit.money import Money
from coevolve.people import queries as people
from coevolve.reconciliation.words import title_of

blueprint = Blueprint("reconciliation", __name__, url_prefix="/keuangan")


@blueprint.app_template_filter("case_title")
def case_title(kind: str) -> str:
    """What a case is about, in words."""
    return title_of(kind)


@blueprint.context_processor
def words() -> dict[str, Any]:
    """What the pages of this blueprint say sums and persons with."""
    return {
        "money_of": lambda case: Money(case.amount, case.unit),
        "money_in": Money,
        "uuid_of": lambda text: uuid.UUID(text) if text and text != "system" else None,
    }


def names_of(person_ids: Any) -> dict[uuid.UUID, str]:
    """Names of these persons, by id; None stands for the platform."""
    wanted = [one for one in person_ids if one is not None]
    return {key: person.name for key, person in people.by_ids(wanted).items()} if wanted else {}
