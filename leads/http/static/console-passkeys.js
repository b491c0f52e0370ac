// Passkeys: makes one, or shows one, for the form around the button that was pressed.
(() => {
  "use strict";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  async function post(form, path, fields) {
    const body = new URLSearchParams();
    for (const name of ["csrf", "next", "name", "current"]) {
      const field = form.elements.namedItem(name);
      if (field) body.set(name, field.value);
    }
    for (const [name, value] of Object.entries(fields || {})) body.set(name, value);
    const answer = await fetch(path, { method: "POST", body, headers: { Accept: "application/json" } });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.message || "That did not work. Please try again.");
    return told;
  }

  function sent(credential) {
    const parts = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) parts[name] = text(credential.response[name]);
    }
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response: parts, clientExtensionResults: {} });
  }

  async function make(form, path) {
    const options = await post(form, `${path}/options`);
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = (options.excludeCredentials || []).map((each) => ({ ...each, id: bytes(each.id) }));
    return post(form, path, { answer: sent(await navigator.credentials.create({ publicKey: options })) });
  }

  async function show(form, path) {
    const options = await post(form, `${path}/options`);
    options.challenge = bytes(options.challenge);
    delete options.allowCredentials;
    return post(form, path, { answer: sent(await navigator.credentials.get({ publicKey: options })) });
  }

  for (const form of window.PublicKeyCredential ? document.querySelectorAll("form[data-passkey]") : []) {
    const told = form.querySelector("[data-told]");
    for (const button of form.querySelectorAll("[data-act]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        told.hidden = true;
        button.disabled = true;
        try {
          const answer = await (button.dataset.act === "make" ? make : show)(form, form.dataset.passkey);
          // On a page that only was locked, everything stays as it is.
          if (form.closest("dialog")) form.dispatchEvent(new CustomEvent("proved", { bubbles: true }));
          // The form carries what was typed: it goes on by itself, and no longer needs a password.
          else if ("keeps" in form.dataset) HTMLFormElement.prototype.submit.call(form);
          else window.location.assign(answer.next);
        } catch (error) {
          told.textContent = error.name === "NotAllowedError" ? "The passkey was not used. Try again, or take another way." : error.message;
          told.hidden = false;
        }
        button.disabled = false;
      });
    }
  }
})();
