"""Where a pledge stands and what comes next, in plain words, as the reader's side sees it."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import _
from coevolve.pledges import labels
from coevolve.pledges.models import Pledge
from coevolve.pledges.models import PledgeState as S

ENDED = frozenset({S.declined, S.lapsed, S.withdrawn, S.cancelled})


def now(
    pledge: Pledge,
    *,
    is_giver: bool,
    giver: str,
    receiver: str,
    money_only: bool,
    waits_for_goods: bool = True,
    to_count: bool = False,
    is_booking: bool = False,
) -> tuple[str, str]:
    """A headline and a sentence: what is, and who does what next."""
    state = S(pledge.state)
    if state == S.offered and pledge.is_pay_now and not waits_for_goods:
        return _("Menunggu pembayaran"), _("Dukungan ini dihitung sesudah uangnya kami terima.")
    if state == S.confirmed and money_only:
        return _("Uang sudah diterima"), _(
            "Terima kasih. %(receiver)s sudah menerima dukungan ini.", receiver=receiver
        )
    told = _told(giver, receiver)[state]
    if pledge.is_request:
        told = _asked(giver, receiver).get(state, told)
    if is_booking:
        told = _booked(giver, receiver).get(state, told)
    if money_only and state in _PAID:
        told = _paid(giver)[state]
    if to_count and state == S.partly_delivered:
        told = (told[0], told[1], _told(giver, receiver)[S.delivered][2])
    return told[0], told[1] if is_giver else told[2]


def _told(giver: str, receiver: str) -> dict[S, tuple[str, str, str]]:
    """Headline, the giver's sentence, the receiver's sentence."""
    them = {"giver": giver or _("pemberi"), "receiver": receiver}
    return {
        S.awaiting_approval: (
            _("Menunggu persetujuan organisasi Anda"),
            _("Jumlahnya di atas batas organisasi. Anggota lain menyetujuinya sebelum OMS mendengarnya."),
            _("Menunggu persetujuan di organisasi pemberi."),
        ),
        S.requested: (
            _("Menunggu jawaban pemberi"),
            _("%(receiver)s meminta ini dari penawaran Anda. Jawab permintaannya di bawah.", **them),
            _("%(giver)s akan menjawab permintaan Anda. Kabarnya kami kirim lewat surel.", **them),
        ),
        S.offered: (
            _("Menunggu jawaban OMS"),
            _("%(receiver)s akan menjawab tawaran Anda. Kabarnya kami kirim lewat surel.", **them),
            _("Jawab tawaran ini: terima semua, terima sebagian, atau tolak dengan alasan."),
        ),
        S.accepted: (
            _("Disepakati"),
            _("Serahkan sesuai kesepakatan, lalu catat di bawah."),
            _("Menunggu serah terima dari %(giver)s. Sesudah datang, hitung dan pastikan di sini.", **them),
        ),
        S.partly_delivered: (
            _("Sebagian sudah diterima"),
            _("Masih ada yang perlu diserahkan. Catat di bawah setelah selesai."),
            _("Sisanya masih ditunggu dari %(giver)s.", **them),
        ),
        S.delivered: (
            _("Menunggu kepastian penerima"),
            _(
                "%(receiver)s akan menghitung dan memastikan. Tidak ada yang perlu Anda lakukan sekarang.",
                **them,
            ),
            _("Hitung yang datang, lalu pastikan di bawah."),
        ),
        S.confirmed: (
            _("Selesai"),
            _("Kedua pihak sudah memastikan. Terima kasih."),
            _("Kedua pihak sudah memastikan dukungan ini."),
        ),
        S.declined: (
            _("Tidak diterima"),
            _("Alasannya tertulis di bawah. Anda dapat menawarkan hal lain kapan saja."),
            _("Tawaran ini sudah ditolak."),
        ),
        S.lapsed: (
            _("Lewat waktu"),
            _("Waktunya sudah lewat. Yang belum diserahkan tidak dihitung sebagai janji."),
            _("Waktunya sudah lewat. Yang belum diterima tidak dihitung sebagai janji."),
        ),
        S.withdrawn: (
            _("Ditarik"),
            _("Dukungan ini sudah ditarik. Yang sudah diterima tetap tercatat."),
            _("Dukungan ini sudah ditarik. Yang sudah diterima tetap tercatat."),
        ),
        S.cancelled: (
            _("Tidak dilanjutkan"),
            _("Dukungan ini tidak dilanjutkan. Tidak ada yang perlu Anda lakukan."),
            _("Dukungan ini tidak dilanjutkan."),
        ),
    }


def _asked(giver: str, receiver: str) -> dict[S, tuple[str, str, str]]:
    """The same where it reads otherwise for a request on an offer: the giver answered, the receiver asked."""
    them = {"giver": giver or _("pemberi"), "receiver": receiver}
    return {
        S.declined: (
            _("Belum dapat diberikan"),
            _("Permintaan ini sudah Anda tolak. Alasannya sudah dikirim kepada %(receiver)s.", **them),
            _("Alasannya tertulis di bawah. Anda dapat meminta hal lain kapan saja."),
        ),
        S.lapsed: (
            _("Lewat waktu"),
            _("Waktu untuk permintaan ini sudah lewat. Yang belum diberikan bebas lagi untuk yang lain."),
            _("Waktu untuk permintaan ini sudah lewat. Anda dapat meminta lagi dari penawarannya."),
        ),
        S.withdrawn: (
            _("Ditarik"),
            _("Permintaan ini sudah ditarik. Yang sudah diberikan tetap tercatat."),
            _("Permintaan ini sudah ditarik. Yang sudah diberikan tetap tercatat."),
        ),
        S.cancelled: (
            _("Tidak dilanjutkan"),
            _("Permintaan ini tidak dilanjutkan. Tidak ada yang perlu Anda lakukan."),
            _("Permintaan ini tidak dilanjutkan. Anda dapat meminta lagi dari penawarannya."),
        ),
    }


def _booked(giver: str, receiver: str) -> dict[S, tuple[str, str, str]]:
    """The same for times of a facility, which are used and not handed over."""
    them = {"giver": giver or _("pemberi"), "receiver": receiver}
    return {
        S.accepted: (
            _("Waktunya sudah dipesan"),
            _("Sesudah dipakai, catat di bawah. Bila tidak jadi, batalkan sebelum waktunya mulai."),
            _("Waktu ini milik Anda. Sesudah dipakai, %(giver)s mencatatnya dan Anda memastikan.", **them),
        ),
        S.delivered: (
            _("Menunggu kepastian pemakai"),
            _(
                "%(receiver)s akan memastikan pemakaiannya. Tidak ada yang perlu Anda lakukan sekarang.",
                **them,
            ),
            _("Pastikan di bawah bahwa waktu itu Anda pakai."),
        ),
        S.partly_delivered: (
            _("Sebagian sudah dipakai"),
            _("Masih ada waktu yang dipesan. Catat di bawah sesudah dipakai."),
            _("Masih ada waktu yang dipesan untuk Anda."),
        ),
    }


_PAID = frozenset({S.accepted, S.partly_delivered, S.lapsed})


def _paid(giver: str) -> dict[S, tuple[str, str, str]]:
    """The same for pledges of money alone, which are paid and not handed over."""
    them = {"giver": giver or _("pemberi")}
    return {
        S.accepted: (
            _("Disepakati"),
            _("Terima kasih. Bayar menurut jadwal di bawah, atau kapan saja sebelumnya."),
            _("Dihitung sebagai janji. %(giver)s membayar menurut jadwalnya.", **them),
        ),
        S.partly_delivered: (
            _("Sebagian sudah diterima"),
            _("Yang sudah datang tercatat di bawah. Sisanya masih ditunggu."),
            _("Sisanya masih ditunggu dari %(giver)s.", **them),
        ),
        S.lapsed: (
            _("Lewat waktu"),
            _("Waktunya sudah lewat. Yang belum dibayar tidak dihitung sebagai janji."),
            _("Waktunya sudah lewat. Yang belum dibayar tidak dihitung sebagai janji."),
        ),
    }


def chain(
    pledge: Pledge, reached: dict[str, str], *, money_only: bool = False, is_booking: bool = False
) -> list[dict[str, Any]]:
    """The steps of the good way (money is not handed over); `reached`: state -> the day it was first reached."""
    state = S(pledge.state)
    first = S.requested if pledge.is_request else S.offered
    steps = [first, *labels.CHAIN[1:]]
    if money_only:
        steps.remove(S.delivered)
    if pledge.needs_approval:
        steps.insert(0, S.awaiting_approval)
    at = {S.partly_delivered: S.accepted}.get(state, state)
    if money_only and at == S.delivered:
        at = S.accepted
    done = len(steps) if state in ENDED else (steps.index(at) if at in steps else 0)
    shown = []
    for number, step in enumerate(steps):
        is_past = (state in ENDED and step in reached) or (state not in ENDED and number < done)
        here = state not in ENDED and number == done
        standing = "done" if is_past or (here and state == S.confirmed) else ("now" if here else "")
        text = {S.delivered: _("Dipakai"), S.confirmed: _("Dipastikan")}.get(step) if is_booking else None
        shown.append({"text": text or labels.pledge(step), "note": reached.get(step, ""), "is": standing})
    if state in ENDED:
        shown = [step for step in shown if step["is"]]
        shown.append({"text": labels.pledge(state), "note": reached.get(state, ""), "is": "now"})
    return shown


def happened(kind: str) -> str:
    """A journal line of a pledge in words."""
    return {
        "pledge.offered": _("Ditawarkan"),
        "pledge.requested": _("Diminta"),
        "pledge.awaiting_approval": _("Diajukan, menunggu persetujuan organisasi"),
        "pledge.approved": _("Disetujui organisasi pemberi"),
        "pledge.not_approved": _("Tidak disetujui organisasi pemberi"),
        "pledge.amount_changed": _("Jumlahnya diubah pemberi"),
        "pledge.plan_changed": _("Jadwal bayarnya diubah"),
        "pledge.billed": _("Tagihan dibuat"),
        "pledge.joined": _("Masuk ke daftar pemberi"),
        "pledge.accepted": _("Disepakati"),
        "pledge.declined": _("Tidak diterima"),
        "pledge.scheduled": _("Serah terima dijadwalkan"),
        "pledge.handed_over": _("Pemberi mencatat: sudah diserahkan"),
        "pledge.received": _("Penerima menghitung"),
        "pledge.kept": _("Penerima memastikan"),
        "pledge.contested": _("Penerima mencatat hal yang berbeda"),
        "pledge.no_show": _("Tidak jadi dipakai"),
        "pledge.booking_cancelled": _("Satu pesanan dibatalkan"),
        "pledge.confirmed": _("Selesai"),
        "pledge.money_received": _("Uang diterima"),
        "pledge.money_restored": _("Uang yang dikembalikan masuk lagi"),
        "pledge.money_returned": _("Uang dikembalikan"),
        "pledge.withdrawn": _("Ditarik"),
        "pledge.lapsed": _("Lewat waktu"),
        "pledge.cancelled": _("Tidak dilanjutkan"),
    }.get(kind, "")
