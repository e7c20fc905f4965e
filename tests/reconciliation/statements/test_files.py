"""Kinds of files, encodings, tables and hostile contents: read as declared, or refused by name."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coevolve.reconciliation.statements import files, sheets
from coevolve.reconciliation.statements.profiles import MAPPED, PROFILES, profile_of
from coevolve.reconciliation.statements.reading import read_file
from tests.reconciliation.statements import banks
from tests.reconciliation.statements.banks import Told, codes, read, read_by
from tests.reconciliation.statements.old_excel import xls

DAY = dt.date(2026, 3, 2)
LINES = [
    Told(DAY, 500_123, "TRSF E-BANKING CR 0203/FTSCY/WS95031 500123.00 ÉLODIE SANTOSO"),
    Told(DAY, -6_500, "BIAYA ADM"),
    Told(DAY + dt.timedelta(days=1), 250_000, "SWITCHING CR TRANSFER DR 014 BUDI HARTONO"),
]
SUMS = [50_012_300, -650_000, 25_000_000]
BCA_ROWS = [
    ["No. Rekening", ":", banks.NUMBER],
    ["Periode", ":", "01/03/2026 - 31/03/2026"],
    ["Tanggal", "Keterangan", "Cabang", "Mutasi", "Saldo"],
    ["02/03", "TRSF E-BANKING CR", "0000", "500,123.00 CR", "1,500,123.00"],
    ["", "CE7K2M9QX1B", "", "", ""],
    ["03/03", "BIAYA ADM", "0000", "6,500.00 DB", "1,493,623.00"],
]


@pytest.mark.case(53)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(encoding: str) -> None:
    reading = read(banks.bca(LINES).encode(encoding))
    assert codes(reading) == []
    assert [entry.amount for entry in reading.entries] == SUMS
    assert "ÉLODIE" in reading.entries[0].text


@pytest.mark.case(53)
def test_an_html_table_sold_as_xls_with_a_description_that_goes_on() -> None:
    reading = read(banks.html(BCA_ROWS), "bca_xls")
    assert codes(reading) == []
    assert reading.entries[0].text == "TRSF E-BANKING CR CE7K2M9QX1B"
    assert (reading.opening, reading.closing) == (100_000_000, 149_362_300)


@pytest.mark.case(53)
def test_a_workbook_with_numbers_and_texts() -> None:
    rows: list[list[object]] = [*BCA_ROWS[:3], ["02/03", "DONASI", "0000", "500,123.00 CR", 1500123]]
    reading = read(banks.xlsx(rows), "bca_xls")
    assert codes(reading) == []
    assert [(entry.amount, entry.balance) for entry in reading.entries] == [(50_012_300, 150_012_300)]


@pytest.mark.case(53)
def test_a_real_xls_of_excel_97() -> None:
    rows: list[list[object]] = [*BCA_ROWS[:3], ["02/03", "DONASI ÉLODIE", "0000", "500,123.00 CR", 1500123.5]]
    reading = read(xls(rows), "bca_xls")
    assert codes(reading) == []
    assert [(entry.amount, entry.balance, entry.text) for entry in reading.entries] == [
        (50_012_300, 150_012_350, "DONASI ÉLODIE")
    ]


@pytest.mark.case(53)
def test_totals_are_compared_and_descriptions_of_several_lines_kept() -> None:
    told = [Told(DAY, 100_000, "BARIS SATU\r\nBARIS DUA")]
    text = banks.bca(told)
    reading = read(text)
    assert codes(reading) == []
    assert reading.entries[0].text == "BARIS SATU BARIS DUA"
    assert codes(read(text.replace("Mutasi Kredit : 100,000.00", "Mutasi Kredit : 100,001.00"))) == [
        "total_wrong"
    ]
    assert codes(read(text.replace("Saldo Akhir : 1,100,000.00", "Saldo Akhir : 1,100,001.00"))) == [
        "sum_wrong"
    ]
    unquoted = text.replace('"Saldo Akhir : 1,100,000.00"', "Saldo Akhir : 1,100,000.00")
    assert codes(read(unquoted)) == []
    stray = text.replace('"Saldo Awal', 'bukan mutasi,apa ini,,"5,000.00",CR,\r\n"Saldo Awal')
    assert codes(read(stray)) == ["row_without_date"]


@pytest.mark.case(54)
def test_what_is_not_booked_yet_is_left_out_and_said() -> None:
    pending = ['PEND,"BIAYA ADM",\'0000,"15,000.00",DB,"1,728,623.00"']
    reading = read(banks.bca(LINES, pending=pending))
    assert codes(reading) == []
    assert len(reading.entries) == 3
    assert reading.pending == [11]
    counted_in = banks.bca(LINES, pending=pending).replace(
        "Saldo Akhir : 1,743,623.00", "Saldo Akhir : 1,728,623.00"
    )
    reading = read(counted_in)
    assert codes(reading) == []
    assert reading.closing == 174_362_300


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("mandiri_csv", banks.mandiri(LINES)),
        ("mt940", banks.mt940(LINES)),
        ("camt053", banks.camt(LINES)),
        ("bca_csv", banks.bca(LINES)),
        (
            "bri_csv",
            (
                "NOREK,TGL_TRAN,DESK_TRAN,SALDO_AWAL_MUTASI,MUTASI_DEBET,MUTASI_KREDIT,SALDO_AKHIR_MUTASI\n"
                f"{banks.NUMBER},2026-03-02,NBMB ÉLODIE TO CO EVOLVE ESB,1000000.00,.00,500123.00,1500123.00\n"
                f"{banks.NUMBER},2026-03-02,BIAYA ADM,1500123.00,6500.00,.00,1493623.00\n"
                f"{banks.NUMBER},2026-03-03,TRANSFER DARI BUDI HARTONO,1493623.00,.00,250000.00,1743623.00\n"
            ),
        ),
        (
            "bni_csv",
            (
                "Posting Date,Effective Date,Branch,Journal,Transaction Description,Amount,DB/CR,Balance\n"
                '02/03/26,02/03/26,0001,123456,TRF DARI ÉLODIE,"500,123.00",K,"1,500,123.00"\n'
                '02/03/26,02/03/26,0001,123457,ADM,"6,500.00",D,"1,493,623.00"\n'
                '03/03/26,03/03/26,0001,123458,TRF DARI BUDI HARTONO,"250,000.00",K,"1,743,623.00"\n'
            ),
        ),
        (
            "bsi_csv",
            (
                "TrxId,Tanggal,Trx Time,D/K,Mutasi,Saldo,Keterangan\n"
                'FT3,03/03/2026,10:00,K,"250,000.00","1,743,623.00",TRF DARI BUDI HARTONO\n'
                'FT2,02/03/2026,10:00,D,"6,500.00","1,493,623.00",BIAYA ADM\n'
                'FT1,02/03/2026,09:00,K,"500,123.00","1,500,123.00",TRF DARI ÉLODIE\n'
            ),
        ),
    ],
)
def test_every_declared_form_tells_the_same(code: str, text: str) -> None:
    reading = read(text, code)
    assert codes(reading) == []
    assert [entry.amount for entry in reading.entries] == SUMS
    assert (reading.opening, reading.closing) == (100_000_000, 174_362_300)
    assert len({entry.key for entry in reading.entries}) == 3
    assert len(PROFILES) == 12


def test_names_of_givers_where_the_bank_puts_them() -> None:
    assert read(banks.bca(LINES)).entries[2].payer == "BUDI HARTONO"
    swift = banks.mt940([Told(DAY, 5_000, "166?00KREDIT?20DONASI CE7K2M\n?219QX1B?32BUDI SAN?33TOSO")])
    assert read(swift, "mt940").entries[0].payer == "BUDI SANTOSO"


@pytest.mark.case(55)
def test_a_line_that_takes_another_back_is_named_as_such() -> None:
    swift = banks.mt940(LINES[:1]).replace(":61:2603020302C", ":61:2603020302RD")
    assert [entry.is_reversal for entry in read(swift, "mt940").entries] == [True]
    message = banks.camt(LINES).replace("<Sts>BOOK</Sts>", "<RvslInd>true</RvslInd><Sts>BOOK</Sts>", 1)
    assert [entry.is_reversal for entry in read(message, "camt053").entries] == [True, False, False]
    told = [Told(DAY, 500_123, "SETORAN"), Told(DAY, -500_123, "KOREKSI SETORAN")]
    assert [entry.is_reversal for entry in read(banks.bca(told)).entries] == [False, True]


def test_a_reversed_credit_of_swift_takes_money_out() -> None:
    text = banks.mt940([Told(DAY, -500_123, "KOREKSI")]).replace("0302D500123", "0302RC500123")
    [entry] = read(text, "mt940").entries
    assert (entry.amount, entry.is_reversal) == (-50_012_300, True)


def test_swift_lines_are_counted() -> None:
    text = banks.mt940(LINES)
    assert codes(read(text.replace("C500123,00N", "C500123.00N"), "mt940")) == ["amount_shape"]
    assert codes(read(text.replace(":62F:", ":99F:"), "mt940")) == ["no_balance"]
    assert codes(read(text.replace("IDR1743623,00", "IDR1743624,00"), "mt940")) == ["sum_wrong"]
    assert codes(read(text, "mt940", number="999999999")) == ["other_account"]


# --- hostile files ----------------------------------------------------------------------------------------

BILLION = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">&c;</Document>'
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">&x;</Document>'
)


@pytest.mark.case(69)
@pytest.mark.parametrize(
    ("code", "content", "why"),
    [
        ("camt053", BILLION.encode(), "xml_entities"),
        ("camt053", OUTSIDE.encode(), "xml_entities"),
        ("camt053", b"<Document xmlns='urn:other'/>", "not_camt"),
        ("camt053", b"<?xml version='1.0'?><Document", "xml_broken"),
        ("camt053", b"<?xml version='1.0' encoding='made-up'?><Document/>", "xml_broken"),
        ("bca_csv", b"%PDF-1.7 statement", "file_kind"),
        ("bca_csv", b"\x89PNG\r\n\x1a\n", "file_kind"),
        ("bca_csv", b"MZ\x90\x00", "file_kind"),
        ("bca_csv", b"", "file_empty"),
        ("bca_csv", b" \r\n ", "file_empty"),
        ("bca_csv", banks.xlsx([["a"]]), "file_not_declared"),
        ("bca_xls", b"Tanggal,Keterangan", "file_not_declared"),
        ("bca_csv", b"Tanggal,Keterangan\x00,Cabang,Jumlah,,Saldo", "nul"),
        ("bca_csv", b"Tanggal,Keterangan,Jumlah\n\x81\x8d,x,y", "encoding"),
        ("bca_csv", b"Tanggal,Keterangan,Jumlah\n" + b"," * 1_000_000, "too_many_columns"),
        ("bca_csv", b'Tanggal,Keterangan,Jumlah,,Saldo\n02/03,"never closed', "csv_broken"),
        ("bca_csv", b"Tanggal,Keterangan,Jumlah,,Saldo\n02/03,bell \x07,1.00,CR,1.00", "cell_controls"),
        ("bca_csv", b"Tanggal,Uraian\n1,2", "no_header"),
        ("bca_xls", b"PK\x03\x04 not a zip", "sheet_broken"),
        ("bca_xls", files.OLE + b"\x00" * 2000, "sheet_broken"),
        (
            "bca_xls",
            banks.xlsx(BCA_ROWS, extra='<row r="9"><c r="D9"><f>1+1</f><v>2</v></c></row>'),
            "formula",
        ),
        (
            "bca_xls",
            banks.xlsx(BCA_ROWS, extra='<row r="9"><c r="XFD9"><v>2</v></c></row>'),
            "too_many_columns",
        ),
        (
            "bca_xls",
            banks.xlsx(BCA_ROWS, extra='<row r="1048576"><c r="A1048576"><v>2</v></c></row>'),
            "too_many_rows",
        ),
        ("bca_xls", banks.html([["x"] * 100]).encode(), "too_many_columns"),
        (
            "bca_xls",
            b"<html><!DOCTYPE a [<!ENTITY a 'x'>]><table><tr><td>&a;</td></tr></table>",
            "xml_entities",
        ),
        ("mt940", b":20:X\n:25:1\n:60F:C2603", "amount_shape"),
    ],
)
def test_hostile_files_are_refused_by_name(code: str, content: bytes, why: str) -> None:
    begun = time.perf_counter()
    reading = read_file(content, profile_of(code), most_rows=100_000)
    assert codes(reading) == [why]
    assert reading.entries == []
    assert time.perf_counter() - begun < 5


@pytest.mark.case(69)
def test_a_zip_bomb_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_BYTES", 2_000_000)
    bomb = banks.zipped({"xl/worksheets/sheet1.xml": b"0" * 30_000_000})
    assert len(bomb) < 50_000
    assert codes(read_file(bomb, profile_of("bca_xls"), most_rows=1_000)) == ["zip_bomb"]


@pytest.mark.case(69)
def test_a_workbook_that_eats_memory_ends_only_its_child() -> None:
    # Cells without a place: nobody sees how wide the table is before the reader lays it out.
    wide = '<row r="90000">' + "<c><v>1</v></c>" * 60_000 + "</row>"
    begun = time.perf_counter()
    [why] = codes(read(banks.xlsx(BCA_ROWS, extra=wide), "bca_xls"))
    assert why in {"sheet_broken", "too_many_columns"}
    assert time.perf_counter() - begun < 20


@pytest.mark.case(69)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_bytes_are_read_or_refused(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from([text.encode() for text in (banks.bca(LINES), banks.mt940(LINES), banks.camt(LINES))])
    )
    at = data.draw(st.integers(0, len(whole)))
    content = data.draw(
        st.sampled_from([whole[:at], whole[:at] + data.draw(st.binary(max_size=40)) + whole[at:]])
        | st.binary()
    )
    for code in ("bca_csv", "bca_xls", "mt940", "camt053"):
        reading = read_by(content, profile_of(code))
        assert reading.reasons or reading.opening is not None


@given(st.binary(max_size=60))
@settings(max_examples=10, deadline=None)
def test_any_bytes_behind_a_zip_or_ole_head(tail: bytes) -> None:
    for head in (b"PK\x03\x04", files.OLE):
        assert read_by(head + tail, profile_of("bca_xls")).reasons


def test_a_mapped_profile_reads_any_table_and_asks_for_the_same_headings() -> None:
    spec = {
        "header_row": 1,
        "header": ["Tgl", "Ket", "Masuk", "Keluar", "Sisa"],
        "places": {"date": [0], "text": [1], "credit": [2], "debit": [3], "balance": [4]},
        "order": "dmy",
        "years": ["4"],
        "decimal": ",",
    }
    text = "Tgl;Ket;Masuk;Keluar;Sisa\n02/03/2026;DONASI;500.123,00;;1.500.123,00\n"
    reading = read_by(text, profile_of(MAPPED, spec))
    assert codes(reading) == []
    assert [entry.amount for entry in reading.entries] == [50_012_300]
    assert codes(read_by(text.replace("Masuk", "Kredit"), profile_of(MAPPED, spec))) == ["header_changed"]
    assert codes(read_by(text, profile_of(MAPPED, {**spec, "decimal": "."}))) == ["amount_two_faced"] * 2
