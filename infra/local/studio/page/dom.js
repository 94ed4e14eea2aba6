// The little that the page needs to make elements and to speak to people who listen to it.

/**
 * Makes an element. Attributes that are false, null or undefined are left out; those that begin
 * with "on" are listeners.
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

export const $ = (selector, root = document) => root.querySelector(selector);

/** Sets a text only if it is another one, so that nothing is read out twice. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Has a screen reader say a sentence when it has finished the one before. */
export function announce(sentence) {
  setText($("#announcer"), sentence);
}

/** Which of a group of radio buttons is chosen; `choose` chooses one. */
export const chosen = (group) => $("input:checked", group)?.value ?? null;
export function choose(group, value) {
  for (const input of group.querySelectorAll("input")) input.checked = input.value === value;
}
