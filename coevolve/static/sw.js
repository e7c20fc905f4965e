/* Keeps the shell, the offline page and the last ten public pages; of pages of signed-in people it keeps nothing. */
const NAME = "kulit-" + VERSION, PAGES = "halaman", MOST = 10;
const PUBLIC = /^\/($|(kebutuhan|kampanye|penawaran|peluang|organisasi|lokalitas)\/[^/]+$|(jelajah|peta|organisasi|bantuan|biaya|tentang-data|aksesibilitas)$)/;

addEventListener("install", (e) => e.waitUntil(
  caches.open(NAME).then((kept) => kept.addAll(SHELL)).then(() => skipWaiting())));

addEventListener("activate", (e) => e.waitUntil(
  caches.keys().then((names) => Promise.all(names.filter((n) => n != NAME && n != PAGES).map((n) => caches.delete(n))))
    .then(() => clients.claim())));

addEventListener("fetch", (e) => {
  const asked = e.request, at = new URL(asked.url);
  if (asked.method != "GET" || at.origin != location.origin) return;
  if (asked.mode == "navigate") e.respondWith(page(asked, at, e));
  else if (SHELL.includes(at.pathname + at.search)) e.respondWith(caches.match(asked).then((kept) => kept || fetch(asked)));
});

async function page(asked, at, e) {
  try {
    const answer = await fetch(asked);
    if (answer.ok && PUBLIC.test(at.pathname) && !/no-store/.test(answer.headers.get("Cache-Control"))) e.waitUntil(keep(asked, answer.clone()));
    return answer;
  } catch {
    return await (await caches.open(PAGES)).match(asked, { ignoreVary: true }) || await caches.match("/luring") || Response.error();
  }
}

async function keep(asked, answer) {
  const kept = await caches.open(PAGES);
  await kept.delete(asked, { ignoreVary: true });
  await kept.put(asked, answer);
  for (const old of (await kept.keys()).slice(0, -MOST)) await kept.delete(old, { ignoreVary: true });
}
