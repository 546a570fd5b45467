// A part of a page that changes by itself: [data-live="SECONDS"] with an id.
// It is fetched anew while somebody looks and nothing in it is in use; a button pauses it. Without this script one reloads.
for (const part of document.querySelectorAll("[data-live][id]")) {
  const every = Math.max(5, Number(part.dataset.live) || 10) * 1000;
  let paused = false;
  let failed = 0;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button quiet";
  const show = () => {
    const text = paused ? "Keep this up to date" : "Pause updates";
    button.textContent = failed >= 5 ? "Updates stopped: try again" : text;
  };
  button.addEventListener("click", () => {
    if (failed >= 5) failed = 0; else paused = !paused;
    show();
  });
  show();
  part.after(button);
  const update = async () => {
    if (paused || failed >= 5 || document.hidden || part.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(part.id);
      // The run has ended: the page as a whole says more.
      if (!fresh) { location.reload(); return; }
      part.replaceChildren(...fresh.childNodes);
      failed = 0;
    } catch {
      failed += 1;
      show();
    }
  };
  setInterval(update, every);
}
