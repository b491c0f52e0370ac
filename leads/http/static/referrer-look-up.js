/* Who refers: fills in what is known of an NPI or a name, on the page everybody has and on the one our own staff has. */
(function () {
  "use strict";
  var place = document.querySelector("[data-look-up]");
  if (!place) return;
  var field = function (name) { return document.getElementById("provider." + name); };
  var found = place.querySelector("[data-found]"), offered = place.querySelector("[data-offered]");
  var given = {}, latest = 0, timer;

  function ask(typed, then) {
    var mine = ++latest;
    fetch(place.dataset.lookUp + "?typed=" + encodeURIComponent(typed), { headers: { Accept: "application/json" } })
      .then(function (answer) { return answer.ok ? answer.json() : Promise.reject(answer.status); })
      .then(function (choices) { if (mine === latest) then(choices); })
      .catch(function () {});
  }
  /* What somebody typed stands; what came from the registry goes with the NPI it came by. */
  function put(name, value) {
    var input = field(name), ours = (value || "").replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "$1-$2-$3");
    if (input.value && input.value !== given[name]) return;
    input.value = given[name] = ours;
  }
  function fill(choice) {
    field("npi").value = choice.npi || "";
    ["given_name", "family_name", "phone", "fax"].forEach(function (name) { put(name, choice[name]); });
    put("practice", choice.practice || choice.organization);
    offered.hidden = true;
    say(choice);
  }
  function say(choice) {
    found.textContent = (choice.practice ? found.dataset.known + " " : found.dataset.words + " ") + choice.name + where(choice, " (", ")");
  }
  function where(choice, before, after) {
    var parts = [choice.city, choice.state].filter(Boolean);
    return parts.length ? before + parts.join(", ") + after : "";
  }
  function offer(choices) {
    offered.replaceChildren.apply(offered, choices.map(function (choice) {
      var item = document.createElement("li"), press = document.createElement("button");
      press.type = "button";
      press.textContent = [choice.name, choice.practice || where(choice, "", ""), choice.npi].filter(Boolean).join(" · ");
      press.addEventListener("click", function () {
        field("given_name").value = field("family_name").value = "";
        fill(choice);
        field(field("practice").value ? "phone" : "practice").focus();
      });
      item.append(press);
      return item;
    }));
    offered.hidden = choices.length === 0;
    found.textContent = choices.length ? found.dataset.several + " " + choices.length : "";
  }
  function by_npi(then) {
    var typed = field("npi").value.trim();
    found.textContent = "";
    offered.hidden = true;
    if (!/^\d{10}$/.test(typed)) return;
    if (!fits(typed)) { found.textContent = found.dataset.wrong; return; }
    ask(typed, function (choices) {
      if (choices.length) then(choices[0]); else found.textContent = found.dataset.none;
    });
  }
  /* The check digit: Luhn over 80840 and the NPI. */
  function fits(npi) {
    return Array.from("80840" + npi).reverse().reduce(function (sum, digit, place) {
      var value = Number(digit) * (1 + place % 2);
      return sum + (value > 9 ? value - 9 : value);
    }, 0) % 10 === 0;
  }
  field("npi").addEventListener("input", function () { by_npi(fill); });
  if (!field("npi").hasAttribute("aria-invalid")) by_npi(say);
  ["given_name", "family_name"].forEach(function (name) {
    field(name).addEventListener("input", function () {
      clearTimeout(timer);
      var typed = (field("family_name").value + " " + field("given_name").value).trim();
      if (field("npi").value || typed.length < 3) { offered.hidden = true; return; }
      timer = setTimeout(function () { ask(typed, offer); }, 250);
    });
  });
})();
