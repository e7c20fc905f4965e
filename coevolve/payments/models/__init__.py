"""Tables of payments. Amounts are minor units beside their unit: IDR counts hundredths of a rupiah."""

from coevolve.payments.models.accounts import BankAccount, BankAccountApproval, BankAccountVersion
from coevolve.payments.models.boxes import Cursor, Inbox, Outbox
from coevolve.payments.models.custody import CUSTODY_CHANGE, CustodyChange, CustodyState
from coevolve.payments.models.disputes import DISPUTE, DISPUTE_HOLDS, Dispute, DisputeState
from coevolve.payments.models.payment import OPEN, PAYMENT, REF_SHAPE, Payment, PaymentState
from coevolve.payments.models.provider_side import PAYOUT, Payout, PayoutState, ProviderTransaction
from coevolve.payments.models.receipts import Receipt, ReceiptCounter
from coevolve.payments.models.refunds import (
    LEAVING,
    REFUND,
    REFUND_ROUND,
    RESERVED,
    Refund,
    RefundAccount,
    RefundList,
    RefundRound,
    RefundState,
    RoundState,
)

__all__ = [
    "CUSTODY_CHANGE",
    "DISPUTE",
    "DISPUTE_HOLDS",
    "LEAVING",
    "OPEN",
    "PAYMENT",
    "PAYOUT",
    "REFUND",
    "REFUND_ROUND",
    "REF_SHAPE",
    "RESERVED",
    "BankAccount",
    "BankAccountApproval",
    "BankAccountVersion",
    "Cursor",
    "CustodyChange",
    "CustodyState",
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
    "RefundAccount",
    "RefundList",
    "RefundRound",
    "RefundState",
    "RoundState",
]
