/* The referral form without it works as well: it fills in what the public registry says of an NPI or a name, and prints the summary. */
(function () {
  "use strict";
  var button = document.querySelector("[data-print]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  }
  var place = document.querySelector("[data-look-up]");
  if (!place) return;
  var field = function (name) { return document.getElementById("provider." + name); };
  var found = place.querySelector("[data-found]"), offered = place.querySelector("[data-offered]"), latest = 0, timer;

  function ask(typed, then) {
    var mine = ++latest;
    fetch(place.dataset.lookUp + "?typed=" + encodeURIComponent(typed), { headers: { Accept: "application/json" } })
      .then(function (answer) { return answer.ok ? answer.json() : []; })
      .then(function (choices) { if (mine === latest) then(choices); })
      .catch(function () {});
  }
  function fill(choice) {
    field("npi").value = choice.npi;
    ["given_name", "family_name", "phone", "fax"].forEach(function (name) {
      if (!field(name).value && choice[name]) field(name).value = choice[name];
    });
    if (!field("practice").value && choice.organization) field("practice").value = choice.organization;
    offered.hidden = true;
    say(choice);
  }
  function say(choice) {
    var where = [choice.city, choice.state].filter(Boolean).join(", ");
    found.textContent = found.dataset.words + " " + choice.name + (where ? " (" + where + ")" : "");
  }
  function offer(choices) {
    offered.replaceChildren();
    choices.forEach(function (choice) {
      var item = document.createElement("li"), press = document.createElement("button");
      press.type = "button";
      press.textContent = choice.name + " · " + [choice.city, choice.state].filter(Boolean).join(", ") + " · " + choice.npi;
      press.addEventListener("click", function () {
        field("given_name").value = field("family_name").value = "";
        fill(choice);
        field("practice").focus();
      });
      item.append(press);
      offered.append(item);
    });
    offered.hidden = choices.length === 0;
  }
  field("npi").addEventListener("input", function () {
    var typed = this.value.trim();
    found.textContent = "";
    if (!/^\d{10}$/.test(typed)) return;
    ask(typed, function (choices) {
      if (choices.length) fill(choices[0]); else found.textContent = found.dataset.none;
    });
  });
  ["given_name", "family_name"].forEach(function (name) {
    field(name).addEventListener("input", function () {
      clearTimeout(timer);
      var typed = (field("family_name").value + " " + field("given_name").value).trim();
      if (field("npi").value || typed.length < 3) { offered.hidden = true; return; }
      timer = setTimeout(function () { ask(typed, offer); }, 250);
    });
  });
})();
