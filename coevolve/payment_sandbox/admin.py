"""The word from outside: tests and drills play the bank, the network, the provider's dashboard and time.

JSON in, JSON out, under `/sandbox`; the package's docstring lists every address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request, send_file

from coevolve.payment_sandbox import (
    chaos,
    checkout,
    description,
    disputes,
    events,
    fees,
    money,
    payouts,
    refunds,
    saved_cards,
)
from coevolve.payment_sandbox.cards import find
from coevolve.payment_sandbox.errors import StripeError
from coevolve.payment_sandbox.rendering import plain
from coevolve.payment_sandbox.store import PREFIXES, Row, Store
from coevolve.payment_sandbox.ticking import play_due

blueprint = Blueprint("admin", __name__, url_prefix="/sandbox")


def _store() -> Store:
    found: Store = current_app.extensions["payment_sandbox"]
    return found


def _given(**kinds: type | tuple[type, ...]) -> dict[str, Any]:
    """The JSON object of the request; unknown names and wrong types are refused."""
    given = request.get_json(silent=True) if request.get_data() else {}
    if not isinstance(given, dict) or (given and not request.is_json):
        raise StripeError("A JSON object is needed")
    for name, value in given.items():
        if name not in kinds or not isinstance(value, kinds[name]):
            raise StripeError(f"{name} is not understood here", param=name)
    return given


@blueprint.before_request
def only_json() -> None:
    """A web page cannot post here: a form has another content type, and JSON needs a leave it does not get."""
    if request.method == "POST" and not request.is_json:
        raise StripeError("Send Content-Type: application/json", status=415)


def _shown(row: Row) -> Response:
    return jsonify(plain(_store(), row))


def _changed(do: Callable[[Store], Row]) -> Response:
    store = _store()
    with store.change():
        row = do(store)
        store.say("admin", request.path, of=row["id"])
    return _shown(row)


@blueprint.get("/state")
def state() -> Response:
    store = _store()
    with store.alone():
        found = {
            "version": description.version(),
            "now": store.now(),
            "counts": store.counts(),
            "faults": store.oldest("fault"),
            "open_deliveries": store.oldest("delivery"),
            "webhook_url": events.address(store),
            "violations": store.violations,
            "truth": str(store.truth.path),
        }
        return jsonify(found)


@blueprint.get("/dump")
def dump() -> Response:
    store = _store()
    with store.alone():
        return jsonify({kind: [plain(store, row) for row in store.oldest(kind)] for kind in PREFIXES})


@blueprint.get("/truth")
def truth() -> Response:
    return send_file(_store().truth.path.absolute(), mimetype="application/jsonl", max_age=0)


@blueprint.post("/reset")
def reset() -> Response:
    _store().reset()
    return jsonify({})


@blueprint.post("/chaos")
def set_chaos() -> Response:
    """`{"faults": [rule, ...]}` replaces all rules; an empty list ends all trouble."""
    try:
        rules = [chaos.rule(row) for row in _given(faults=list).get("faults", [])]
    except ValueError as error:
        raise StripeError(str(error)) from None
    store = _store()
    with store.change():
        for row in store.oldest("fault"):
            store.remove("fault", row["id"])
        for row in rules:
            store.add("fault", row)
        store.say("admin", "chaos", faults=rules)
    return jsonify(rules)


@blueprint.post("/webhook")
def set_webhook() -> Response:
    """`{"url": ...}`: where events go from now on; empty for nowhere."""
    url = _given(url=str).get("url", "")
    store = _store()
    with store.change():
        store.add("meta", {"id": "webhook", "url": url})
    return jsonify({"url": url})


@blueprint.post("/clock")
def advance_clock() -> Response:
    """`{"advance": seconds}`: forward only; what falls due on the way is done before the answer."""
    seconds = _given(advance=int).get("advance", 0)
    if seconds < 0:
        raise StripeError("The clock only goes forward", param="advance")
    store = _store()
    with store.change():
        offset = int((store.find("meta", "clock") or {}).get("offset", 0)) + seconds
        store.add("meta", {"id": "clock", "offset": offset})
        store.say("admin", "clock", offset=offset)
    return jsonify({"now": store.now(), "done": play_due(store)})


@blueprint.post("/settlement")
def set_settlement() -> Response:
    """`{"currency", "rates": {"usd": 1630000}}`: the balance in another currency, other rates from now on."""
    given = _given(currency=str, rates=dict)
    store = _store()
    said = {"currency": money.kept_in(store).currency, "rates": {}} | given
    if {said["currency"], *said["rates"]} - set(fees.RATES):
        raise StripeError(f"Known currencies: {', '.join(sorted(fees.RATES))}", param="currency")
    if not all(type(rate) is int and rate > 0 for rate in said["rates"].values()):
        raise StripeError("A rate is a whole number of rupiah sen for one minor unit", param="rates")
    with store.change():
        store.add("meta", {"id": "settlement", **said})
        store.say("admin", "settlement", **said)
    return jsonify(said)


@blueprint.post("/sessions/<session_id>/pay")
def pay(session_id: str) -> Response:
    """What the giver would do on the page: `{"card", "email", "approve"}` or `{"later": true}`."""
    given = _given(card=str, email=str, approve=bool, later=bool)
    store = _store()
    billing = {"email": given.get("email", "giver@example.org"), "name": "Sandbox Giver"}
    with store.change():
        if given.get("later"):
            checkout.pay_later(store, session_id, billing)
            outcome = "later"
        else:
            card = find(given.get("card", "4242424242424242"))
            if card is None:
                raise StripeError("That is no test card", param="card")
            outcome = checkout.pay_by_card(store, session_id, card, billing)
            if outcome == "challenge" and "approve" in given:
                outcome = checkout.answer_challenge(store, session_id, is_approved=given["approve"])
    return jsonify({"outcome": outcome, "session": plain(store, store.get("checkout.session", session_id))})


@blueprint.post("/payments")
def unknown_payment() -> Response:
    """`{"amount", "currency", "metadata", "email"}`: money that the app never asked for."""
    given = _given(amount=int, currency=str, metadata=dict, email=str)
    return _changed(
        lambda store: checkout.unknown_payment(
            store,
            amount=given.get("amount", 5_000_000),
            currency=given.get("currency", "idr"),
            metadata={str(name): str(value) for name, value in given.get("metadata", {}).items()},
            email=given.get("email", "unknown@example.org"),
        )
    )


@blueprint.post("/payments/<intent_id>/settle")
def settle(intent_id: str) -> Response:
    """`{"paid": bool}`: the late money of a pay-later payment comes, or never will."""
    is_paid = _given(paid=bool).get("paid", True)
    return _changed(lambda store: checkout.settle_pay_later(store, intent_id, is_paid=is_paid))


@blueprint.post("/payment_methods/<method_id>/answer")
def set_answer(method_id: str) -> Response:
    """`{"decline"}`: what the bank says to later charges of a saved card (a decline code; empty: it pays)."""
    decline = _given(decline=str).get("decline", "")
    return _changed(lambda store: saved_cards.set_answer(store, method_id, decline))


@blueprint.post("/refunds")
def dashboard_refund() -> Response:
    """`{"charge", "amount"}`: somebody pressed the button in the provider's dashboard."""
    given = _given(charge=str, amount=int)
    return _changed(
        lambda store: refunds.refund(store, charge_id=given.get("charge", ""), amount=given.get("amount"))
    )


