// What makes the console quick: keys, palette, live counts, choosing many, dragging. Every page works without it.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const one = (what, within = document) => within.querySelector(what);
  root.classList.add("scripted");

  // On a phone the tabs lie in one line that is wider than the screen: the one that is open must be seen.
  one("header nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest", behavior: "instant" });

  const rarer = one(".rarer");
  if (rarer) {
    document.addEventListener("click", (event) => { if (!rarer.contains(event.target)) rarer.open = false; });
    rarer.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !rarer.open) return;
      rarer.open = false;
      one("summary", rarer).focus();
    });
  }

  // --- Dialogs -------------------------------------------------------------------------------------------------------------------
  const open = (name) => {
    const dialog = document.getElementById(name);
    if (!dialog || dialog.open) return;
    all("dialog[open]").forEach((each) => each.close());
    dialog.showModal();
    if (name === "palette") fillPalette();
    if (name === "keys") showKeysOfPage(dialog);
  };
  all("[data-opens]").forEach((button) => button.addEventListener("click", () => open(button.dataset.opens)));
  all("dialog").forEach((dialog) => dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }));
  all("[data-closes]").forEach((button) => button.addEventListener("click", () => button.closest(".toast").remove()));

  const say = (words) => {
    const toast = document.createElement("p");
    toast.className = "toast";
    toast.textContent = words;
    one(".toasts").replaceChildren(toast);
  };

  // A toast is for once: neither a reload nor a saved address says it again.
  const address = new URL(location.href);
  if (address.searchParams.has("said")) {
    address.searchParams.delete("said");
    address.searchParams.delete("did");
    history.replaceState(null, "", address);
  }

  // --- The palette ---------------------------------------------------------------------------------------------------------------
  const palette = document.getElementById("palette");
  const asked = palette && one("input[type=search]", palette);
  const list = palette && one("ul", palette);
  let entries = null;
  let loading = null;
  let shown = [];
  let at = 0;

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const fits = (words, label) => plain(words).split(/\s+/).every((word) => plain(label).includes(word));
  // What a page's own keys do (data-key) is offered here and stands on the sheet of keys; the page's script listens for "use".
  const keyed = () => all("main [data-key-label]").filter((control) => control.offsetParent);
  const ofKeys = () => keyed().map((control) => ({ label: control.dataset.keyLabel, hint: "On this page", keys: control.dataset.key, act: () => control.dispatchEvent(new CustomEvent("use", { bubbles: true })) }));
  const ofTimes = () => (utc ? [{ label: inUtc ? "Times in the office's zone" : "Times in UTC", hint: "Everywhere", keys: "u", act: () => { palette.close(); turn(!inUtc); } }] : []);
  const ofThisPage = () => all("main button[data-command], main a[data-command], main form:not([hidden]) button:not(.link):not([disabled])")
    .filter((button) => button.type !== "button" && button.checkVisibility() && button.textContent.trim())
    .map((button) => ({ label: button.dataset.command || button.textContent.trim(), hint: "On this page", act: () => { button.focus(); button.click(); } }));

  // What is folded away is opened, and its first field is where one goes on.
  const unfold = (summary) => {
    summary.parentElement.open = true;
    (one("input:not([type=hidden]), select, textarea, button", summary.parentElement) || summary).focus();
  };
  const ofFolded = () => all("main summary:not([data-key-label])").filter((summary) => summary.checkVisibility() && !summary.parentElement.open)
    .map((summary) => ({ label: summary.textContent.trim(), hint: "On this page", act: () => unfold(summary) }));

  const load = async () => {
    try {
      const answer = await fetch("/console/palette", { headers: { Accept: "application/json" } });
      entries = answer.ok ? (await answer.json()).entries : [];
    } catch { entries = []; }
    drawPalette();
  };

  function showKeysOfPage(dialog) {
    const section = one("[data-keys-here]", dialog);
    section.hidden = !keyed().length;
    one("dl", section).replaceChildren(...keyed().map((control) => {
      const row = document.createElement("div");
      const term = document.createElement("dt");
      const key = document.createElement("kbd");
      const what = document.createElement("dd");
      key.textContent = control.dataset.key;
      what.textContent = control.dataset.keyLabel;
      term.append(key);
      row.append(term, what);
      return row;
    }));
  }

  function fillPalette() {
    asked.value = "";
    asked.focus();
    drawPalette();
    loading = loading || load();
  }

  function drawPalette() {
    const words = asked.value.trim();
    shown = [...ofKeys(), ...ofThisPage(), ...ofFolded(), ...(entries || []), ...ofTimes()].filter((entry) => fits(words, entry.label)).slice(0, 200);
    if (words) shown.push({ label: `Search for “${words}”`, hint: "Name, number, e-mail, phone, referrer", act: () => asked.form.submit() });
    at = 0;
    list.replaceChildren(...shown.map((entry, place) => {
      const item = document.createElement("li");
      item.setAttribute("role", "option");
      item.id = `entry-${place}`;
      item.append(entry.label);
      const hint = document.createElement("span");
      hint.className = "hint";
      hint.textContent = entry.hint;
      item.append(hint);
      if (entry.keys) { const keys = document.createElement("kbd"); keys.textContent = entry.keys; item.append(keys); }
      item.addEventListener("click", () => go(entry));
      return item;
    }));
    mark();
  }

  function mark() {
    [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === at)));
    const item = list.children[at];
    if (item) { item.scrollIntoView({ block: "nearest" }); asked.setAttribute("aria-activedescendant", item.id); }
  }

  function go(entry) {
    if (!entry) return;
    if (entry.href) { location.assign(entry.href); return; }
    if (entry.hint === "On this page") palette.close();
    entry.act();
  }

  if (palette) {
    asked.addEventListener("input", drawPalette);
    // Who types faster than the entries arrive still goes where they meant to.
    asked.form.addEventListener("submit", (event) => { event.preventDefault(); Promise.resolve(loading).then(() => go(shown[at])); });
    asked.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || !shown.length) return;
      event.preventDefault();
      at = (at + step + shown.length) % shown.length;
      mark();
    });
  }

  // --- Choosing many -------------------------------------------------------------------------------------------------------------
  const assign = document.getElementById("assign");
  const boxes = () => all("input[name=pick]:not([disabled])");
  const count = () => {
    if (!assign) return;
    const chosen = boxes().filter((box) => box.checked).length;
    assign.classList.toggle("ready", chosen > 0);
    one("[data-chosen]", assign).textContent = chosen ? `${chosen} chosen` : "Choose leads to assign them together.";
  };
  all("table.picks").forEach((table) => {
    const every = document.createElement("input");
    every.type = "checkbox";
    every.setAttribute("aria-label", "Choose all of this list");
    every.addEventListener("change", () => {
      all("input[name=pick]:not([disabled])", table).forEach((box) => { box.checked = every.checked; });
      count();
    });
    one(".pick-all", table)?.append(every);
  });
  document.addEventListener("change", (event) => { if (event.target.name === "pick") count(); });
  count();

  // --- Live counts ---------------------------------------------------------------------------------------------------------------
  const most = 999;
  const put = (place, number) => {
    const words = number > most ? `${most}+` : String(number);
    if (place.textContent !== words) place.textContent = words;
  };
  // What a list showed when it was opened: a count that is another one now means that its rows are not the newest.
  const live = one("[data-live]");
  const chosen = one("nav.needs [aria-current=page] [data-need]");
  const watched = (chosen ? [chosen] : all("nav.needs [data-need], [data-at-stage]")).map((place) => [place, place.textContent]);
  function showCounts({ needs, stages, tabs }) {
    all("[data-at-stage]").forEach((place) => put(place, stages[place.dataset.atStage] || 0));
    all("[data-need]").forEach((place) => {
      const number = needs[place.dataset.need] || 0;
      put(place, number);
      if (!place.closest("nav.needs")) return;
      place.parentElement.classList.toggle("none", !number);
      place.parentElement.classList.toggle("filled", number > 0);
    });
    all("[data-tab]").forEach((place) => {
      const number = tabs[place.dataset.tab] || 0;
      put(place, number);
      if (place.closest("nav.needs")) { place.parentElement.classList.toggle("none", !number); return; }
      place.hidden = !number;
      if (place.dataset.tab === "safety") place.parentElement.classList.toggle("alarm", number > 0);
    });
    const news = one("[data-news]");
    if (news) news.hidden = watched.every(([place, before]) => place.textContent === before);
  }
  let stream = null;
  const listen = () => {
    // A browser keeps six connections to a site: a page nobody looks at must not hold one.
    if (document.hidden) { stream?.close(); stream = null; return; }
    if (stream) return;
    stream = new EventSource(`/console/events${live?.dataset.live ? `?${live.dataset.live}` : ""}`);
    stream.addEventListener("counts", (event) => showCounts(JSON.parse(event.data)));
    stream.addEventListener("bye", () => { stream.close(); });
  };
  // Whoever sees no leads has no counts to keep up, and would be told no.
  if (one("header [data-tab]")) {
    document.addEventListener("visibilitychange", listen);
    addEventListener("pagehide", () => { stream?.close(); stream = null; });
    addEventListener("pageshow", listen);
  }

  // --- The board -----------------------------------------------------------------------------------------------------------------
  const board = one("[data-board]");
  let carried = null;
  const goesTo = (tile) => tile.dataset.moves.trim().split(/\s+/).filter(Boolean);
  const letGo = () => {
    all(".column").forEach((column) => column.classList.remove("may", "over"));
    carried?.classList.remove("dragged");
    carried = null;
  };
  async function ask(href) {
    const dialog = document.getElementById("asked");
    const answer = await fetch(href);
    const found = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-dialog]");
    if (!found || !dialog.showModal) { location.assign(href); return; }
    dialog.replaceChildren(found);
    tell(dialog);
    dialog.showModal();
    (one("[autofocus]", dialog) || one("button, input:not([type=hidden]), select", dialog))?.focus();
  }
  if (board) {
    const drop = document.getElementById("drop");
    board.addEventListener("click", (event) => {
      const link = event.target.closest("a.move");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      ask(link.href);
    });
    board.addEventListener("dragstart", (event) => {
      carried = event.target.closest(".tile[draggable]");
      if (!carried) return;
      event.dataTransfer.setData("text/plain", carried.dataset.number);
      event.dataTransfer.effectAllowed = "move";
      carried.classList.add("dragged");
      const where = goesTo(carried).map((to) => to.replace("?", ""));
      all(".column", board).forEach((column) => column.classList.toggle("may", where.includes(column.dataset.stage)));
    });
    board.addEventListener("dragover", (event) => {
      const column = event.target.closest(".column.may");
      all(".column.over", board).forEach((each) => each.classList.toggle("over", each === column));
      if (!carried || !column) return;
      event.preventDefault();
      column.classList.add("over");
    });
    board.addEventListener("drop", (event) => {
      const column = event.target.closest(".column.may");
      if (!carried || !column) return;
      event.preventDefault();
      const { number, version } = carried.dataset;
      const path = `/console/board/${number}/move`;
      if (goesTo(carried).includes(column.dataset.stage)) {
        drop.action = path;
        drop.elements.version.value = version;
        drop.elements.to.value = column.dataset.stage;
        drop.submit();
      } else ask(`${path}?to=${column.dataset.stage}`);
      letGo();
    });
    // Where it may not go nothing is dropped: the card says why, rather than only fly back.
    const refuse = (column, name) => {
      const from = carried.closest(".column");
      const why = from.dataset.refuses.split("|").find((each) => each.startsWith(`${column.dataset.stage}=`));
      const titles = [from, column].map((each) => one("h2", each).firstChild.textContent.trim());
      say(why ? `${name} stays. ${why.split("=")[1]}` : `${name} stays: from ${titles[0]} nobody goes straight to ${titles[1]}.`);
    };
    board.addEventListener("dragend", (event) => {
      const column = document.elementFromPoint(event.clientX, event.clientY)?.closest(".column");
      if (carried && column && !column.matches(".may") && !column.contains(carried)) refuse(column, one("a.name", carried).textContent);
      letGo();
    });
    // Once the browser itself has gone to the card: until then it takes the focus away again.
    const moved = location.hash && document.getElementById(location.hash.slice(1));
    if (moved) addEventListener("load", () => requestAnimationFrame(() => one("a.name", moved)?.focus()));
  }
  const acrossTheBoard = (key) => {
    const columns = all(".column", board).map((column) => all("a.name", column)).filter((names) => names.length);
    const here = columns.findIndex((names) => names.includes(document.activeElement));
    if (here < 0) { columns[0]?.[0]?.focus(); return; }
    const row = columns[here].indexOf(document.activeElement);
    const aside = { ArrowLeft: -1, ArrowRight: 1 }[key] || 0;
    const names = columns[Math.min(columns.length - 1, Math.max(0, here + aside))];
    const down = { ArrowUp: -1, ArrowDown: 1, k: -1, j: 1 }[key] || 0;
    names[Math.min(names.length - 1, Math.max(0, row + down))].focus();
  };

  // --- Times in UTC ---------------------------------------------------------------------------------------------------------------
  // A mouse finds UTC by resting on a time. Without one, a switch shows all times so: each a tab stop would be a hundred on a page.
  const utc = one("[data-utc]");
  const note = one("[data-utc-note]");
  const stored = (name, value) => {
    try { return value === undefined ? localStorage.getItem(name) : localStorage.setItem(name, value); } catch { return null; }
  };
  let inUtc = false;
  const tell = (within = document) => all("time[title]", within).forEach((time) => {
    if ((time.dataset.other !== undefined) === inUtc) return;
    const words = time.textContent;
    time.textContent = time.title;
    time.title = words;
    if (inUtc) time.dataset.other = ""; else delete time.dataset.other;
  });
  const showUtc = (wanted) => {
    inUtc = wanted;
    tell();
    note.hidden = !inUtc;
    utc.checked = inUtc;
    one("[data-utc-turn]").textContent = inUtc ? "Show all times in the office's zone" : "Show all times in UTC";
  };
  const turn = (wanted) => {
    stored("handoff-utc", wanted ? "on" : "off");
    showUtc(wanted);
    one("[data-utc-off]").textContent = wanted ? "" : "Times are in the office's zone.";
  };
  if (utc) {
    if (stored("handoff-utc") === "on") showUtc(true);
    utc.addEventListener("change", () => turn(utc.checked));
    one("[data-utc-turn]").addEventListener("click", () => { turn(!inUtc); scrollTo({ top: 0 }); });
    one("button", note).addEventListener("click", () => turn(false));
  }

  // --- Keys ----------------------------------------------------------------------------------------------------------------------
  const SINGLE = "handoff-single-keys";
  const remember = (value) => { try { localStorage.setItem(SINGLE, value); } catch { /* A browser that keeps nothing keeps the keys on. */ } };
  const single = () => { try { return localStorage.getItem(SINGLE) !== "off"; } catch { return true; } };
  const box = one("[data-single-keys]");
  // A page's own script asks this class, so that the switch holds for its keys too (WCAG 2.2, 2.1.4).
  const heed = () => root.classList.toggle("no-single-keys", !single());
  heed();
  if (box) {
    box.checked = single();
    box.addEventListener("change", () => { remember(box.checked ? "on" : "off"); heed(); });
  }
  // An entry of a list is a row with a link at its head, or a card with something to open or to press.
  const ofEntry = (entry) => one(entry.matches("tr") ? "th a" : "a[href], button", entry);
  const rows = () => all("main table tbody tr, main article.card").map(ofEntry).filter(Boolean);
  const step = (by) => {
    const links = rows();
    const here = links.indexOf(document.activeElement);
    links[Math.min(links.length - 1, Math.max(0, here < 0 ? 0 : here + by))]?.focus({ focusVisible: true });
  };
  const pick = () => {
    const found = document.activeElement.closest?.("tr")?.querySelector("input[name=pick]:not([disabled])");
    if (found) { found.checked = !found.checked; count(); }
  };
  const together = () => {
    if (!assign) return;
    if (!boxes().some((each) => each.checked)) pick();
    if (boxes().some((each) => each.checked)) one("select", assign).focus();
  };
  const placeOf = (key) => (key === "m" ? "/console?owner=me" : one(`header nav [data-go="${CSS.escape(key)}"]`)?.href);
  let afterG = 0;
  // A page's keys are only taken where it has what they act on: elsewhere another script may use them.
  const walk = { j: () => step(1), k: () => step(-1) };
  const ofPicks = { x: pick, a: together };
  const ofBoard = {
    j: () => acrossTheBoard("j"),
    k: () => acrossTheBoard("k"),
    m: () => { const link = document.activeElement.closest?.(".tile")?.querySelector("a.move"); if (link) ask(link.href); },
  };
  const keys = {
    "?": () => open("keys"),
    "/": () => { const search = one(".find input[type=search]"); search?.focus(); search?.select(); },
    g: () => { afterG = Date.now(); },
    r: () => one("[data-news]:not([hidden]) [data-anew]")?.click(),
    z: () => one(".toast[action] button:not([type=button])")?.click(),
    ...(utc && { u: () => turn(!inUtc) }),
    ...(board ? ofBoard : { ...walk, ...(one("table.picks") && ofPicks) }),
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open("palette");
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !single()) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") || one("dialog[open]")) return;
    const place = Date.now() - afterG < 1500 && placeOf(event.key);
    if (place) {
      afterG = 0;
      event.preventDefault();
      location.assign(place);
      return;
    }
    if (event.key.startsWith("Arrow")) {
      if (board) { event.preventDefault(); acrossTheBoard(event.key); }
      else if (["ArrowDown", "ArrowUp"].includes(event.key) && rows().includes(document.activeElement)) {
        event.preventDefault();
        step(event.key === "ArrowDown" ? 1 : -1);
      }
      return;
    }
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
})();
