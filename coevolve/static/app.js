/* Small help where the browser has none. Every page works without this file. */
(() => {
  const doc = document, all = (q, root = doc) => root.querySelectorAll(q);
  const notice = doc.getElementById("putus");
  const failed = () => { if (notice) notice.hidden = false; };
  doc.addEventListener("htmx:error", failed);
  doc.addEventListener("htmx:response:error", (e) => {
    const r = e.detail && e.detail.ctx && e.detail.ctx.response;
    if (!r || r.status >= 500) failed();
  });
  doc.addEventListener("htmx:before:request", () => { if (notice) notice.hidden = true; });
  doc.addEventListener("htmx:after:swap", () => { ready(); const f = doc.querySelector("main [autofocus]"); if (f) f.focus(); });

  // Salin: the value goes to the clipboard, the button says so.
  doc.addEventListener("click", (e) => {
    const b = e.target.closest("[data-copy]");
    if (b) navigator.clipboard.writeText(b.dataset.copy).then(() => {
      const was = b.textContent; b.textContent = b.dataset.done;
      setTimeout(() => { b.textContent = was; }, 2500);
    });
    for (const m of all("details.menu[open]")) if (!m.contains(e.target)) m.open = false;
  });
  doc.addEventListener("keydown", (e) => {
    if (e.key === "Escape") for (const m of all("details.menu[open]")) { m.open = false; m.firstElementChild.focus(); }
  });

  // One tap is enough: the button shows that it works, a second tap does nothing for a while.
  doc.addEventListener("submit", (e) => {
    const b = e.submitter;
    if (!b || e.target.method !== "post" || e.defaultPrevented) return;
    if (b.ariaBusy === "true") return e.preventDefault();
    b.ariaBusy = "true"; setTimeout(() => { b.ariaBusy = null; }, 8000);
  });
  addEventListener("pageshow", () => { for (const b of all("[aria-busy]")) b.ariaBusy = null; });

  function ready() {
    if (navigator.clipboard) for (const b of all("[data-copy][hidden]")) b.hidden = false;
    for (const d of all("[data-dock]")) {
      const form = doc.getElementById(d.dataset.dock);
      if (form && !d.on) { d.on = 1; new IntersectionObserver((s) => d.classList.toggle("off", s[0].isIntersecting)).observe(form); }
    }
  }
  ready();
})();
