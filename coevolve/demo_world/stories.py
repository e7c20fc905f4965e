"""What the demo's organisations ask for and offer: per sector, with lines of money, goods, time and facilities.

`{tempat}` is a kecamatan, `{kab}` its kabupaten or kota, `{n}` a number of families or people, `{m}` a smaller number.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A wanted or offered thing: kind, label, unit, least and most quantity (money: whole rupiah, thousands)."""

    kind: str
    label: str
    unit: str
    least: int
    most: int
    category: str = ""
    unit_value: int = 0
    """Declared rupiah per unit; 0: none."""


@dataclass(frozen=True, slots=True)
class Story:
    """A listing to be told of many places."""

    sector: str
    title: str
    summary: str
    paragraphs: tuple[str, ...]
    lines: tuple[Line, ...]


_CATEGORIES = (
    ("goods", "water_equipment", ("pipa", "tangki", "pompa")),
    ("goods", "books", ("buku", "tas sekolah", "alat musik")),
    ("goods", "electronics", ("laptop", "ponsel")),
    ("goods", "medical", ("timbangan", "kursi roda", "kacamata")),
    ("goods", "food", ("beras", "susu", "ikan")),
    ("goods", "farming", ("benih", "bibit", "komposter")),
    ("goods", "building", ("semen", "seng")),
    ("goods", "household", ("selimut", "terpal", "mesin jahit", "benang", "kotak pendingin")),
    ("time", "health", ("bidan", "terapis", "perawat", "dokter", "kader", "pertolongan")),
    ("time", "engineering", ("teknisi pompa", "teknisi pipa", "geolistrik", "tukang")),
    ("time", "it", ("jaringan", "komputer")),
    ("time", "finance", ("akuntan", "anggaran")),
    ("time", "design", ("perancang",)),
    ("time", "teaching", ("guru", "pelatih", "pendamping", "penyuluh", "pengajar", "penjahit")),
    ("facility", "vehicle", ("truk", "perahu")),
    ("facility", "storage", ("gudang",)),
    ("facility", "tool", ("pengeras", "panggung", "bengkel")),
    ("facility", "room", ("ruang", "aula", "balai")),
    ("money", "wages", ("upah", "honor", "pendampingan")),
    ("money", "training", ("pelatihan", "modul", "kelas", "uji")),
    ("money", "transport", ("kartu angkutan",)),
    (
        "money",
        "materials",
        ("pipa", "pompa", "alat", "bangunan", "atap", "bahan", "mesin", "semen", "rak", "perahu", "menara"),
    ),
)
"""Which category a line belongs to, by the words of its label; the first hit counts."""


def category_of(kind: str, label: str) -> str:
    """The category matching compares, told from the label."""
    words = label.lower()
    for of_kind, category, signs in _CATEGORIES:
        if of_kind == kind and any(sign in words for sign in signs):
            return category
    return "other"


def money(label: str, least: int, most: int) -> Line:
    """A budget line, in thousands of rupiah."""
    return Line("money", label, "IDR", least, most, category_of("money", label))


def goods(label: str, unit: str, least: int, most: int, value: int = 0) -> Line:
    """Things, counted or weighed, with their value in rupiah each."""
    return Line("goods", label, f"X:{unit}", least, most, category_of("goods", label), value)


def time(label: str, least: int, most: int, value: int = 0) -> Line:
    """Hours of a skill."""
    return Line("time", label, "X:HOUR", least, most, category_of("time", label), value)


def facility(label: str, least: int, most: int, value: int = 0) -> Line:
    """Days of a room, vehicle or tool."""
    category = category_of("facility", label)
    unit = {"vehicle": "X:VEHICLE_DAY", "tool": "X:TOOL_DAY"}.get(category, "X:ROOM_DAY")
    return Line("facility", label, unit, least, most, category, value)


