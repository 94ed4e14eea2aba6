// Friends and places: as many rows of a name and words as are wanted.

import { $, h } from "./dom.js";
import { say } from "./words.js";

export class Rows {
  #list; // the name of the list: "friends" or "places"
  #element;
  #pointer;
  #onChange;
  #extra;
  items = [];

  /**
   * `pointer(index)` says where a row is in the request's body; `extra(item, index)` makes what
   * else a row has; `onChange` is called when there are more or fewer rows.
   */
  constructor(list, { pointer, extra = () => null, onChange }) {
    this.#list = list;
    this.#element = $(`#${list}`);
    this.#pointer = pointer;
    this.#extra = extra;
    this.#onChange = onChange;
  }

  show(items) {
    this.items = items;
    this.#element.replaceChildren(...items.map((item, at) => this.#row(item, at)));
  }

  add(item) {
    this.items.push(item);
    this.show(this.items);
    this.#onChange();
    $("li:last-child input", this.#element).focus();
  }

  #remove(at) {
    this.items.splice(at, 1);
    this.show(this.items);
    this.#onChange();
    const next = $(`li:nth-child(${Math.min(at + 1, this.items.length)}) input`, this.#element);
    (next ?? this.#element.nextElementSibling).focus();
  }

  #row(item, at) {
    const number = say(`${this.#list}.one`, { number: at + 1 });
    const name = h("input", { value: item.name, maxlength: 100, autocomplete: "off" });
    const prompt = h("textarea", { rows: 2, maxlength: 2000 });
    prompt.value = item.prompt;
    const remove = h(
      "button",
      {
        ...{ type: "button", class: "quiet remove", onclick: () => this.#remove(at) },
        "aria-label": say("remove.which", { name: item.name || number }),
      },
      say("remove"),
    );
    return h(
      "li",
      {},
      this.#field(item, "name", at, name, `${number} · ${say("name")}`),
      this.#field(item, "prompt", at, prompt, say("words")),
      this.#extra(item, at),
      remove,
    );
  }

  #field(item, what, at, element, label) {
    element.id = `${this.#list}-${at}-${what}`;
    element.dataset.pointer = `${this.#pointer(at)}/${what}`;
    element.addEventListener("input", () => (item[what] = element.value));
    return h("div", { class: "field" }, h("label", { for: element.id }, label), element);
  }
}
