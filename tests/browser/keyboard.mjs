// A person without a mouse: Tab, letters, space and Enter, and nothing else.

import { assert } from "./lib.mjs";

const MOST_TABS = 200;

/** What has the focus: its tag, its name, its kind, and whether one can see that it has it. */
const focused = (page) => page.evaluate(() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const words = (text) => (text ?? "").replace(/\s+/g, " ").trim();
  const names = [element.getAttribute("aria-label"), ...[...(element.labels ?? [])].map((label) => label.textContent), element.textContent];
  const { left, right, top, bottom, width } = element.getBoundingClientRect();
  return {
    tag: element.tagName.toLowerCase(),
    kind: element.getAttribute("type"),
    name: names.map(words).find((name) => name !== "") ?? "",
    value: element.value ?? "",
    checked: element.checked ?? false,
    seen: style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2,
    inside: width > 0 && right > 0 && left < innerWidth && bottom > 0 && top < innerHeight,
  };
});

const fits = (found, wanted) => (wanted instanceof RegExp ? wanted.test(found) : found === wanted);

/** Tabs on until something of that name has the focus, and gives it. */
export const tabTo = async (page, name, { tag, back = false } = {}) => {
  const passed = [];
  for (let n = 0; n < MOST_TABS; n += 1) {
    await page.keyboard.press(back ? "Shift+Tab" : "Tab");
    const at = await focused(page);
    if (at.tag === "body") continue;
    assert(at.seen, `the focus on “${at.name}” (${at.tag}) at ${page.url()} cannot be seen`);
    if (fits(at.name, name) && (!tag || at.tag === tag)) {
      assert(at.inside, `“${at.name}” at ${page.url()} has the focus out of sight`);
      return at;
    }
    passed.push(at.name.slice(0, 40));
  }
  throw new Error(`no “${name}” by Tab at ${page.url()}; passed ${[...new Set(passed)].join(" | ")}`);
};

/** Tabs to a link or button and presses Enter; waits until the page that follows is there. */
export const follow = async (page, name, options) => {
  await tabTo(page, name, options);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
};

/** Tabs to a field and types. */
export const type = async (page, name, text) => {
  await tabTo(page, name, {});
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(text);
};

/** Tabs to a check box and makes it so. */
export const tick = async (page, name, checked = true) => {
  const at = await tabTo(page, name, { tag: "input" });
  if (at.checked !== checked) await page.keyboard.press("Space");
};
