"""The WSGI application of the payment sandbox: the API under `/v1`, the page under `/c`, the admin under `/sandbox`."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from coevolve.payment_sandbox import admin, chaos, page
from coevolve.payment_sandbox.errors import StripeError
from coevolve.payment_sandbox.gate import Answer, Asked, answer
from coevolve.payment_sandbox.settings import Settings, from_environment
from coevolve.payment_sandbox.store import Store
from coevolve.payment_sandbox.ticking import Deliverer


def create(settings: Settings | None = None) -> Flask:
    """The application with its state and its threads; without settings they come from the environment."""
    settings = settings or from_environment()
    store = Store(settings)
    _set_faults(store, settings)
    app = Flask("coevolve.payment_sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 2_000_000
    app.extensions["payment_sandbox"] = store
    app.register_blueprint(page.blueprint)
    app.register_blueprint(admin.blueprint)
    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/v1/<path:rest>", "v1", v1, methods=["GET", "POST", "DELETE"])
    app.register_error_handler(StripeError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    Deliverer(store).start()
    return app


def _set_faults(store: Store, settings: Settings) -> None:
    if settings.chaos:
        with store.change():
            for row in store.oldest("fault"):
                store.remove("fault", row["id"])
            for given in settings.chaos:
                row = chaos.rule(given)
                store.add("fault", row)


def healthz() -> tuple[Response, int]:
    """Up; 500 once the sandbox itself has broken Stripe's description."""
    from flask import current_app

    violations = current_app.extensions["payment_sandbox"].violations
    return jsonify({"ok": violations == 0, "violations": violations}), 200 if violations == 0 else 500


def v1(rest: str) -> Response:
    from flask import current_app

    asked = Asked(
        method=request.method,
        path=f"/v1/{rest}",
        query=request.query_string.decode("ascii", "replace"),
        body=request.get_data(),
        headers=request.headers,  # type: ignore[arg-type]  # a Mapping in all but name
    )
    given = answer(current_app.extensions["payment_sandbox"], asked)
    if given.is_cut:
        return _broken(given)
    return Response(given.body, given.status, given.headers)


def _broken(given: Answer) -> Response:
    """Promises a whole answer and ends in its middle."""

    def half() -> Iterator[bytes]:
        yield given.body[: len(given.body) // 2]

    response = Response(half(), given.status, given.headers)
    response.headers["Content-Length"] = str(len(given.body) + 1_000)
    return response


def _refused(error: StripeError) -> tuple[Response, int]:
    return jsonify(error.envelope()), error.status


def _http_error(error: HTTPException) -> tuple[Response, int]:
    status = error.code or 500
    return jsonify({"error": {"message": error.description, "type": "invalid_request_error"}}), status
