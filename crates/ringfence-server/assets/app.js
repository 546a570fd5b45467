// Two comforts, on every page; each page works without them.
//   time.local       shows the viewer's zone; UTC stays in the title, and a button at the foot of the page switches back
//   button[data-copy] copies the text of the element it names, and says so to screen readers
const live = document.getElementById("live");

const say = (text) => {
  if (!live) return;
  live.textContent = "";
  // A region that is filled in the same turn in which it was emptied is not read out.
  setTimeout(() => { live.textContent = text; }, 50);
};

// Times

const times = [...document.querySelectorAll("time.local[datetime]")].map((element) => ({ element, utc: element.textContent }));
const two = (n) => String(n).padStart(2, "0");

const local = (utc, iso) => {
  const at = new Date(iso);
  const clock = utc.match(/\d{2}:\d{2}(:\d{2})?/);
  // Words like "today", and dates without a time of day, are left alone.
  if (Number.isNaN(at.getTime()) || !clock) return utc;
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}${clock[1] ? `:${two(at.getSeconds())}` : ""}`;
};

const offset = () => {
  const minutes = -new Date().getTimezoneOffset();
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
};

const remembered = () => { try { return localStorage.getItem("times"); } catch { return null; } };
const remember = (value) => { try { localStorage.setItem("times", value); } catch { /* private window: until the next page */ } };

const zone = document.getElementById("zone");
const show = (inUtc) => {
  for (const { element, utc } of times) element.textContent = inUtc ? utc : local(utc, element.dateTime);
  if (!zone) return;
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const text = inUtc ? "Times are in UTC. " : `Times are in your zone, ${name} (${offset()}). `;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button quiet";
  button.textContent = inUtc ? "Show my zone" : "Show UTC";
  button.addEventListener("click", () => {
    remember(inUtc ? "local" : "utc");
    show(!inUtc);
    zone.querySelector("button").focus();
    say(inUtc ? "Times are in your zone" : "Times are in UTC");
  });
  zone.replaceChildren(text, button);
};
if (times.length > 0) show(remembered() === "utc");
else if (zone) zone.hidden = true;

// A part of the page was taken over from a newer one (refresh.js).
document.addEventListener("refreshed", ({ detail: part }) => {
  for (let n = times.length - 1; n >= 0; n -= 1) if (!times[n].element.isConnected) times.splice(n, 1);
  for (const element of part.querySelectorAll("time.local[datetime]")) {
    const utc = element.textContent;
    times.push({ element, utc });
    if (remembered() !== "utc") element.textContent = local(utc, element.dateTime);
  }
});

// Copying

const copy = async (text, source) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Outside a secure context there is no clipboard API; the selection and the old command remain.
    const selection = getSelection();
    selection.removeAllRanges();
    const range = document.createRange();
    range.selectNodeContents(source);
    selection.addRange(range);
    return document.execCommand("copy");
  }
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  if (!source) return;
  const done = await copy((source.value ?? source.textContent).trim(), source);
  button.dataset.label ??= button.textContent;
  button.textContent = done ? "Copied" : "Press Ctrl+C";
  say(done ? `${button.dataset.what ?? "Text"} copied` : "Copying is not allowed here. The text is selected: press Control C.");
  setTimeout(() => { button.textContent = button.dataset.label; }, 2000);
});

// The summary of what is wrong with a form is what its reader wants first.
document.querySelector(".error-summary[role=alert]")?.focus();
