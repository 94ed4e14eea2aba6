// One picture of the book: how it grows, what came of it, and what can be done about it.

import { h, setText } from "./dom.js";
import { AgainForm } from "./again.js";
import { Candidates } from "./candidates.js";
import { Frame } from "./frame.js";
import { say, sayFailure, sayProblem } from "./words.js";

export class PictureCard {
  #image;
  #hero = "";
  #asked = null; // what is being asked for: a promise
  #frame = new Frame();
  #inset = new Frame("inset"); // what is painted anew, over the old picture
  #title = h("h3");
  #status = h("p", { class: "status" });
  #bar = h("progress", { max: 100, value: 0 });
  #words = h("p", { class: "words" });
  #notes = h("div", { class: "notes" });
  #problem = h("p", { class: "problem", role: "alert", hidden: true });
  #closer;
  #candidates;
  #again;

  /**
   * `wish({imageId, ...})` has the picture painted again and gives a promise of the image as it
   * then stands; `look(image)` shows it large.
   */
  constructor(image, { wish, look }) {
    this.#image = image;
    this.wish = wish;
    this.#title.id = `title-${image.imageId}`;
    this.#closer = h("button", {
      ...{ type: "button", class: "closer", onclick: () => look(this.#image) },
    });
    this.#candidates = new Candidates((candidate) => this.#ask({ candidate }));
    this.#again = new AgainForm(image.imageId, (fields) => this.#ask(fields));
    this.element = h(
      "article",
      {
        ...{ class: `card ${image.kind} ${image.role}`, "data-image": image.imageId },
        "aria-labelledby": this.#title.id,
      },
      h("div", { class: "frame" }, this.#frame.element, this.#inset.element, this.#closer),
      h(
        "div",
        { class: "caption" },
        ...[this.#title, this.#status, this.#bar, this.#words, this.#notes, this.#problem],
        ...[this.#candidates.element, this.#again.element],
      ),
    );
  }

  /** Shows how the picture stands now; `hero` is the main character's name. */
  update(image, hero = this.#hero) {
    if (image.generation < this.#image.generation) return; // from before the latest `wish`
    this.#image = image;
    this.#hero = hero;
    this.element.dataset.status = image.status;
    setText(this.#title, image.name);
    setText(this.#words, image.prompt);
    this.#showProgress();
    this.#showPictures();
    this.#showNotes();
    this.#candidates.update(image);
    this.#again.update(image);
  }

  /** The second click of a double one asks for nothing new: its answer would be a refusal. */
  #ask(fields) {
    this.#asked ??= this.#askFor(fields).finally(() => (this.#asked = null));
    return this.#asked;
  }

  async #askFor(fields) {
    this.#tell(null);
    try {
      const image = await this.wish({ imageId: this.#image.imageId, ...fields });
      // Whoever watches may have heard of it before, and more by now.
      if (image.generation > this.#image.generation) this.update(image);
      return null;
    } catch (problem) {
      this.#tell(problem);
      return problem;
    }
  }

  #tell(problem) {
    this.#problem.hidden = problem === null;
    setText(this.#problem, problem ? sayProblem(problem) : "");
  }

  #showProgress() {
    const { name, kind, status, progress, completed } = this.#image;
    const special = `status.${status}.${kind}`; // where a place needs other words than a figure
    const key = say(special) === special ? `status.${status}` : special;
    const sentence = say(key, { hero: this.#hero });
    setText(this.#status, completed ? sentence : `${sentence} · ${progress}\u00a0%`);
    this.#bar.hidden = completed;
    this.#bar.value = progress;
    this.#bar.setAttribute("aria-label", say("picture.progress", { name, percent: progress }));
  }

  #showPictures() {
    const { name, prompt, status, imageUrl, previewUrl, completed } = this.#image;
    const growing = completed ? null : previewUrl;
    const half = ["upscaling", "post_processing"].includes(status) ? "grid" : "partial";
    const halfAlt = say(`picture.${half}`, { name });
    if (imageUrl) this.#frame.show(imageUrl, "final", say("picture.alt", { name, words: prompt }));
    else this.#frame.show(growing, half, halfAlt);
    this.#inset.show(imageUrl ? growing : null, half, halfAlt);
    this.#closer.hidden = !imageUrl;
    this.#closer.setAttribute("aria-label", say("picture.look", { name }));
  }

  #showNotes() {
    const { error, warnings = [], description, isFallback, imageUrl, completed } = this.#image;
    // Who stopped it knows why, and the status says it.
    const reason = error && error.code !== "canceled" && sayFailure(error);
    const sentences = [
      reason,
      isFallback && say("picture.fallback"),
      !completed && imageUrl && say("picture.old"),
      ...warnings.map((warning) => say(`warning.${warning}`)),
      description && say("picture.seen", { words: description }),
    ].filter(Boolean);
    if (this.#notes.textContent === sentences.join("")) return;
    this.#notes.replaceChildren(...sentences.map((sentence) => h("p", {}, sentence)));
    this.#notes.classList.toggle("bad", Boolean(reason));
  }
}