CAMPAIGNS = (
    Story("water", "Air bersih untuk {n} keluarga di {tempat}", "Pipa dari mata air ke keran warga, dikelola warga sendiri.",
          ("Setiap pagi warga {tempat} berjalan lebih dari dua kilometer ke mata air. Pada musim kering mereka mengulanginya dua kali sehari.",
           "Warga sudah memetakan jalur pipa dan memilih {m} orang pengelola, separuhnya perempuan. Yang belum ada: pipa, pompa, dan bak penampung.",
           "Setelah terpasang, setiap rumah membayar iuran kecil untuk perawatan. Laporan keuangan dibacakan tiap bulan di balai desa."),
          (money("Pipa, sambungan, dan bak penampung", 30_000, 60_000), money("Pompa tenaga surya dan panel", 25_000, 45_000),
           money("Uji mutu air dan pelatihan pengelola", 4_000, 8_000), goods("Pipa HDPE 2 inci", "METRE", 300, 900, 45_000),
           time("Teknisi pompa", 24, 80, 75_000), facility("Truk angkut material", 2, 6, 900_000))),
    Story("water", "Sumur bor dan menara air di {tempat}", "Sumur dalam untuk {n} keluarga yang sumurnya kering sejak kemarau.",
          ("Sumur gali warga {tempat} kering lima bulan setiap tahun. Air tangki dibeli bersama dengan harga yang memberatkan.",
           "Ahli geolistrik relawan menemukan titik air pada kedalaman delapan puluh meter. Kami perlu biaya bor, menara, dan jaringan pendek."),
          (money("Pengeboran dan uji debit", 45_000, 90_000), money("Menara dan tangki", 18_000, 30_000),
           goods("Tangki air 2.000 liter", "PIECE", 2, 6, 2_600_000), time("Ahli geolistrik", 16, 40, 150_000))),
    Story("education", "Perpustakaan kampung di {tempat}", "Buku, rak, dan pendamping membaca untuk {n} anak.",
          ("Anak-anak {tempat} menempuh empat puluh menit ke perpustakaan terdekat. Rumah baca warga sudah berdiri, tetapi raknya masih kosong.",
           "Kami menyiapkan kelas membaca tiga kali sepekan bersama guru dan relawan mahasiswa."),
          (money("Rak, meja rendah, dan lampu", 12_000, 24_000), money("Pelatihan pendamping membaca", 5_000, 9_000),
           goods("Buku bacaan anak", "PIECE", 300, 1_200, 35_000), time("Pendamping membaca", 60, 240, 40_000),
           facility("Ruang kelas sore", 20, 60, 100_000))),
    Story("education", "Beasiswa perlengkapan sekolah {n} anak {kab}", "Tas, sepatu, dan biaya angkutan agar anak tetap bersekolah.",
          ("Tahun lalu {m} anak di {tempat} berhenti sekolah karena ongkos angkutan. Kepala sekolah dan orang tua menyusun daftar bersama kami.",
           "Bantuan diberikan dalam bentuk barang dan kartu angkutan, bukan uang tunai, dan dilaporkan per sekolah."),
          (money("Kartu angkutan satu tahun", 20_000, 60_000), money("Seragam dan sepatu", 15_000, 40_000),
           goods("Tas sekolah", "PIECE", 60, 300, 85_000), time("Guru les sukarela", 40, 160, 50_000))),
    Story("health", "Posyandu layak di {tempat}", "Timbangan, alat ukur, dan ruang yang teduh untuk {n} balita.",
          ("Posyandu {tempat} melayani {n} balita di teras rumah warga. Timbangannya berganti-ganti, sehingga grafik tumbuh anak sulit dipercaya.",
           "Bidan desa dan kader menyusun kebutuhan ini dan bersedia mencatat hasilnya setiap bulan."),
          (money("Perbaikan ruang dan sanitasi", 15_000, 35_000), money("Makanan tambahan enam bulan", 18_000, 40_000),
           goods("Timbangan bayi digital", "PIECE", 2, 8, 650_000), goods("Susu dan telur", "KG", 100, 400, 30_000),
           time("Bidan dan ahli gizi", 24, 96, 100_000))),
    Story("health", "Perahu ambulans untuk {tempat}", "Rujukan ibu melahirkan tidak lagi menunggu perahu pinjaman.",
          ("Dari {tempat} ke puskesmas perlu dua jam lewat air. Warga menyewa perahu bergantian, sering terlambat.",
           "Pemerintah desa menyediakan juru mudi. Dukungan Anda dipakai untuk perahu, mesin, dan tandu."),
          (money("Perahu dan mesin tempel", 55_000, 110_000), money("Tandu dan alat pertolongan", 8_000, 15_000),
           time("Pelatih pertolongan pertama", 16, 48, 120_000), facility("Bengkel perahu", 3, 8, 400_000))),
    Story("food", "Lumbung pangan warga {tempat}", "Beras dan benih cadangan untuk {n} keluarga menghadapi paceklik.",
          ("Tiga bulan sebelum panen, separuh keluarga di {tempat} mengurangi makan. Lumbung dikelola kelompok perempuan dengan buku simpan pinjam terbuka.",
           "Setiap keluarga mengembalikan gabah setelah panen, sehingga cadangan bertambah dari tahun ke tahun."),
          (money("Bangunan lumbung dan alas", 15_000, 30_000), money("Pembelian gabah awal", 20_000, 45_000),
           goods("Beras", "KG", 500, 4_000, 14_000), goods("Benih jagung", "KG", 50, 300, 65_000),
           time("Penyuluh pascapanen", 16, 64, 75_000))),
    Story("livelihood", "Tenun dan pewarna alam perempuan {tempat}", "Alat, benang, dan pasar bersama bagi {m} penenun.",
          ("Perempuan penenun {tempat} menjual satu per satu kepada pengepul. Koperasi kecil ini ingin membeli benang bersama dan menjual langsung.",
           "Kami juga menanam kebun pewarna, agar kayu di hutan tidak habis diambil."),
          (money("Benang dan alat tenun", 18_000, 36_000), money("Kebun pewarna dan pelatihan", 9_000, 18_000),
           goods("Benang katun", "KG", 60, 240, 95_000), time("Perancang dan juru foto produk", 24, 72, 100_000),
           facility("Ruang pamer", 6, 20, 350_000))),
    Story("livelihood", "Rumpon dan kotak es nelayan kecil {tempat}", "Hasil tangkapan {m} nelayan tetap segar sampai pasar.",
          ("Nelayan {tempat} kehilangan sepertiga harga karena ikan tidak sempat didinginkan. Kotak es dan rumpon bersama mengubahnya.",
           "Koperasi nelayan mengelola jadwal pakai dan iuran perawatan."),
          (money("Rumpon dan tali", 16_000, 30_000), money("Kotak es dan mesin es", 28_000, 60_000),
           goods("Kotak pendingin 200 liter", "PIECE", 6, 24, 1_400_000), time("Pelatih penanganan ikan", 16, 40, 75_000))),
    Story("environment", "Menanam kembali pesisir {tempat}", "{n} ratus bibit bakau dijaga warga selama tiga tahun.",
          ("Air pasang kini masuk ke halaman rumah di {tempat}. Sabuk bakau yang dulu menahannya habis ditebang.",
           "Warga menyemai sendiri bibitnya. Biaya terbesar adalah penjagaan dua tahun pertama, bukan penanaman."),
          (money("Pembibitan dan penanaman", 14_000, 30_000), money("Upah jaga dua tahun", 22_000, 44_000),
           goods("Bibit bakau", "PIECE", 2_000, 9_000, 2_500), time("Relawan tanam", 80, 400, 20_000),
           facility("Perahu angkut bibit", 3, 10, 300_000))),
    Story("environment", "Bank sampah dan komposter {tempat}", "Sampah {n} rumah dipilah, sisanya jadi pupuk kebun.",
          ("Sampah {tempat} dibakar di tepi jalan. Ibu-ibu dasawisma sudah menimbang sampah pilahan di garasi warga.",
           "Kami perlu gudang kecil, timbangan, dan komposter agar seluruh dusun dapat ikut."),
          (money("Gudang pilah dan timbangan", 14_000, 26_000), money("Komposter dan pelatihan", 8_000, 16_000),
           goods("Komposter 100 liter", "PIECE", 10, 40, 450_000), facility("Truk jemput sampah pilahan", 4, 16, 500_000))),
    Story("disaster", "Hunian sementara setelah banjir {tempat}", "Atap dan dapur bersama bagi {n} keluarga pengungsi.",
          ("Banjir bandang merusak {m} rumah di {tempat}. Keluarga-keluarga kini tinggal di balai dan sekolah.",
           "Hunian sementara dibangun bersama warga dari bahan setempat, agar anak dapat kembali belajar di kelasnya."),
          (money("Rangka, atap, dan dinding", 60_000, 140_000), money("Dapur bersama dan air", 15_000, 30_000),
           goods("Selimut", "PIECE", 150, 700, 75_000), goods("Terpal", "PIECE", 60, 240, 180_000),
           time("Tukang kayu relawan", 80, 320, 25_000), facility("Gudang logistik", 10, 40, 250_000))),
    Story("inclusion", "Alat bantu dengar dan kursi roda untuk {m} warga {kab}", "Diukur, dipasang, dan dirawat setempat.",
          ("Pendataan warga menemukan {m} penyandang disabilitas di {kab} tanpa alat bantu yang pas.",
           "Setiap alat diukur oleh terapis. Bengkel perawatan dikelola organisasi penyandang disabilitas sendiri."),
          (money("Alat bantu dan penyesuaian", 35_000, 80_000), money("Bengkel perawatan", 10_000, 20_000),
           goods("Kursi roda", "PIECE", 6, 30, 1_800_000), time("Terapis", 32, 120, 125_000),
           facility("Ruang pemeriksaan", 4, 12, 300_000))),
    Story("governance", "Sekolah anggaran desa bagi warga {kab}", "{m} desa membaca APBDes bersama sebelum musrenbang.",
          ("Papan anggaran ada di tiap kantor desa, tetapi jarang dibaca. Kami melatih warga membacanya dan menyusun usulan.",
           "Hasilnya dibawa ke musrenbang kecamatan dan diikuti sampai keluar keputusan."),
          (money("Modul dan pelatihan", 14_000, 28_000), money("Pendampingan musrenbang", 12_000, 24_000),
           time("Narasumber anggaran", 24, 96, 150_000), facility("Aula pertemuan", 4, 16, 400_000))),
    Story("culture", "Rumah musik dan tari {tempat}", "Alat musik dan guru bagi {n} anak dan remaja.",
          ("Para tetua {tempat} masih memainkan lagu panen, tetapi tidak ada alat untuk murid.",
           "Rumah musik ini mengajar dua kali sepekan dan tampil setiap panen raya."),
          (money("Alat musik dan perawatan", 12_000, 26_000), money("Honor guru satu tahun", 18_000, 30_000),
           goods("Alat musik gesek dan tabuh", "PIECE", 6, 24, 700_000), time("Guru tari dan musik", 48, 200, 60_000),
           facility("Panggung dan pengeras suara", 2, 6, 800_000))),
    Story("housing", "Bedah {m} rumah tidak layak di {tempat}", "Lantai, atap, dan jamban sehat bersama warga.",
          ("Rumah-rumah ini berlantai tanah dan bocor. Pemiliknya lansia dan ibu yang menghidupi keluarga sendiri.",
           "Tetangga menyumbang tenaga. Dukungan Anda dipakai untuk bahan bangunan."),
          (money("Semen, atap, dan kayu", 40_000, 100_000), money("Jamban sehat", 12_000, 28_000),
           goods("Semen", "SACK", 100, 500, 68_000), goods("Seng gelombang", "SHEET", 120, 480, 72_000),
           time("Tukang batu", 80, 320, 30_000))),
    Story("digital", "Radio dan jaringan internet kampung {tempat}", "Kabar cuaca, kelas, dan layanan desa untuk {n} keluarga.",
          ("Sinyal hanya ada di bukit. Anak sekolah dan aparat desa berjalan ke sana untuk mengirim berkas.",
           "Jaringan dikelola koperasi dan dibuka gratis untuk sekolah dan puskesmas pembantu."),
          (money("Menara kecil dan pemancar", 28_000, 60_000), money("Pelatihan teknisi muda", 8_000, 16_000),
           goods("Laptop bekas layak pakai", "PIECE", 6, 30, 2_500_000), time("Teknisi jaringan", 24, 96, 125_000))),
)  # fmt: skip

