"""What the live claims of an organisation amount to. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from coevolve.organisations.models import Kind, Method, Subject

_LEGAL = (Subject.deed, Subject.legal_decree, Subject.npwp)
REQUIRED: dict[str, tuple[Subject, ...]] = {
    Kind.cso: _LEGAL,
    Kind.philanthropy: _LEGAL,
    Kind.company: _LEGAL,
    Kind.digital_provider: _LEGAL,
    Kind.business_association: (Subject.deed, Subject.legal_decree),
    Kind.community_group: (Subject.domicile, Subject.signatory),
    Kind.government_agency: (Subject.signatory,),
}
"""What must be checked before an organisation of the kind may publish (level 2)."""
OPTIONAL: dict[str, tuple[Subject, ...]] = {
    kind: tuple(
        subject
        for subject in (Subject.domicile, Subject.board, Subject.signatory, Subject.bank_account)
        if subject not in required
    )
    for kind, required in REQUIRED.items()
}
"""What it may file besides."""
REGISTERED, DOCUMENTS, SITE, RECORD = 1, 2, 3, 4


def level(kind: str, live: Iterable[tuple[str, str | None]]) -> int:
    """1 registered, 2 documents checked, 3 site or peer checked, 4 track record; each needs the one before."""
    claims = set(live)
    subjects = {subject for subject, _ in claims}
    if not subjects.issuperset(REQUIRED[Kind(kind)]):
        return REGISTERED
    if Subject.visit not in subjects and not any(
        method in {Method.visit, Method.peer} for _, method in claims
    ):
        return DOCUMENTS
    return RECORD if Subject.track_record in subjects else SITE
