// The four pictures that were painted, of which another one can be taken.

import { h } from "./dom.js";
import { say } from "./words.js";

export class Candidates {
  #take;
  #shown = null; // what is shown now, as text: the buttons are made anew only if it changes

  /** `take(number)` is called with 1 to 4. */
  constructor(take) {
    this.#take = take;
    this.element = h("div", { class: "candidates", role: "group", hidden: true });
  }

  update({ name, candidates, candidate, completed, imageUrl, error }) {
    // Before the first picture is there, the four of them fill the frame itself.
    this.element.hidden = candidates.length < 4 || !(imageUrl || error);
    this.element.setAttribute("aria-label", `${name}: ${say("candidates")}`);
    const shown = JSON.stringify([name, candidates, candidate, completed]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const focused = [...this.element.querySelectorAll("button")].indexOf(document.activeElement);
    const buttons = candidates.map((one) => this.#button(one, name, candidate, completed));
    this.element.replaceChildren(
      h("p", {}, say("candidates")),
      h("div", { class: "four" }, buttons),
    );
    buttons[focused]?.focus();
  }

  #button({ candidate: number, previewUrl }, name, current, completed) {
    const isCurrent = number === current;
    const attributes = {
      type: "button",
      "aria-label": say(isCurrent ? "candidates.shown" : "candidates.take", { name, number }),
      "aria-pressed": String(isCurrent),
      "aria-disabled": completed ? null : "true", // `disabled` would lose the focus
      onclick: () => completed && !isCurrent && this.#take(number),
    };
    return h("button", attributes, h("img", { src: previewUrl, alt: "" }));
  }
}