NEEDS = (
    Story("education", "{m} laptop bekas untuk kelas keterampilan {tempat}", "Untuk pelatihan pembukuan dan desain bagi remaja.",
          ("Kelas keterampilan {tempat} berbagi satu laptop untuk {m} peserta. Laptop bekas yang masih menyala sudah sangat membantu.",),
          (goods("Laptop bekas layak pakai", "PIECE", 5, 30, 2_500_000), time("Pelatih komputer", 24, 80, 75_000))),
    Story("education", "Guru bahasa Inggris sukarela di {tempat}", "Dua sore sepekan, selama satu semester.",
          ("Murid kelas akhir di {tempat} meminta kelas percakapan. Ruang dan buku sudah ada; gurunya belum.",),
          (time("Guru bahasa Inggris", 32, 96, 60_000),)),
    Story("health", "Ruang untuk pemeriksaan mata gratis di {kab}", "Dua hari, dengan listrik dan kursi tunggu.",
          ("Tim dokter relawan datang ke {kab} bulan depan. Kami mencari ruang yang mudah dicapai dengan angkutan umum.",),
          (facility("Ruang pemeriksaan", 2, 4, 500_000), time("Perawat pendamping", 16, 48, 75_000))),
    Story("health", "Kacamata baca bagi lansia {tempat}", "{n} pasang dari hasil pemeriksaan bulan lalu.",
          ("Pemeriksaan di {tempat} menemukan {n} lansia yang cukup ditolong dengan kacamata baca.",),
          (goods("Kacamata baca", "PIECE", 60, 400, 45_000),)),
    Story("food", "Beras dan lauk kering untuk dapur umum {tempat}", "Dapur umum melayani {n} porsi sehari.",
          ("Dapur umum {tempat} berjalan dari sumbangan warga dan mulai menipis.",),
          (goods("Beras", "KG", 300, 2_500, 14_000), goods("Ikan asin dan abon", "KG", 40, 200, 70_000),
           time("Juru masak relawan", 40, 160, 25_000))),
    Story("food", "Bibit sayur dan pelatihan kebun {tempat}", "Pekarangan {n} rumah menjadi sumber sayur.",
          ("Kelompok wanita tani {tempat} siap menanam; bibit dan penyuluh yang belum ada.",),
          (goods("Bibit sayur", "PIECE", 500, 3_000, 1_500), time("Penyuluh kebun", 12, 40, 75_000))),
    Story("environment", "Truk bak untuk angkut bibit ke {tempat}", "Tiga kali jalan, bahan bakar kami tanggung.",
          ("Bibit sudah siap di persemaian {kab}, tetapi jalan ke {tempat} hanya dapat dilalui truk kecil.",),
          (facility("Truk bak", 2, 6, 900_000),)),
    Story("livelihood", "Mesin jahit untuk bengkel perempuan {tempat}", "Bekas dan masih berfungsi pun kami terima.",
          ("{m} perempuan selesai kursus menjahit dan bergantian memakai dua mesin.",),
          (goods("Mesin jahit", "PIECE", 4, 16, 1_600_000), time("Penjahit pengajar", 24, 64, 60_000))),
    Story("livelihood", "Pendamping pembukuan koperasi {tempat}", "Empat bulan, boleh dari jauh.",
          ("Koperasi {tempat} ingin laporannya dapat diperiksa anggota. Kami mencari pendamping yang sabar.",),
          (time("Akuntan pendamping", 24, 72, 150_000),)),
    Story("disaster", "Selimut dan terpal untuk pengungsi {tempat}", "{n} keluarga masih tidur di balai desa.",
          ("Hujan belum berhenti di {tempat}. Selimut dan terpal adalah kebutuhan pekan ini.",),
          (goods("Selimut", "PIECE", 100, 600, 75_000), goods("Terpal", "PIECE", 40, 200, 180_000),
           facility("Gudang sementara", 5, 20, 250_000))),
    Story("inclusion", "Juru bahasa isyarat untuk forum warga {kab}", "Enam pertemuan, pagi hari.",
          ("Forum warga {kab} ingin warga Tuli ikut memutuskan. Kami mencari dua juru bahasa untuk tiap pertemuan.",),
          (time("Juru bahasa isyarat", 18, 48, 150_000),)),
    Story("governance", "Aula untuk forum warga {kab}", "Delapan puluh orang, dapat dicapai kursi roda.",
          ("Forum belajar {kab} bertemu tiap bulan dan memerlukan aula tetap.",),
          (facility("Aula pertemuan", 3, 12, 400_000), time("Notulis", 12, 36, 50_000))),
    Story("culture", "Pengeras suara untuk panggung warga {tempat}", "Dua hari pada pekan panen.",
          ("Panggung warga {tempat} disiapkan pemuda; pengeras suara yang lama rusak.",),
          (facility("Pengeras suara", 2, 4, 600_000),)),
    Story("housing", "Semen dan seng untuk {m} rumah di {tempat}", "Tenaga dari tetangga, bahan dari Anda.",
          ("Gotong royong {tempat} dimulai bulan depan untuk {m} rumah lansia.",),
          (goods("Semen", "SACK", 60, 300, 68_000), goods("Seng gelombang", "SHEET", 60, 240, 72_000))),
    Story("digital", "Ponsel bekas untuk kader data {tempat}", "Untuk mencatat tumbuh kembang anak.",
          ("{m} kader {tempat} mencatat di kertas lalu menyalinnya lagi. Ponsel bekas memotong pekerjaan itu.",),
          (goods("Ponsel bekas layak pakai", "PIECE", 6, 30, 900_000), time("Pelatih kader", 8, 24, 75_000))),
    Story("water", "Pipa dan sambungan untuk perbaikan jaringan {tempat}", "Longsor memutus {n} meter pipa.",
          ("Longsor pekan lalu memutus jaringan air {tempat}. Warga memperbaiki sendiri; pipa yang kurang.",),
          (goods("Pipa HDPE 2 inci", "METRE", 120, 600, 45_000), time("Teknisi pipa", 8, 32, 60_000))),
)  # fmt: skip

