"""Tables of payments. Amounts are minor units beside their unit: IDR counts hundredths of a rupiah."""

from coevolve.payments.models.accounts import BankAccount, BankAccountVersion
from coevolve.payments.models.boxes import Cursor, Inbox, Outbox
from coevolve.payments.models.disputes import DISPUTE, DISPUTE_HOLDS, Dispute, DisputeState
from coevolve.payments.models.payment import OPEN, PAYMENT, REF_SHAPE, Payment, PaymentState
from coevolve.payments.models.provider_side import PAYOUT, Payout, PayoutState, ProviderTransaction
from coevolve.payments.models.receipts import Receipt, ReceiptCounter
from coevolve.payments.models.refunds import REFUND, Refund, RefundState

__all__ = [
    "DISPUTE",
    "DISPUTE_HOLDS",
    "OPEN",
    "PAYMENT",
    "PAYOUT",
    "REFUND",
    "REF_SHAPE",
    "BankAccount",
    "BankAccountVersion",
    "Cursor",
    "Dispute",
    "DisputeState",
    "Inbox",
    "Outbox",
    "Payment",
    "PaymentState",
    "Payout",
    "PayoutState",
    "ProviderTransaction",
    "Receipt",
    "ReceiptCounter",
    "Refund",
    "RefundState",
]
