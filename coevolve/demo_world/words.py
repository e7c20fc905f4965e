"""Invented names. Given and family names are common words of several regions, combined by chance."""

from __future__ import annotations

GIVEN_WOMEN = (
    "Ratna", "Yuliana", "Sri", "Dewi", "Wulan", "Maria", "Theresia", "Nurhayati", "Siti", "Fitri", "Ayu", "Made", "Ketut",
    "Rahel", "Debora", "Marlina", "Tuti", "Endang", "Lestari", "Kartika", "Melati", "Intan", "Ningsih", "Rosmawati", "Yohana",
    "Agustina", "Paulina", "Halimah", "Zubaidah", "Rina", "Mega", "Puspita", "Tiurma", "Butet", "Wayan", "Laras", "Asih",
)  # fmt: skip
GIVEN_MEN = (
    "Bambang", "Agus", "Yusuf", "Petrus", "Markus", "Daniel", "Joko", "Slamet", "Budi", "Hendra", "Rahmat", "Zainal", "Ali",
    "Putu", "Nyoman", "Komang", "Gede", "Yohanes", "Matius", "Samuel", "Ridwan", "Iskandar", "Fajar", "Bayu", "Dedi", "Tono",
    "Marthen", "Obed", "Elias", "Ishak", "Hasan", "Husein", "Darma", "Surya", "Wira", "Galih", "Togar", "Poltak", "Syahrul",
)  # fmt: skip
FAMILY = (
    "Lestari", "Wibowo", "Santoso", "Hidayat", "Nugraha", "Pratama", "Saputra", "Kurniawan", "Rahayu", "Handayani", "Setiawan",
    "Halawa", "Simamora", "Tambun", "Situmeang", "Lubuk", "Daeng", "Tandi", "Rante", "Mandala", "Kolo", "Benu", "Tefa", "Sila",
    "Wenda", "Kogoya", "Yoku", "Suebu", "Mofu", "Latu", "Tuan", "Waru", "Pelu", "Soasi", "Ngadi", "Rihi", "Lado", "Gauru",
    "Hasanah", "Maulana", "Firdaus", "Syahputra", "Ginto", "Sembada", "Wicaksana", "Utami", "Permata", "Anjani", "Cahyani",
)  # fmt: skip

CSO_FORMS = ("Yayasan", "Perkumpulan", "Lembaga", "Yayasan", "Perkumpulan", "Forum", "Koalisi", "Jaringan")
CSO_NOUNS = (
    "Mata Air", "Lumbung", "Tunas", "Pelita", "Cahaya", "Akar", "Samudra", "Rimba", "Bina", "Karya", "Mitra", "Sahabat", "Rumah",
    "Jembatan", "Benih", "Sinar", "Gerak", "Titian", "Ruang", "Suara", "Langkah", "Simpul", "Sungai", "Gunung", "Pesisir", "Ladang",
)  # fmt: skip
CSO_QUALITIES = (
    "Bersama", "Lestari", "Mandiri", "Nusantara", "Berdaya", "Harapan", "Sejati", "Kampung", "Perempuan", "Anak Negeri", "Warga",
    "Tani", "Nelayan", "Setara", "Rakyat", "Sehati", "Damai", "Madani", "Tangguh", "Swadaya", "Belajar", "Sumber Hidup", "Inklusi",
)  # fmt: skip
COMPANY_NOUNS = (
    "Sumba", "Bahari", "Agung", "Mulia", "Sentosa", "Abadi", "Graha", "Kencana", "Surya", "Bintang", "Anugerah", "Makmur", "Jaya",
    "Arta", "Citra", "Prima", "Buana", "Tirta", "Bumi", "Cakra", "Dwipa", "Eka", "Giri", "Wana", "Rajawali", "Cendrawasih",
)  # fmt: skip
COMPANY_QUALITIES = (
    "Lestari", "Perkasa", "Utama", "Sejahtera", "Nusa", "Mandiri Logistik", "Pangan", "Energi", "Teknologi", "Karya Beton",
    "Transport", "Agro", "Medika", "Edukasi", "Digital", "Konstruksi", "Samudera", "Tekstil", "Plastindo", "Farma",
)  # fmt: skip
PHILANTHROPY_NOUNS = ("Dana", "Amanah", "Warisan", "Peduli", "Kasih", "Budi", "Harta", "Filantropi")
PHILANTHROPY_QUALITIES = (
    "Keluarga Waringin",
    "Anak Bangsa",
    "Pesisir",
    "Tujuh Pulau",
    "Ibu Pertiwi",
    "Sekar Jagat",
    "Tanah Air",
)
AGENCIES = (
    ("Bappeda", "governance"),
    ("Dinas Kesehatan", "health"),
    ("Dinas Pendidikan", "education"),
    ("Dinas Sosial", "inclusion"),
    ("Dinas Pertanian", "food"),
    ("Dinas Lingkungan Hidup", "environment"),
    ("Dinas Pemberdayaan Masyarakat dan Desa", "livelihood"),
    ("BPBD", "disaster"),
)
"""Agencies exist in every region; the ones of the demo carry the word of their region and no real person."""

MESSAGES = (
    "Semoga lekas terwujud.",
    "Salam dari kami sekeluarga.",
    "Untuk adik-adik di sana.",
    "Semoga berkah dan bermanfaat.",
    "Kami ikut senang bisa membantu.",
    "Tetap semangat untuk para relawan.",
    "Dari kantor kami, titip untuk warga.",
    "Semoga airnya lekas mengalir.",
    "Sehat selalu untuk semua yang bekerja di lapangan.",
    "Terima kasih laporannya jelas.",
    "Sedikit dari kami, semoga cukup menambah.",
    "Doa kami menyertai.",
)
DECLINE_REASONS = (
    "Ukurannya tidak cocok dengan yang terpasang.",
    "Kebutuhan ini sudah terpenuhi pekan lalu.",
    "Waktu yang ditawarkan tidak sesuai jadwal kegiatan.",
    "Jarak antarnya terlalu jauh untuk kami jemput.",
)
