// Keeps the part of a page that has data-refresh="SECONDS" up to date: it asks for the same page again and takes that part over.
// Polite: nothing is announced, nothing is fetched while the page is hidden, and nothing is replaced under the reader's
// hands, that is while the focus or a selection is inside. A button stops it; without script the page has a link.
const part = document.querySelector("[data-refresh]");

if (part) {
  const every = Number(part.dataset.refresh) * 1000;
  let wait = every;
  let paused = false;

  const button = document.createElement("button");
  button.type = "button";
  button.className = "button quiet";
  const label = () => { button.textContent = paused ? "Resume updates" : "Pause updates"; };
  label();
  button.addEventListener("click", () => { paused = !paused; label(); });
  part.previousElementSibling?.append(button);

  const busy = () => {
    const selection = getSelection();
    const selected = selection && !selection.isCollapsed && part.contains(selection.anchorNode);
    return paused || document.hidden || part.contains(document.activeElement) || selected;
  };

  const refresh = async () => {
    if (!busy()) {
      try {
        const answer = await fetch(location.href, { headers: { accept: "text/html" } });
        if (!answer.ok || answer.redirected) throw new Error("the page is not there");
        const text = await answer.text();
        const fresh = new DOMParser().parseFromString(text, "text/html").getElementById(part.id);
        // The reader may have come back meanwhile.
        if (fresh && !busy()) {
          const open = [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
          const at = [...part.querySelectorAll("[tabindex]")].map((region) => region.scrollLeft);
          part.replaceChildren(...fresh.childNodes);
          for (const id of open) document.getElementById(id)?.setAttribute("open", "");
          part.querySelectorAll("[tabindex]").forEach((region, n) => { region.scrollLeft = at[n] ?? 0; });
          document.dispatchEvent(new CustomEvent("refreshed", { detail: part }));
          // What it told of has come to its end.
          if (!fresh.dataset.refresh) {
            button.remove();
            return;
          }
        }
        wait = every;
      } catch {
        // The server may be restarting: ask less and less often, up to a minute.
        wait = Math.min(wait * 2, 60000);
      }
    }
    setTimeout(refresh, wait);
  };
  setTimeout(refresh, every);
}
