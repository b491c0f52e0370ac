// A page left alone for a quarter of an hour locks itself; what was typed stays in it, and nowhere else.
(() => {
  "use strict";
  const dialog = document.getElementById("lock");
  if (!dialog || !dialog.showModal) return;
  const form = dialog.querySelector("form");
  const told = form.querySelector("[data-told]");
  const password = form.elements.namedItem("password");
  const QUARTER = 15 * 60;
  let timer, lastTold = Date.now();

  const ask = async (path, options) => (await fetch(path, { headers: { Accept: "application/json" }, ...options })).json();
  const later = (seconds) => { clearTimeout(timer); timer = setTimeout(look, seconds * 1000); };

  function lock() {
    if (dialog.open) return;
    document.body.classList.add("is-locked");
    dialog.showModal();
    password.value = "";
    password.focus();
    document.dispatchEvent(new CustomEvent("console:locked"));
  }

  function open() {
    document.body.classList.remove("is-locked");
    if (dialog.open) dialog.close();
    lastTold = Date.now();
    later(QUARTER);
    document.dispatchEvent(new CustomEvent("console:unlocked"));
  }

  // Another page of the same session may have kept it awake, or unlocked it: the server knows.
  async function look() {
    try {
      const { locks_in: left, mark } = await ask("/console/here");
      // Somebody may have signed in anew meanwhile: this page is not for them.
      if (left > 0 && dialog.dataset.csrf.startsWith(mark)) { if (dialog.open) open(); else later(left); } else lock();
    } catch { lock(); }
  }

  // Whoever types or reads is here, although their page asks for nothing: said at most once a minute.
  function here() {
    if (dialog.open || Date.now() - lastTold < 60000) return;
    lastTold = Date.now();
    const body = new URLSearchParams({ csrf: dialog.dataset.csrf });
    ask("/console/here", { method: "POST", body }).then((told) => (told.locks_in ? later(told.locks_in) : look()), () => {});
  }

  for (const kind of ["keydown", "pointerdown", "input", "scroll"]) document.addEventListener(kind, here, { passive: true, capture: true });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  // Chromium closes a dialog at the second Escape whatever was prevented.
  dialog.addEventListener("close", () => { if (document.body.classList.contains("is-locked")) lock(); });
  form.addEventListener("proved", open);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    told.hidden = true;
    try {
      const body = new URLSearchParams({ csrf: dialog.dataset.csrf, password: password.value });
      const answer = await ask("/console/unlock", { method: "POST", body });
      if (answer.locks_in > 0) return open();
      told.textContent = answer.message || "That did not work. Please try again.";
    } catch { told.textContent = "The server does not answer. What you typed stays here; try again in a moment."; }
    told.hidden = false;
    password.select();
  });
  later(QUARTER);
})();
