// Passkeys. The forms carry what the authenticator is to sign; this asks it, and sends its answer as a form.
//   #passkey-use   on the sign-in page, hidden until there is a browser that can
//   #passkey-make  where one is added
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const words = (list) => list.split(" ").filter((word) => word !== "");

const answering = (form, ask) => {
  const error = document.getElementById("passkey-error");
  let asking = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (asking) return;
    asking = true;
    error.textContent = "";
    try {
      const answer = await ask(form.dataset);
      for (const [name, value] of Object.entries(answer)) form.elements[name].value = value;
      HTMLFormElement.prototype.submit.call(form);
    } catch (refusal) {
      error.textContent = refusal.name === "InvalidStateError"
        ? "This device has a passkey for you here already."
        : "No passkey was used: it was cancelled, took too long, or there is none for this site.";
      asking = false;
    }
  });
};

const use = document.getElementById("passkey-use");
if (use && globalThis.PublicKeyCredential) {
  use.hidden = false;
  answering(use, async ({ site, challenge }) => {
    const found = await navigator.credentials.get({
      publicKey: { rpId: site, challenge: bytes(challenge), userVerification: "required", timeout: 120_000 },
    });
    return {
      id: text(found.rawId),
      client_data: text(found.response.clientDataJSON),
      authenticator_data: text(found.response.authenticatorData),
      signature: text(found.response.signature),
    };
  });
}

const make = document.getElementById("passkey-make");
if (make) {
  answering(make, async (offer) => {
    const made = await navigator.credentials.create({
      publicKey: {
        rp: { id: offer.site, name: "Ringfence" },
        user: { id: bytes(offer.user), name: offer.username, displayName: offer.name },
        challenge: bytes(offer.challenge),
        pubKeyCredParams: words(offer.algorithms).map((alg) => ({ type: "public-key", alg: Number(alg) })),
        excludeCredentials: words(offer.present).map((id) => ({ type: "public-key", id: bytes(id) })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
        timeout: 120_000,
      },
    });
    return { client_data: text(made.response.clientDataJSON), attestation: text(made.response.attestationObject) };
  });
}
