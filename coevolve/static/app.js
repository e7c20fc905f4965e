/* Small help where the browser has none; every page works without it. */
(() => {
  const doc = document, all = (q) => doc.querySelectorAll(q), on = (what, act) => doc.addEventListener(what, act);
  const lost = doc.getElementById("putus"), show = (is) => { if (lost) lost.hidden = !is; };
  on("htmx:error", () => show(1));
  on("htmx:response:error", (e) => { if (!(e.detail?.ctx?.response?.status < 500)) show(1); });
  on("htmx:before:request", () => show(0));
  on("htmx:after:swap", () => { ready(); doc.querySelector("main [autofocus]")?.focus(); });

  on("click", (e) => {
    const b = e.target.closest("[data-copy]");
    if (b) navigator.clipboard.writeText(b.dataset.copy).then(() => {
      const was = b.textContent;
      b.textContent = b.dataset.done;
      setTimeout(() => { b.textContent = was; }, 2500);
    });
    for (const m of all("details.menu[open]")) if (!m.contains(e.target)) m.open = false;
  });
  on("keydown", (e) => {
    if (e.key == "Escape") for (const m of all("details.menu[open]")) { m.open = false; m.firstElementChild.focus(); }
  });

  /* One tap is enough, a second one waits; offline nothing is sent. */
  on("submit", (e) => {
    const b = e.submitter;
    if (!b || e.target.method != "post" || e.defaultPrevented) return;
    show(!navigator.onLine);
    if (!navigator.onLine || b.ariaBusy) return e.preventDefault();
    b.ariaBusy = "true";
    setTimeout(() => { b.ariaBusy = null; }, 8000);
  });
  addEventListener("pageshow", () => { for (const b of all("[aria-busy]")) b.ariaBusy = null; });

  /* Salin appears where copying works; the dock hides while its form is on screen. */
  function ready() {
    if (navigator.clipboard) for (const b of all("[data-copy][hidden]")) b.hidden = false;
    for (const d of all("[data-dock]")) {
      const form = doc.getElementById(d.dataset.dock);
      if (form && !d.seen) {
        d.seen = new IntersectionObserver(([s]) => d.classList.toggle("off", s.isIntersecting));
        d.seen.observe(form);
      }
    }
  }
  ready();
})();
