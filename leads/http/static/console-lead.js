// Keys on the page of a lead, or of scans: each control says its own (data-key); after c, a digit logs the call (data-then).
(() => {
  "use strict";
  const typing = (at) => at.closest("input:not([type=checkbox], [type=radio], [type=submit]), textarea, select, [contenteditable]");
  let waitsFor = null;

  function use(control) {
    if (control.matches("a")) { control.click(); return; }
    if (control.matches("summary")) {
      control.parentElement.open = true;
      const first = control.parentElement.querySelector("input:not([type=hidden]), textarea, select");
      (first || control).focus();
      return;
    }
    if (control.matches("[role=group]")) {
      waitsFor = control;
      control.querySelector("button").focus();
      control.scrollIntoView({ block: "center" });
      return;
    }
    control.focus();
    control.scrollIntoView({ block: "center" });
  }

  document.addEventListener("keydown", (event) => {
    if (document.documentElement.classList.contains("no-single-keys") || document.querySelector("dialog[open]")) return;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const then = waitsFor && waitsFor.querySelector(`[data-then="${CSS.escape(event.key)}"]`);
    if (then) { event.preventDefault(); waitsFor = null; then.click(); return; }
    waitsFor = null;
    if (event.key.length !== 1) return;
    const control = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (control) { event.preventDefault(); use(control); }
  });

  // Chosen among the commands.
  document.addEventListener("use", (event) => use(event.target));

  // A second press while the first is under way would only be refused.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
})();
