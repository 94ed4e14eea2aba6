// Choosing the hero's looks from the catalogue that `styles` answers.

import { h } from "./dom.js";
import { say } from "./words.js";

// A spot of colour says more than a word. Options that are not here have none.
const SPOTS = {
  skin_pale: "#fbe6d4", skin_fair: "#f5d2b3", skin_rosy: "#f2bfa9", skin_olive: "#c9a27a",
  skin_tan: "#c68d5e", skin_light_brown: "#a9744c", skin_brown: "#80523a",
  skin_dark_brown: "#5a3826", skin_black: "#33211a", skin_vitiligo: "#80523a",
  hair_black: "#221d1c", hair_dark_brown: "#4a2f22", hair_light_brown: "#96683f",
  hair_blond: "#ecc86a", hair_red: "#c6572a", hair_gray: "#a9adb0", hair_white: "#f6f4ef",
  hair_blue: "#4377c9", hair_pink: "#ef8fb4", eyes_brown: "#6f4527", eyes_black: "#1f1b1a",
  eyes_blue: "#4d8fd1", eyes_green: "#4e9b58", eyes_gray: "#8b959c", eyes_golden: "#d6a233",
}; // prettier-ignore

/**
 * Fills `box` with the catalogue's categories. `chosen` is a Set of option ids, which is kept up to
 * date; `onChange` is called when it has changed.
 */
export function looks(box, catalogue, chosen, onChange) {
  const opened = box.querySelector("details[open]")?.dataset.id;
  box.replaceChildren(
    ...catalogue.categories.map((category) => {
      const part = categoryPart(category, chosen, onChange);
      part.open = category.id === opened;
      return part;
    }),
  );
}

function categoryPart(category, chosen, onChange) {
  const { id, label, options, exclusive, most } = category;
  const now = h("span", { class: "now" });
  const limit = exclusive ? "" : say("looks.up_to", { most });
  const type = exclusive ? "radio" : "checkbox";
  const isChosen = (option) => chosen.has(option.id);

  function show() {
    const labels = options.filter(isChosen).map((option) => option.label);
    now.textContent = labels.join(", ") || say("looks.anything");
    now.classList.toggle("some", labels.length > 0);
    for (const input of part.querySelectorAll("[type=checkbox]")) {
      input.disabled = !input.checked && labels.length >= most;
    }
  }
  function change({ target }) {
    if (exclusive) for (const option of options) chosen.delete(option.id);
    if (target.value) chosen[target.checked ? "add" : "delete"](target.value);
    show();
    onChange();
  }
  function chip(value, text, checked) {
    const spot = SPOTS[value] && h("span", { class: "spot", "aria-hidden": "true" });
    if (spot) spot.style.setProperty("--spot", SPOTS[value]);
    const input = h("input", { type, name: `looks-${id}`, value, checked, onchange: change });
    return h("label", { class: "chip" }, input, h("span", {}, spot, text));
  }

  const anything = exclusive && chip("", say("looks.anything"), !options.some(isChosen));
  const part = h(
    "details",
    { name: "looks", "data-id": id },
    h("summary", {}, h("span", { class: "what" }, label), now),
    h(
      "fieldset",
      { class: "chips" },
      h("legend", { class: limit ? "" : "unseen" }, limit ? `${label}, ${limit}` : label),
      anything,
      options.map((option) => chip(option.id, option.label, isChosen(option))),
    ),
  );
  show();
  return part;
}

/** A look by chance: one option of about half of the categories. */
export function rollLooks(catalogue, chosen, random = Math.random) {
  chosen.clear();
  for (const { options } of catalogue.categories) {
    if (random() < 0.55) chosen.add(options[Math.floor(random() * options.length)].id);
  }
}