OFFERS = (
    Story("education", "Laptop bekas kantor siap pakai", "Sudah dibersihkan dan dipasangi sistem baru.",
          ("Kami mengganti perangkat kantor tiap tiga tahun. Yang masih baik kami serahkan kepada lembaga belajar.",),
          (goods("Laptop bekas layak pakai", "PIECE", 10, 40, 2_500_000),)),
    Story("livelihood", "Pendampingan pembukuan dan pajak", "Karyawan kami meluangkan dua jam sepekan.",
          ("Tim keuangan kami mendampingi lembaga dan koperasi kecil menyusun laporan yang dapat diperiksa.",),
          (time("Akuntan pendamping", 40, 200, 150_000),)),
    Story("governance", "Aula kantor setiap Sabtu", "Seratus kursi, proyektor, jalur kursi roda.",
          ("Aula kami kosong setiap Sabtu. Lembaga warga boleh memakainya tanpa biaya.",),
          (facility("Aula pertemuan", 12, 48, 400_000),)),
    Story("environment", "Truk bak untuk kegiatan warga", "Dua hari sebulan, sopir dari kami.",
          ("Armada kami sering kembali kosong. Bak truknya dapat dipakai mengangkut bibit atau bahan.",),
          (facility("Truk bak", 6, 24, 900_000),)),
    Story("water", "Pipa sisa proyek", "Pipa baru, panjang beragam, ambil di gudang.",
          ("Sisa proyek kami masih baik dan disimpan kering. Kami utamakan jaringan air desa.",),
          (goods("Pipa HDPE 2 inci", "METRE", 200, 900, 45_000),)),
    Story("health", "Dokter dan perawat relawan", "Satu akhir pekan setiap bulan.",
          ("Tenaga kesehatan kami bersedia datang ke pemeriksaan warga di sekitar wilayah kerja.",),
          (time("Dokter dan perawat", 24, 96, 200_000),)),
    Story("digital", "Teknisi jaringan sukarela", "Pemasangan dan pelatihan singkat.",
          ("Tim teknik kami membantu sekolah dan lembaga memasang jaringan yang rapi dan aman.",),
          (time("Teknisi jaringan", 16, 80, 125_000),)),
    Story("food", "Beras untuk dapur umum", "Setiap bulan, selama persediaan ada.",
          ("Kami menyisihkan sebagian hasil giling untuk dapur umum dan lumbung warga.",),
          (goods("Beras", "KG", 500, 3_000, 14_000),)),
)  # fmt: skip

