"""The words of the hosted page, in Indonesian and English, and how it writes sums."""

from __future__ import annotations

from typing import Any

WORDS: dict[str, dict[str, str]] = {
    "id": {
        "sandbox": "Kotak pasir pembayaran",
        "no_real_money": "Ini latihan: tidak ada uang sungguhan, tidak ada kartu sungguhan.",
        "total": "Jumlah yang dibayar",
        "to": "Kepada",
        "email": "Alamat surel untuk tanda terima",
        "name": "Nama pada kartu",
        "choose_card": "Pilih kartu uji",
        "card_succeeds": "Pembayaran berhasil",
        "card_declined": "Ditolak oleh bank",
        "card_no_funds": "Saldo tidak cukup",
        "card_3ds": "Meminta persetujuan 3-D Secure",
        "card_foreign": "Kartu luar negeri, berhasil",
        "card_number": "Atau tulis nomor kartu uji lain",
        "pay": "Bayar",
        "pay_later": "Bayar nanti",
        "pay_later_hint": "Seperti transfer: uangnya baru masuk beberapa saat lagi.",
        "cancel": "Batal dan kembali",
        "declined": "Kartu ditolak. Belum ada yang dibayar; pilih kartu lain.",
        "challenge_failed": "Persetujuan 3-D Secure gagal. Belum ada yang dibayar; silakan coba lagi.",
        "unknown_card": "Itu bukan kartu uji. Jangan pernah menulis nomor kartu sungguhan di sini.",
        "no_card": "Pilih satu kartu uji.",
        "bad_email": "Tulis alamat surel yang benar, misalnya sari@contoh.id.",
        "problem": "Ada yang perlu diperbaiki",
        "challenge_title": "Persetujuan 3-D Secure",
        "challenge_text": "Bank penerbit kartu uji bertanya apakah Anda menyetujui pembayaran ini.",
        "approve": "Setujui pembayaran",
        "fail": "Tolak",
        "complete": "Pembayaran ini sudah selesai.",
        "expired": "Waktu pembayaran ini sudah habis. Tidak ada uang yang diambil.",
        "keep_card": "Simpan kartu",
        "keeps_card": "Kartu ini disimpan untuk pembayaran berikutnya.",
        "back": "Kembali ke situs",
        "not_found": "Halaman pembayaran ini tidak ada.",
    },
    "en": {
        "sandbox": "Payment sandbox",
        "no_real_money": "This is practice: no real money, no real cards.",
        "total": "Amount to pay",
        "to": "To",
        "email": "E-mail address for the receipt",
        "name": "Name on card",
        "choose_card": "Choose a test card",
        "card_succeeds": "Payment succeeds",
        "card_declined": "Declined by the bank",
        "card_no_funds": "Insufficient funds",
        "card_3ds": "Asks for 3-D Secure approval",
        "card_foreign": "Foreign card, succeeds",
        "card_number": "Or type another test card number",
        "pay": "Pay",
        "pay_later": "Pay later",
        "pay_later_hint": "Like a bank transfer: the money arrives a little later.",
        "cancel": "Cancel and go back",
        "declined": "The card was declined. Nothing has been paid; choose another card.",
        "challenge_failed": "3-D Secure approval failed. Nothing has been paid; please try again.",
        "unknown_card": "That is no test card. Never type a real card number here.",
        "no_card": "Choose a test card.",
        "bad_email": "Enter a correct e-mail address, such as sari@example.org.",
        "problem": "Something needs correcting",
        "challenge_title": "3-D Secure approval",
        "challenge_text": "The bank of the test card asks whether you approve this payment.",
        "approve": "Approve payment",
        "fail": "Refuse",
        "complete": "This payment is already complete.",
        "expired": "The time for this payment has run out. No money was taken.",
        "keep_card": "Save card",
        "keeps_card": "This card is kept for later payments.",
        "back": "Back to the site",
        "not_found": "There is no such payment page.",
    },
}


def language(locale: str | None, accepted: Any) -> str:
    """The session's locale if it says Indonesian or English, else what the browser prefers, else Indonesian."""
    if locale is not None and locale.partition("-")[0] in WORDS:
        return locale.partition("-")[0]
    if locale not in (None, "auto"):
        return "en"
    return accepted.best_match(list(WORDS), default="id") or "id"


def written(amount: int, currency: str, lang: str) -> str:
    """`Rp 500.000`; sen only when there are any; other currencies with their code."""
    digits = 0 if currency == "jpy" else 2
    whole, part = divmod(amount, 10**digits)
    point, comma = (".", ",") if lang == "id" or currency == "idr" else (",", ".")
    text = f"{whole:,}".replace(",", point)
    if digits and (part or currency != "idr"):
        text += f"{comma}{part:0{digits}}"
    return (
        f"Rp\N{NO-BREAK SPACE}{text}" if currency == "idr" else f"{currency.upper()}\N{NO-BREAK SPACE}{text}"
    )
