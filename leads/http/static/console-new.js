// While a number or an address is typed: do we know them already? Asked by POST, so that neither stands in an address.
(() => {
  "use strict";
  const form = document.querySelector("form[data-known]");
  const place = document.getElementById("known");
  if (!form || !place) return;
  const field = (name) => form.elements[name] || form.elements[`patient.${name}`];
  let timer = 0;
  let asked = "";

  async function look() {
    const body = new URLSearchParams({ csrf: form.elements.csrf.value, email: field("email").value, phone: field("phone").value });
    if (body.toString() === asked) return;
    asked = body.toString();
    const answer = await fetch(form.dataset.known, { method: "POST", body, headers: { Accept: "text/html" } });
    if (answer.ok && body.toString() === asked) place.replaceChildren(...parsed(await answer.text()));
  }

  // Our own page's words, escaped where they were written.
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body.childNodes;

  for (const name of ["email", "phone"]) {
    field(name).addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 250); });
  }
  if (field("email").value || field("phone").value) look();
})();

// Once anything is ticked, the browser asks who said so, and how, before it sends; the server asks in any case.
(() => {
  "use strict";
  const agreed = document.querySelector("[data-agreed]");
  if (!agreed) return;
  const ask = () => {
    const is_ticked = agreed.querySelector("input[type=checkbox]:checked") !== null;
    for (const each of agreed.querySelectorAll("[name=said_by], [name=said_how]")) each.required = is_ticked;
    agreed.querySelector("[name=said_who]").required = agreed.querySelector("[name=said_by][value=other]:checked") !== null;
  };
  agreed.addEventListener("change", ask);
  ask();
})();
