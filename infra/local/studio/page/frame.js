// The frame that a picture grows in: a new picture takes the place of the old one only when it has
// been loaded, so that nothing flickers.

import { h } from "./dom.js";

export class Frame {
  #url = null; // what is wanted
  #failed = false; // whether that could not be loaded

  constructor(kind = "") {
    this.element = h("div", { class: `ground ${kind}`, "data-look": "empty" });
  }

  /** Shows the picture at `url`, or, for null, none. `look` is a class: partial, grid or final. */
  async show(url, look, alt) {
    this.element.dataset.look = url ? look : "empty";
    if (url === this.#url && !this.#failed) {
      const shown = this.element.querySelector("img");
      if (shown) shown.alt = alt;
      return;
    }
    this.#url = url;
    this.#failed = false;
    if (url === null) {
      this.element.replaceChildren();
      return;
    }
    const picture = h("img", { alt, src: url, decoding: "async" });
    try {
      await picture.decode();
    } catch {
      // The painter's half-painted pictures expire: the next one will come. Ours are asked for
      // again with the next news.
      if (url === this.#url) this.#failed = look === "final";
      return;
    }
    if (url === this.#url) this.element.replaceChildren(picture);
  }
}
