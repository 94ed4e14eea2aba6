// "Paint again": the same words or new ones.

import { h } from "./dom.js";
import { clearFaults, showFaults } from "./faults.js";
import { say } from "./words.js";

export class AgainForm {
  #image = null;
  #ask;
  #opener;
  #form;
  #prompt;

  /** `ask(fields)` has it painted again; it gives a promise of null, or of a Problem. */
  constructor(imageId, ask) {
    this.#ask = ask;
    this.#opener = h(
      "button",
      {
        ...{ type: "button", class: "quiet", "aria-expanded": "false" },
        ...{ "aria-controls": `form-${imageId}`, onclick: () => this.#open(this.#form.hidden) },
      },
      say("again"),
    );
    this.#prompt = h("textarea", {
      ...{ id: `prompt-${imageId}`, rows: 3, maxlength: 2000, "data-pointer": "/prompt" },
      oninput: () => clearFaults(this.#prompt),
    });
    const label = h("label", { for: this.#prompt.id }, say("again.words"));
    const leave = () => this.#open(false);
    this.#form = h(
      "form",
      { id: `form-${imageId}`, hidden: true, novalidate: true, onsubmit: (e) => this.#submit(e) },
      h("div", { class: "field" }, label, this.#prompt),
      h(
        "div",
        { class: "actions" },
        h("button", { class: "primary" }, say("again.go")),
        h("button", { type: "button", onclick: leave }, say("again.leave")),
      ),
    );
    this.element = h("div", { class: "again" }, this.#opener, this.#form);
  }

  update(image) {
    this.#image = image;
    this.element.hidden = !image.completed;
    this.#opener.setAttribute("aria-label", say("again.which", { name: image.name }));
  }

  #open(open) {
    this.#form.hidden = !open;
    this.#opener.setAttribute("aria-expanded", String(open));
    clearFaults(this.#form);
    if (open) this.#prompt.value = this.#image.prompt;
    (open ? this.#prompt : this.#opener).focus();
  }

  async #submit(event) {
    event.preventDefault();
    const words = this.#prompt.value.trim();
    const problem = await this.#ask(words === this.#image.prompt.trim() ? {} : { prompt: words });
    if (problem === null) this.#open(false);
    else showFaults(this.#form, problem.errors ?? []);
  }
}