OPPORTUNITIES = (
    Story("governance", "Mitra pelaksana pendampingan musrenbang inklusif {kab}", "Swakelola tipe III untuk organisasi warga.",
          ("Pemerintah daerah mencari organisasi warga untuk mendampingi usulan perempuan, penyandang disabilitas, dan kelompok rentan di {kab}.",
           "Kegiatan berlangsung sejak musrenbang desa sampai kabupaten, dengan laporan terbuka pada tiap tahap."),
          (money("Pendampingan dan laporan", 80_000, 180_000),)),
    Story("health", "Kemitraan penurunan stunting di {kab}", "Organisasi warga mendampingi posyandu bersama puskesmas.",
          ("Data bulan lalu menunjukkan {n} balita berisiko di {kab}. Kami membuka kemitraan pendampingan keluarga.",),
          (money("Pendampingan keluarga", 90_000, 220_000), time("Kader dan ahli gizi", 80, 320, 50_000))),
    Story("disaster", "Relawan terlatih untuk desa tangguh bencana {kab}", "Latihan dan jalur evakuasi bersama warga.",
          ("Kami mencari organisasi warga untuk melatih {m} desa di {kab} sebelum musim hujan.",),
          (money("Pelatihan dan papan evakuasi", 60_000, 140_000), facility("Balai latihan", 6, 18, 300_000))),
    Story("environment", "Pengelolaan sampah berbasis warga di {kab}", "Bank sampah sebagai mitra layanan.",
          ("Dinas menyediakan angkutan; organisasi warga mengelola pemilahan dan pencatatan di {m} titik.",),
          (money("Operasional bank sampah", 70_000, 160_000),)),
    Story("livelihood", "Pelatihan usaha bagi perempuan kepala keluarga {kab}", "Bersama dunia usaha setempat.",
          ("Kami mengundang organisasi warga dan perusahaan menyusun kelas usaha dan akses pasar bagi {n} perempuan.",),
          (money("Kelas dan modal alat", 75_000, 150_000), time("Pelatih usaha", 60, 200, 100_000))),
)  # fmt: skip
