// The tools beside the canvas: pen and eraser, colours, thicknesses, undo, redo, clear, a photo.

import { h } from "./dom.js";
import { say } from "./words.js";

const COLOURS = [
  ...["#2b2622", "#8a5a3b", "#d8483e", "#ef8a3a", "#f4c542", "#4f9a4b", "#3a9d9b"],
  ...["#3d7fd0", "#7a55b5", "#ee8fb0", "#f3cfae", "#9d6b4a", "#9aa3ab", "#ffffff"],
];
const SIZES = [3, 8, 18, 40]; // in the drawing's own pixels

/**
 * Fills `brushes` with pens, colours and thicknesses, and `deeds` with what undoes and what brings a
 * photo. Gives { refresh() }: what can be undone has changed. `onBadFile` is called when a file is
 * no picture.
 */
export function paintbox({ brushes, deeds }, drawing, onBadFile) {
  const { tool } = drawing;

  /** Radio buttons that look like what they choose. */
  function palette(name, values, current, look, choose) {
    const one = (value) => {
      const label = look(value);
      const input = h("input", {
        ...{ type: "radio", name, value, checked: value === current },
        onchange: () => choose(value),
      });
      label.prepend(input);
      return label;
    };
    return h(
      "fieldset",
      { class: `palette ${name}` },
      h("legend", { class: "unseen" }, say(`drawing.${name}`)),
      values.map(one),
    );
  }

  const tools = palette(
    ...["tool", ["pen", "eraser"], tool.erases ? "eraser" : "pen"],
    (value) => h("label", {}, h("span", {}, say(`drawing.${value}`))),
    (value) => (tool.erases = value === "eraser"),
  );
  const colours = palette(
    ...["colour", COLOURS, tool.colour],
    (value) => {
      const title = say(`colour.${value.slice(1)}`);
      const dot = h("span", { class: "dot", title }, h("span", { class: "unseen" }, title));
      dot.style.setProperty("--dot", value);
      return h("label", {}, dot);
    },
    (value) => {
      tool.colour = value;
      tool.erases = false; // who takes a colour wants to paint with it
      tools.querySelector("[value=pen]").checked = true;
    },
  );
  const sizes = palette(
    ...["size", SIZES, tool.size],
    (value) => {
      const title = say(`size.${value}`);
      // The root tells the thin ones apart, and has the thickest fit.
      const dot = h("span", { class: "width", title }, h("span", { class: "unseen" }, title));
      dot.style.setProperty("--width", `${3.8 * Math.sqrt(value)}px`);
      return h("label", {}, dot);
    },
    (value) => (tool.size = value),
  );

  const button = (what) =>
    h("button", { type: "button", onclick: () => drawing[what]() }, say(`drawing.${what}`));
  const [undo, redo, clear] = ["undo", "redo", "clear"].map(button);

  const file = h("input", { type: "file", accept: "image/*", class: "unseen", onchange: paste });
  async function paste() {
    try {
      await drawing.paste(file.files[0]);
    } catch {
      onBadFile();
    }
    file.value = ""; // the same file may be chosen again
  }

  brushes.replaceChildren(tools, sizes, colours);
  const photo = h("label", { class: "button file" }, file, say("drawing.file"));
  deeds.replaceChildren(undo, redo, clear, photo);
  function refresh() {
    undo.disabled = !drawing.canUndo;
    redo.disabled = !drawing.canRedo;
    clear.disabled = drawing.strokes === 0;
  }
  refresh();
  return { refresh };
}
