/* The referral form works without this too. It prints the summary, says what is too large, and saves what is typed. */
(function () {
  "use strict";
  var button = document.querySelector("[data-print]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  }
  var documents = document.getElementById("attachments"), refused = document.querySelector("[data-too-large]");
  if (!documents) return;
  function too_large() {
    var bytes = Array.from(documents.files).reduce(function (sum, file) { return sum + file.size; }, 0);
    refused.hidden = bytes <= Number(documents.dataset.most);
    return !refused.hidden;
  }
  documents.addEventListener("change", too_large);
  documents.form.addEventListener("submit", function (event) {
    if (!too_large()) return;
    event.preventDefault();
    documents.focus();
  });

  var form = documents.form, saved = document.querySelector("[data-saved]"), waiting, saving = false, changed = false, sent = false;
  if (!form.dataset.saves) return;
  form.addEventListener("submit", function (event) { sent = !event.defaultPrevented; });
  form.addEventListener("input", function () {
    changed = true;
    clearTimeout(waiting);
    waiting = setTimeout(save, 1500);
  });
  document.addEventListener("visibilitychange", function () { if (document.visibilityState === "hidden") save(); });
  /* One at a time, so that the first answer names the draft before a second one could begin another. */
  function save() {
    if (!changed || saving || sent) return;
    var body = new FormData(form);
    body.delete("attachments");
    saving = true;
    changed = false;
    fetch(form.dataset.saves, { method: "POST", body: body, headers: { Accept: "application/json" }, keepalive: true })
      .then(function (answer) { return answer.ok ? answer.json() : Promise.reject(answer.status); })
      .then(function (draft) {
        form.elements.draft.value = draft.id;
        history.replaceState(null, "", "/refer?draft=" + draft.id + "&language=" + document.documentElement.lang);
        saved.textContent = saved.dataset.words + " " + new Date().toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
      })
      .catch(function () { saved.textContent = saved.dataset.failed; })
      .finally(function () { saving = false; if (changed) waiting = setTimeout(save, 1500); });
  }
})();
