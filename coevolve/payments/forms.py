"""Forms of refunds and disputes: shape and limits of what is typed."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from coevolve.kit.i18n import lazy

TOO_LONG = lazy("Terlalu panjang.")


class AskRefundForm(FlaskForm):
    """How much goes back, and why."""

    amount = StringField(
        lazy("Jumlah yang dikembalikan"),
        validators=[DataRequired(lazy("Isi jumlahnya.")), Length(max=30, message=TOO_LONG)],
    )
    reason = TextAreaField(
        lazy("Alasan"),
        validators=[DataRequired(lazy("Tulis alasannya.")), Length(max=1000, message=TOO_LONG)],
    )
    client_token = HiddenField()


class RefundReasonForm(FlaskForm):
    """Why something is refused, stopped or taken off a list."""

    reason = TextAreaField(
        lazy("Alasan"),
        validators=[DataRequired(lazy("Tulis alasannya.")), Length(max=500, message=TOO_LONG)],
    )


class RefundAccountForm(FlaskForm):
    """Where a giver wants its money."""

    bank_name = StringField(
        lazy("Nama bank"),
        validators=[DataRequired(lazy("Tulis nama banknya.")), Length(max=60, message=TOO_LONG)],
    )
    account_number = StringField(
        lazy("Nomor rekening"),
        validators=[DataRequired(lazy("Isi nomor rekeningnya.")), Length(max=40, message=TOO_LONG)],
    )
    holder = StringField(
        lazy("Nama pemilik rekening"),
        validators=[
            DataRequired(lazy("Tulis nama pemilik rekening seperti di buku tabungan.")),
            Length(max=100, message=TOO_LONG),
        ],
    )


class EvidenceForm(FlaskForm):
    """What finance found about a dispute and answered."""

    evidence = TextAreaField(
        lazy("Yang Anda temukan dan jawab"),
        validators=[
            DataRequired(lazy("Tulis apa yang Anda temukan dan jawab.")),
            Length(max=5000, message=TOO_LONG),
        ],
    )
