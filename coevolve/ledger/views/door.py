"""What these pages share."""

from flask import Blueprint

blueprint = Blueprint("ledger", __name__)
