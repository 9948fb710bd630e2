// Asks this device for a passkey, to make one (data-makes) or to show one, and sends what it answers with the form.
"use strict";

(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (all = []) => all.map((one) => ({ ...one, id: bytes(one.id) }));

  const made = async (asked) => navigator.credentials.create({ publicKey: { ...asked, challenge: bytes(asked.challenge),
    user: { ...asked.user, id: bytes(asked.user.id) }, excludeCredentials: listed(asked.excludeCredentials) } });
  const shown = async (asked) => navigator.credentials.get({ publicKey: { ...asked, challenge: bytes(asked.challenge),
    allowCredentials: listed(asked.allowCredentials) } });

  const answerOf = ({ id, rawId, type, response }) => {
    const kept = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) kept[name] = text(response[name]);
    }
    return JSON.stringify({ id, rawId: text(rawId), type, response: kept, clientExtensionResults: {} });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!self.PublicKeyCredential) continue;   // the page says so, or offers the code
    const ask = form.querySelector("[data-ask]");
    const failed = ask.querySelector("[data-failed]");
    ask.hidden = false;
    form.querySelector("[data-without]")?.remove();
    ask.querySelector("button").addEventListener("click", async (event) => {
      event.target.disabled = true;
      failed.hidden = true;
      try {
        const asked = JSON.parse(form.dataset.passkey);
        form.elements.passkey.value = answerOf(await ("makes" in form.dataset ? made : shown)(asked));
        form.submit();
      } catch {
        failed.hidden = false;
        event.target.disabled = false;
      }
    });
  }
})();