@blueprint.post("/refunds/<refund_id>/<any(succeed, fail, ask, cancel):verb>")
def change_refund(refund_id: str, verb: str) -> Response:
    does = {
        "succeed": refunds.succeed,
        "fail": refunds.fail,
        "ask": refunds.ask,
        "cancel": refunds.cancel,
    }
    return _changed(lambda store: does[verb](store, refund_id))


@blueprint.post("/disputes")
def open_dispute() -> Response:
    """`{"charge", "amount", "reason", "inquiry"}`."""
    given = _given(charge=str, amount=int, reason=str, inquiry=bool)
    return _changed(
        lambda store: disputes.open_dispute(
            store,
            charge_id=given.get("charge", ""),
            amount=given.get("amount"),
            reason=given.get("reason", "fraudulent"),
            is_inquiry=given.get("inquiry", False),
        )
    )


@blueprint.post("/disputes/<dispute_id>/<any(win, lose, review, take, prevent):verb>")
def change_dispute(dispute_id: str, verb: str) -> Response:
    does = {
        "win": disputes.win,
        "lose": disputes.lose,
        "review": disputes.review,
        "take": disputes.take,
        "prevent": disputes.prevent,
    }
    return _changed(lambda store: does[verb](store, dispute_id))


@blueprint.post("/payouts")
def run_payout() -> Response:
    """`{"pending": bool, "arrive": bool}`: pays out all that is available (or all there is); null if nothing."""
    given = _given(pending=bool, arrive=bool)
    store = _store()
    with store.change():
        row = payouts.run(store, includes_pending=given.get("pending", False))
        if row is not None and given.get("arrive"):
            payouts.arrive(store, row["id"])
    return jsonify(None) if row is None else _shown(row)


@blueprint.post("/payouts/<payout_id>/<any(arrive, fail):verb>")
def change_payout(payout_id: str, verb: str) -> Response:
    does = {"arrive": payouts.arrive, "fail": payouts.fail}
    return _changed(lambda store: does[verb](store, payout_id))


@blueprint.post("/events/<event_id>/resend")
def resend(event_id: str) -> Response:
    def do(store: Store) -> Row:
        row = store.get("event", event_id)
        events.send(store, event_id)
        return row

    return _changed(do)
