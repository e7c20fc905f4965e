"""The payment sandbox: a stateful double of Stripe's HTTP service, for the demo and for tests. No money is real here.

It is its own process, imports nothing else of `coevolve` and not Stripe's SDK, and keeps itself honest against Stripe's
published description (`spec/`, cut by `cut_spec.py`): every parameter that comes in and every object that goes out.
It refuses to start unless COEVOLVE_ENV is `demo` or `test`.

    COEVOLVE_ENV=demo python -m coevolve.payment_sandbox --port 5560 --data var/payment_sandbox \\
        --secret-key sk_test_... --webhook-secret whsec_... --webhook-url http://127.0.0.1:5500/webhook/stripe

The app reaches it by `StripeClient(key, base_addresses={"api": "http://127.0.0.1:5560"}, stripe_version=V)`, V being
`description.version()`; another version is refused. `GET /healthz` answers 200, or 500 once it broke the description.

**State** lies in `<data>/state.sqlite3` and outlives a restart; `<data>/truth.jsonl` says what really happened.

**API**: the calls in `resources.CALLS`. What Stripe could do and the sandbox cannot is refused as
`sandbox_unsupported`, never ignored.

**The hosted page** (`/c/pay/<session>`, the session's `url`), for browser tests: form `#pay-form` with fields `email`
(absent when the app gave one), `name`, radio `card` (`#card-0` succeeds, `#card-1` is declined, `#card-2` has no funds,
`#card-3` asks for 3-D Secure, `#card-4` is foreign), `card_number` (any number of `cards.CARDS`; wins over `card`);
buttons named `action`: `#pay`, `#pay-later`, `#cancel`. The 3-D Secure page: `#approve`, `#fail`. Faults: `#problem`.
A closed session: `#closed`, link `#back`. A session that keeps the card has no `#pay-later`; card 4000 0000 0000 0341
pays once and is without funds ever after.

**Admin**, JSON (Content-Type application/json) under `/sandbox`:

    GET  state, dump, truth                 how things stand; every object; the truth file
    POST chaos {"faults": [...]}            trouble to make, see `chaos.py`; [] ends it
    POST webhook {"url"}                    where events go
    POST settlement {"currency", "rates"}   the balance in another currency, other rates from now on
    POST clock {"advance": seconds}         time passes: sessions expire, keys are pruned, payouts arrive
    POST reset                              forgets everything
    POST sessions/<cs>/pay {"card", "email", "approve", "later"}      what the giver would do on the page
    POST payments {"amount", "currency", "metadata", "email"}         a payment the app never asked for
    POST payments/<pi>/settle {"paid"}                                the late money of pay-later
    POST payment_methods/<pm>/answer {"decline"}                      what the bank says to a saved card from now on
    POST refunds {"charge", "amount"}; refunds/<re>/succeed, /fail    made in the dashboard; what the bank does
    POST disputes {"charge", "amount", "reason", "inquiry"}; disputes/<du>/win, /lose, /review
    POST payouts {"pending", "arrive"}; payouts/<po>/arrive, /fail    an automatic payout of what is available
    POST events/<evt>/resend                                          the same event once more

Start reading at `gate.py` (what every call passes), then `resources.py`, `checkout.py` and `money.py`.
"""
