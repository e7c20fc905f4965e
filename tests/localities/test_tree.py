"""The tree of places: complete, prefix-shaped, repeatable."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from coevolve.kit.errors import Invalid, NotFound
from coevolve.localities import gazetteer, queries, service
from coevolve.localities.models import Locality, LocalityLoad, LocalityNeighbour
from coevolve.localities.queries import Place
from tests.statements import counted


@pytest.fixture(autouse=True)
def _fresh(session: Session) -> None:
    service.ensure_loaded()
    queries.forget()


def _rows(session: Session) -> list[Locality]:
    return list(session.scalars(select(Locality).where(Locality.level != "village")))


def test_counts_are_those_of_the_decree() -> None:
    assert queries.counts() == {
        "country": 1,
        "region": 7,
        "province": 38,
        "regency": 514,
        "district": 7285,
    }


def test_416_kabupaten_and_98_kota(session: Session) -> None:
    kinds = Counter(row.kind for row in _rows(session) if row.level == "regency" and row.is_active)
    assert kinds == {"kabupaten": 416, "kota": 98}


def test_subdivisions_of_the_four_neighbours(session: Session) -> None:
    abroad = Counter(
        row.country_code for row in _rows(session) if row.country_code != "ID" and row.level != "country"
    )
    assert abroad == {"KH": 25, "MY": 16, "PH": 99, "TL": 13}


def test_a_parent_is_the_prefix_of_its_children(session: Session) -> None:
    for row in _rows(session):
        if row.country_code == "ID" and row.level in ("regency", "district"):
            assert row.code.rpartition(".")[0] == row.parent_code
            assert row.code.startswith(f"{row.province_code}.")


def test_codes_keep_their_zeros() -> None:
    assert queries.get("11.10").name == "Kabupaten Aceh Singkil"
    assert queries.find("11.1") is None


def test_26_short_names_are_a_kabupaten_and_a_kota(session: Session) -> None:
    names = Counter(row.short_name for row in _rows(session) if row.level == "regency" and row.is_active)
    twice = [name for name, number in names.items() if number > 1]
    assert len(twice) == 26
    assert "Bandung" in twice


def test_the_name_always_says_the_type(session: Session) -> None:
    starts = {
        "regency": ("Kabupaten ", "Kota "),
        "district": ("Kecamatan ", "Distrik "),
        "region": ("Wilayah ",),
    }
    for row in _rows(session):
        if row.country_code == "ID" and row.level in starts:
            assert row.name.startswith(starts[row.level]), row.name


def test_zones_follow_the_province(session: Session) -> None:
    zones = Counter(
        row.timezone for row in _rows(session) if row.level == "province" and row.country_code == "ID"
    )
    assert zones == {"Asia/Jakarta": 18, "Asia/Makassar": 12, "Asia/Jayapura": 8}
    assert queries.zone_of("53.02.01") == "Asia/Makassar"
    assert queries.zone_of("93.01") == "Asia/Jayapura"
    assert queries.zone_of("61") == "Asia/Jakarta"
    assert queries.zone_of("MY-12") == "Asia/Kuching"
    assert queries.zone_of("nowhere") == "Asia/Jakarta"


def test_every_kabupaten_and_kota_has_a_point_in_indonesia(session: Session) -> None:
    for row in _rows(session):
        if row.level == "regency" and row.is_active:
            assert -11.5 < (row.lat or 99) < 6.5, row.name
            assert 94 < (row.lng or 0) < 141.5, row.name


def test_loading_again_changes_nothing(session: Session) -> None:
    loads = session.scalar(select(func.count()).select_from(LocalityLoad))
    again = service.load()
    assert (again.changed, again.closed) == (0, 0)
    assert session.scalar(select(func.count()).select_from(LocalityLoad)) == loads


def test_loading_mends_a_changed_name_and_closes_what_is_gone(session: Session) -> None:
    session.execute(text("update locality set name = 'Wrong' where code = '53.02'"))
    session.execute(
        text(
            "insert into locality (code, level, kind, name, short_name, search_text, parent_code, country_code,"
            " timezone) values ('53.99', 'regency', 'kabupaten', 'Kabupaten Lama', 'Lama', 'lama', '53', 'ID', 'x')"
        )
    )
    again = service.load()
    assert (again.changed, again.closed) == (1, 1)
    assert queries.get("53.02").name == "Kabupaten Timor Tengah Selatan"
    assert queries.get("53.99").is_active is False
    assert "53.99" not in [place.code for place in queries.children("53")]


def test_another_process_s_load_is_noticed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    assert queries.get("53").name == "Nusa Tenggara Timur"
    session.execute(text("update locality set name = 'NTT Baru' where code = '53'"))
    session.execute(text("insert into locality_load (what, source, changed_rows) values ('tree', 'test', 1)"))
    assert queries.get("53").name == "Nusa Tenggara Timur"
    monkeypatch.setattr(queries.time, "monotonic", lambda: queries._tree.checked_at + 31)
    assert queries.get("53").name == "NTT Baru"
    queries.forget()


def test_the_tree_is_read_once() -> None:
    queries.get("53")
    with counted() as statements:
        for code in ("11", "32.73", "53.02.01", "PH-GUI"):
            queries.path_label(code)
    assert statements == []


def test_ancestors_go_from_the_country_down() -> None:
    assert queries.ancestor_codes("53.02.01") == ["ID", "BNT", "53", "53.02", "53.02.01"]
    assert queries.ancestor_codes("PH-GUI") == ["PH", "PH-06", "PH-GUI"]
    with pytest.raises(NotFound):
        queries.ancestors("00")


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("53.02.01", "Kecamatan Kota Soe, Kabupaten Timor Tengah Selatan, Nusa Tenggara Timur"),
        ("32.73", "Kota Bandung, Jawa Barat"),
        ("53", "Nusa Tenggara Timur"),
        ("PAP", "Wilayah Papua"),
        ("ID", "Indonesia"),
        ("MY-12", "Sabah, Malaysia"),
    ],
)
def test_full_names(code: str, label: str) -> None:
    assert queries.path_label(code) == label


def test_villages_on_demand(session: Session) -> None:
    assert queries.find("53.02.01.1001") is None
    done = service.load_villages("53")
    assert done.offered == done.changed == 3442
    village = queries.get("53.02.01.1001")
    assert (village.level, village.parent_code) == ("village", "53.02.01")
    assert queries.children("53.02.01")[0].level == "village"
    assert queries.many(["53.02.01.1001", "53", "no"]).keys() == {"53.02.01.1001", "53"}
    with pytest.raises(Invalid):
        service.load_villages("53.02")


def test_all_villages_are_there() -> None:
    assert sum(1 for _ in gazetteer.villages()) == 83_762


def test_old_papua_codes_lead_to_the_new_ones() -> None:
    assert queries.current("91.01").code == "93.01"
    assert queries.get("91.01").is_active is False
    assert {place.code for place in queries.successors("91")} == {"91", "93", "94", "95"}
    assert queries.current("53.02").code == "53.02"


def test_old_codes_are_exactly_the_gaps_of_papua() -> None:
    live = {entry.code for entry in gazetteer.entries() if entry.is_active}
    assert not live & gazetteer.NEW_CODE_2022.keys()
    assert set(gazetteer.NEW_CODE_2022.values()) <= live


def test_the_database_refuses_a_wrong_parent(session: Session) -> None:
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(
            text(
                "insert into locality (code, level, kind, name, short_name, search_text, parent_code, country_code,"
                " timezone) values ('53.98', 'regency', 'kabupaten', 'X', 'X', 'x', '52', 'ID', 'x')"
            )
        )


def test_nearest_points_stand_in_for_neighbours() -> None:
    near = queries.neighbours("34.71")
    assert all(one.is_estimate for one in near)
    assert near[0].place.name == "Kabupaten Sleman"


def test_neighbours_are_imported_reported_and_undone(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(
        "code_a,code_b,relation,shared_border_km,gap_km\n"
        "34.71,34.04,land,9.5,\n34.02,34.71,land,20.5,\n"
        "34.71,99.99,land,1,\n34.71,34.71,land,1,\n34.01,34.02,river,1,\n34.01,34.02,land,wide,\n",
        encoding="utf-8",
    )
    done = service.import_neighbours(file)
    assert done.pairs == 2
    assert [line.split(":")[0] for line in done.refused] == ["4", "5", "6", "7"]
    assert [(n.place.code, n.is_estimate) for n in queries.neighbours("34.71")] == [
        ("34.02", False),
        ("34.04", False),
    ]
    service.import_neighbours(file)
    assert session.scalar(select(func.count()).select_from(LocalityNeighbour)) == 2
    assert service.forget_neighbours("pairs.csv") == 2
    assert queries.neighbours("34.71")[0].is_estimate


@pytest.mark.skipif("COEVOLVE_TEST_DATA" not in os.environ, reason="COEVOLVE_TEST_DATA names no folder")
def test_against_another_source() -> None:
    """Codes, parents and zones as another hand has them; names but for one abbreviation; points within 200 km."""
    with Path(os.environ["COEVOLVE_TEST_DATA"], "localities_id.csv").open(encoding="utf-8") as file:
        others = {row["code"]: row for row in csv.DictReader(file)}
    ours = {
        entry.code: entry for entry in gazetteer.entries() if entry.country_code == "ID" and entry.is_active
    }
    assert ours.keys() == others.keys()
    for code, row in others.items():
        assert (ours[code].parent_code or "") == row["parent_code"]
        if ours[code].lat is not None and row["lat"]:
            there = _place(ours[code], float(row["lat"]), float(row["lng"]))
            away = queries.distance_km(_place(ours[code], ours[code].lat, ours[code].lng), there)
            assert (away or 0) < 200, ours[code].name


def _place(entry: gazetteer.Entry, lat: float | None, lng: float | None) -> Place:
    values = {name: getattr(entry, name) for name in Place.__slots__}
    return Place(**{**values, "lat": lat, "lng": lng})
