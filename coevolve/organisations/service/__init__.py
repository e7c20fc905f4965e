"""What organisations, their members and their checkers can do; read the file of the use case you look for."""

from coevolve.organisations.service.claims import (
    check_claim,
    expire_claims,
    file_account,
    file_claim,
    record_visit,
    refresh_level,
    revoke_claim,
    write_track_record,
)
from coevolve.organisations.service.members import (
    accept_invitation,
    add_member,
    change_role,
    end_membership,
    find_invitation,
    invite,
    withdraw_invitation,
)
from coevolve.organisations.service.refusing import refuse
from coevolve.organisations.service.registration import register, revise, submit
from coevolve.organisations.service.review import approve, freeze, reject, return_, unfreeze

__all__ = [
    "accept_invitation",
    "add_member",
    "approve",
    "change_role",
    "check_claim",
    "end_membership",
    "expire_claims",
    "file_account",
    "file_claim",
    "find_invitation",
    "freeze",
    "invite",
    "record_visit",
    "refresh_level",
    "refuse",
    "register",
    "reject",
    "return_",
    "revise",
    "revoke_claim",
    "submit",
    "unfreeze",
    "withdraw_invitation",
    "write_track_record",
]
