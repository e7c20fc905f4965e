"""Members of an organisation: who they are, inviting, changing, ending; and the door of an invitation."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import actor, flash_success, form_page, page, see_other
from coevolve.organisations import forms, policy, queries, service, words
from coevolve.organisations.models import Organisation
from coevolve.organisations.views.door import blueprint, me, my_organisation, refused, typed
from coevolve.people import queries as people
from coevolve.people.doors import account_from_link, private, spent


@blueprint.get("/dasbor/<slug>/anggota")
@access("signed_in")
def members(slug: str) -> Response:
    """Who acts for the organisation."""
    return _page(my_organisation(slug), forms.InviteForm(formdata=None))


def _page(organisation: Organisation, form: Any) -> Response:
    rows = [
        {
            "id": seat.membership_id,
            "name": seat.person.name,
            "email": seat.person.email,
            "role": words.ROLES[seat.role],
            "role_code": seat.role,
            "office": seat.office,
            "since": seat.since,
            "is_me": seat.person.id == me().id,
            "has_app": people.has_second_factor(seat.person.id),
        }
        for seat in queries.seats_in(organisation.id)
    ]
    open_doors = [
        {"id": door.id, "email": door.email, "role": words.ROLES[door.role], "since": door.created_at}
        for door in queries.invitations_of(organisation.id)
    ]
    return form_page(
        "organisations/members.html",
        form,
        organisation=organisation,
        rows=rows,
        doors=open_doors,
        roles=words.ROLE_HINTS,
        may_manage=policy.may(me(), "manage_members", organisation),
        zone=me().zone,
    )


@blueprint.post("/dasbor/<slug>/anggota")
@access("signed_in", step_up=True)
def invite(slug: str) -> Response:
    """Send an invitation."""
    organisation = my_organisation(slug, "manage_members")
    form = forms.InviteForm()
    if form.validate_on_submit():
        try:
            service.invite(
                organisation_id=organisation.id,
                by=me(),
                email=typed(form.email),
                role=typed(form.role),
                office=typed(form.office),
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            flash_success(lazy("Undangan dikirim lewat surel."))
            return see_other(f"/dasbor/{slug}/anggota")
    return _page(organisation, form)


@blueprint.post("/dasbor/<slug>/undangan/<uuid:invitation_id>/cabut")
@access("signed_in", step_up=True)
def withdraw_invitation(slug: str, invitation_id: uuid.UUID) -> Response:
    """Close a door nobody went through."""
    my_organisation(slug, "manage_members")
    service.withdraw_invitation(invitation_id=invitation_id, by=me())
    commit()
    flash_success(lazy("Undangan dicabut."))
    return see_other(f"/dasbor/{slug}/anggota")


@blueprint.post("/dasbor/<slug>/anggota/<uuid:membership_id>/peran")
@access("signed_in", step_up=True)
def change_role(slug: str, membership_id: uuid.UUID) -> Response:
    """Give a member another role."""
    my_organisation(slug, "manage_members")
    form = forms.RoleForm()
    if form.validate_on_submit():
        service.change_role(membership_id=membership_id, by=me(), role=typed(form.role))
        commit()
        flash_success(lazy("Peran anggota diganti."))
    return see_other(f"/dasbor/{slug}/anggota")


@blueprint.post("/dasbor/<slug>/anggota/<uuid:membership_id>/akhiri")
@access("signed_in", step_up=True)
def end_membership(slug: str, membership_id: uuid.UUID) -> Response:
    """End a membership; it takes effect at once."""
    my_organisation(slug)
    membership = service.end_membership(membership_id=membership_id, by=me())
    commit()
    flash_success(lazy("Keanggotaan berakhir. Haknya sudah dicabut."))
    return see_other("/dasbor" if membership.person_id == me().id else f"/dasbor/{slug}/anggota")


@blueprint.route("/undangan/<token>", methods=["GET", "POST"])
@access("token")
def join(token: str) -> Response:
    """An invitation's link: sign in or open an account with the invited address, then join."""
    found = service.find_invitation(token)
    if found is None:
        return spent()
    invitation, link = found
    organisation = queries.get(invitation.organisation_id)
    person = actor()
    known = people.find_by_email(invitation.email)
    if person is None:
        if known is None or known.state == "invited":
            return account_from_link(token, link, onward=f"/undangan/{token}", organisation=organisation.name)
        return see_other(f"/masuk?{urlencode({'ke': f'/undangan/{token}'})}")
    form = forms.JoinForm()
    if form.validate_on_submit():
        try:
            service.accept_invitation(token=token, by=person)
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            flash_success(lazy("Anda sekarang anggota %(organisation)s.", organisation=organisation.name))
            return see_other(f"/dasbor/{organisation.slug}")
    return private(
        form_page(
            "organisations/join.html",
            form,
            organisation=organisation,
            role=words.ROLE_HINTS[invitation.role],
            is_other=person.email != invitation.email,
            email=invitation.email,
        )
    )


@blueprint.get("/akun/organisasi")
@access("signed_in")
def mine() -> Response:
    """The organisations I act for."""
    rows = [
        {
            "href": f"/dasbor/{seat.organisation.slug}",
            "name": seat.organisation.name,
            "role": words.ROLES[seat.role],
            "office": seat.office,
            "state": words.STATES[seat.organisation.state],
            "tag": words.STATE_TAGS[seat.organisation.state],
        }
        for seat in queries.memberships_of(me().id)
    ]
    return page("organisations/mine.html", rows=rows)
