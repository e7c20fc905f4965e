"""The provider's side: its balance, ours, and what nobody has explained."""

from __future__ import annotations

from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.i18n import _
from coevolve.kit.jobs import after_commit
from coevolve.kit.pages import flash_success, page, see_other
from coevolve.reconciliation import queries
from coevolve.reconciliation.forms import PlainForm
from coevolve.reconciliation.views.door import blueprint


@blueprint.get("/penyedia")
@access("staff:finance")
def provider() -> BaseResponse:
    """What the provider says it holds for us, what we say, and transactions nobody has explained yet."""
    return page(
        "reconciliation/provider.html",
        comparisons=queries.last_comparisons(),
        unexplained=queries.unexplained_transactions(),
        form=PlainForm(),
    )


@blueprint.post("/penyedia/bandingkan")
@access("staff:finance")
def compare() -> BaseResponse:
    """Ask a worker to compare now."""
    after_commit("reconciliation.compare")
    commit()
    flash_success(_("Perbandingan dimulai. Hasilnya muncul dalam satu menit."))
    return see_other("/keuangan/penyedia")
