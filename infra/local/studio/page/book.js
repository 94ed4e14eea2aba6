// The book while it is painted, and when it is finished.

import { Problem, cancel, downloadUrl, regenerate } from "./api.js";
import { PictureCard } from "./card.js";
import { $, announce, choose, chosen, h, setText } from "./dom.js";
import { booksOnShelf, putOnShelf, takeFromShelf } from "./shelf.js";
import { rememberWay, watch, wayToWatch } from "./watch.js";
import { currentLanguage, say, sayProblem, translate } from "./words.js";

export class BookView {
  #config;
  #connection;
  #jobId = null;
  #book = null;
  #refusal = null; // why there is nothing to watch: a Problem
  #cards = new Map(); // of a picture's imageId
  #watcher = null;
  #heroName = "";

  /** `connection(isConnected)` is told whether news can come. */
  constructor(config, connection) {
    this.#config = config;
    this.#connection = connection;
    choose($("#watching"), wayToWatch());
    $("#watching").addEventListener("change", () => {
      rememberWay(chosen($("#watching")));
      this.#watch();
    });
    $("#cancel").onclick = () => $("#really").showModal();
    $("#really").addEventListener("close", () => {
      if ($("#really").returnValue === "stop") this.#cancel();
      $("#really").returnValue = "";
    });
  }

  /** Opens a book; `hero` is the main character's name, if it is known already. */
  open(jobId, hero = null) {
    this.close();
    this.#jobId = jobId;
    this.#heroName = hero ?? booksOnShelf().find((book) => book.jobId === jobId)?.hero ?? "";
    if (hero) putOnShelf(jobId, hero);
    $("#download").href = downloadUrl(jobId);
    this.show();
    this.#watch();
    $("#book-title").focus();
  }

  /** Stops watching. */
  close() {
    this.#watcher?.stop();
    this.#watcher = null;
    this.#jobId = null;
    this.#book = null;
    this.#refusal = null;
    this.#clear();
    for (const dialog of [$("#closer"), $("#really")]) dialog.close(""); // who goes back leaves them
  }

  /** Shows everything in the current language. */
  show() {
    translate($("#book"));
    this.#tellProblem(this.#refusal);
    this.#clear();
    this.#showTitle();
    if (this.#book) this.#showBook(this.#book);
    else this.#showNothing();
  }

  #clear() {
    this.#cards.clear();
    $("#pictures").replaceChildren();
  }

  #watch() {
    this.#watcher?.stop();
    const listener = {
      onBook: (book) => this.#onBook(book),
      onConnection: this.#connection,
      onRefused: (problem) => this.#onRefused(problem),
    };
    this.#watcher = watch(wayToWatch(), this.#jobId, listener, this.#config);
  }

  // --- news ---------------------------------------------------------------------------------

  #onBook(book) {
    const before = this.#book;
    this.#book = book;
    if (this.#refusal) this.#tellProblem((this.#refusal = null)); // the other way finds it
    this.#heroName = book.images.find(({ role }) => role === "reference")?.name ?? "";
    if (before === null) putOnShelf(this.#jobId, this.#heroName);
    this.#showTitle();
    this.#showBook(book);
    const time = new Date().toLocaleTimeString(currentLanguage());
    setText($("#news"), say("watching.news", { time }));
    if (before !== null) this.#announce(before, book);
  }

  #onRefused(problem) {
    takeFromShelf(this.#jobId);
    this.#refusal = problem;
    this.#book = null; // it may have been there, and then been deleted
    this.show();
  }

  #announce(before, book) {
    const said = book.images.flatMap(({ imageId, name, status, completed }) => {
      const old = before.images.find((image) => image.imageId === imageId);
      if (!completed || !old || old.completed) return [];
      const key = { succeeded: "said.ready", failed: "said.failed" }[status];
      return key ? [say(key, { name })] : [];
    });
    if (book.completed && !before.completed) said.push(this.#sentence(book));
    if (said.length) announce(said.join(" "));
  }

  // --- what is seen -------------------------------------------------------------------------

  #showTitle() {
    const hero = this.#heroName;
    const unnamed = this.#refusal ? "book.none" : "book.loading";
    const title = hero && !this.#refusal ? say("book.title", { hero }) : say(unnamed);
    setText($("#book-title"), title);
    const percent = this.#book && !this.#book.completed ? `${this.#book.progress} % · ` : "";
    document.title = `${percent}${title} · ${say("title")}`;
  }

  #showNothing() {
    setText($("#book-status"), this.#refusal ? "" : say("book.loading"));
    for (const id of ["#download", "#cancel", "#book-progress"]) $(id).hidden = true;
  }

  #showBook(book) {
    setText($("#book-status"), this.#sentence(book));
    $("#book-progress").hidden = book.completed;
    $("#book-progress").value = book.progress;
    $("#cancel").hidden = book.completed;
    if (book.completed) $("#really").close(""); // there is nothing to stop any more
    $("#download").hidden = !book.images.some(({ imageUrl }) => imageUrl);
    $("#book").dataset.status = book.status;
    $("#book").dataset.completed = book.completed;
    if (this.#cards.size === 0) this.#layOut(book);
    for (const image of book.images) this.#cards.get(image.imageId)?.update(image, this.#heroName);
  }

  #layOut(book) {
    const hooks = { wish: (fields) => this.#wish(fields), look };
    for (const kind of ["character", "background"]) {
      const images = book.images.filter((image) => image.kind === kind);
      if (images.length === 0) continue;
      const cards = images.map((image) => new PictureCard(image, hooks));
      images.forEach(({ imageId }, at) => this.#cards.set(imageId, cards[at]));
      const heading = h("h2", { id: `all-${kind}` }, say(`pictures.${kind}s`));
      const grid = h("div", { class: `cards ${kind}s` }, cards.map(({ element }) => element));
      $("#pictures").append(h("section", { "aria-labelledby": heading.id }, heading, grid));
    }
  }

  #sentence({ status, images }) {
    const ready = images.filter((image) => image.status === "succeeded").length;
    const one = `book.${status}.one`; // where a single picture is said otherwise
    const key = images.length === 1 && say(one) !== one ? one : `book.${status}`;
    return say(key, { ready, count: images.length });
  }

  #tellProblem(problem) {
    $("#book-problem").hidden = problem === null;
    setText($("#book-problem"), problem ? sayProblem(problem) : "");
  }

  // --- what is asked for --------------------------------------------------------------------

  async #wish(fields) {
    const image = await regenerate(fields);
    this.#watcher?.again();
    return image;
  }

  async #cancel() {
    this.#tellProblem(null);
    try {
      await cancel(this.#jobId);
      this.#watcher?.again();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.#tellProblem(problem);
    }
    $("#book-title").focus();
  }
}

/** Shows a picture as large as the screen. */
function look({ name, kind, imageUrl, prompt }) {
  const dialog = $("#closer");
  setText($("#closer-title"), name);
  const picture = $("img", dialog);
  picture.src = imageUrl;
  picture.alt = say("picture.alt", { name, words: prompt });
  picture.parentElement.dataset.look = "final";
  dialog.className = kind;
  dialog.showModal();
}
