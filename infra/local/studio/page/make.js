// The form in which a book is thought up.

import { Problem, generate, styles } from "./api.js";
import { $, choose, chosen, h, setText } from "./dom.js";
import { bodyOfDraft, forgetDraft, isBlank, keyFor, newDraft } from "./draft.js";
import { loadDraft, loadDrawing, saveDraft, saveDrawing } from "./draft.js";
import { Drawing } from "./drawing.js";
import { clearFaults, showFaults } from "./faults.js";
import { looks, rollLooks } from "./looks.js";
import { paintbox } from "./paintbox.js";
import { Rows } from "./rows.js";
import { booksOnShelf } from "./shelf.js";
import { currentLanguage, example, say, sayProblem, translate } from "./words.js";

export class MakeView {
  #form = $("#make");
  #draft = loadDraft();
  #catalogue = null;
  #tools = null;
  #drawing;
  #friends;
  #places;
  #onStarted;

  /** `onStarted(jobId, heroName)` is called when a book has begun. */
  constructor(onStarted) {
    this.#onStarted = onStarted;
    this.#drawing = new Drawing($("#canvas"), () => {
      this.#showDrawing();
      this.#keepDrawing();
    });
    const onChange = () => this.#changed();
    this.#friends = new Rows("friends", {
      ...{ pointer: (at) => `/characters/${at + 1}`, onChange },
      extra: (friend, at) => this.#sameAsHero(friend, at),
    });
    this.#places = new Rows("places", { pointer: (at) => `/backgrounds/${at}`, onChange });
    this.#listen();
    this.#drawing.begin(loadDrawing());
  }

  #listen() {
    this.#form.addEventListener("input", ({ target }) => this.#typed(target));
    this.#form.addEventListener("keydown", (event) => this.#entered(event));
    this.#form.addEventListener("submit", (event) => this.#start(event));
    $("#way").addEventListener("change", () => this.#chose("way"));
    $("#effect").addEventListener("change", () => this.#chose("effect"));
    $("#add-friend").onclick = () => this.#friends.add({ name: "", prompt: "", again: false });
    $("#add-place").onclick = () => this.#places.add({ name: "", prompt: "" });
    $("#dice").onclick = () => this.#roll();
    $("#example").onclick = () => this.#fillIn();
  }

  // --- from the draft to the page -----------------------------------------------------------

  /** Shows everything in the current language. */
  show() {
    const draft = this.#draft;
    document.title = say("title");
    translate(this.#form);
    this.#tell(null);
    clearFaults(this.#form);
    $("#hero-name").value = draft.hero.name;
    $("#hero-prompt").value = draft.hero.prompt;
    choose($("#way"), draft.way);
    choose($("#effect"), draft.effect);
    this.#offerExample();
    this.#showWay();
    this.#friends.show(draft.friends);
    this.#places.show(draft.places);
    this.#showCount();
    this.#showShelf();
    const onBadFile = () => this.#tellOfFile(say("drawing.file.broken"));
    const places = { brushes: $("#brushes"), deeds: $("#deeds") };
    this.#tools = paintbox(places, this.#drawing, onBadFile);
    this.#showDrawing();
    this.#showCategories();
  }

  /** It takes the place of everything, so it is there only while there is nothing to lose. */
  #offerExample() {
    $("#example").classList.toggle("away", !isBlank(this.#draft));
  }

  #showWay() {
    $("#looks").hidden = this.#draft.way !== "looks";
    $("#drawing").hidden = this.#draft.way !== "drawing";
  }

  #showCount() {
    const count = 1 + this.#draft.friends.length + this.#draft.places.length;
    setText($("#count"), say(count === 1 ? "count.one" : "count.many", { count }));
  }

  #showDrawing() {
    const label = say("drawing.label", { strokes: this.#drawing.strokes });
    $("#canvas").setAttribute("aria-label", label);
    this.#tools?.refresh();
    clearFaults($("#drawing"));
    this.#tellOfFile(null);
  }

  #showShelf() {
    const books = booksOnShelf();
    const dates = new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "medium" });
    const link = ({ jobId, hero, at }) => {
      const title = say("shelf.book", { hero, date: dates.format(new Date(at)) });
      return h("li", {}, h("a", { href: `/?job=${jobId}`, "data-route": true }, title));
    };
    $("#shelf").hidden = books.length === 0;
    $("#shelf ul").replaceChildren(...books.map(link));
  }

  async #showCategories() {
    const language = currentLanguage();
    try {
      const catalogue = await styles(language);
      if (language !== currentLanguage()) return; // it was changed meanwhile
      this.#catalogue = catalogue;
      this.#showLooks();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      const onclick = () => this.#showCategories();
      const again = h("button", { type: "button", onclick }, say("looks.again"));
      const sorry = h("div", { class: "problem" }, h("p", {}, say("looks.missing")), again);
      $("#categories").replaceChildren(sorry);
    }
  }

  #showLooks() {
    looks($("#categories"), this.#catalogue, this.#draft.looks, () => this.#keep());
  }

  #sameAsHero(friend, at) {
    const box = h("input", {
      ...{ type: "checkbox", checked: friend.again },
      "data-pointer": `/characters/${at + 1}/sameAs`,
      onchange: () => (friend.again = box.checked),
    });
    return h("label", { class: "check" }, box, h("span", {}, this.#heroAgain()));
  }

  #heroAgain() {
    const hero = this.#draft.hero.name.trim();
    return hero ? say("friends.again", { hero }) : say("friends.again.nobody");
  }

  // --- from the page to the draft -----------------------------------------------------------

  #keep() {
    saveDraft(this.#draft);
    this.#offerExample();
  }

  #changed() {
    this.#showCount();
    this.#keep();
  }

  #typed(field) {
    if (field.id === "hero-name") {
      this.#draft.hero.name = field.value;
      for (const text of document.querySelectorAll("#friends .check span")) {
        text.textContent = this.#heroAgain();
      }
    }
    if (field.id === "hero-prompt") this.#draft.hero.prompt = field.value;
    clearFaults(field);
    this.#keep();
  }

  /** Enter in a field would send the whole book: here it goes on to the words, or chooses. */
  #entered(event) {
    const field = event.target;
    if (event.key !== "Enter" || !field.matches("input:not([type=file])")) return;
    event.preventDefault();
    if (event.isComposing) return; // it ends a syllable
    if (field.matches("[type=radio], [type=checkbox]")) field.click();
    else field.closest(".field").nextElementSibling.querySelector("textarea").focus();
  }

  #chose(what) {
    this.#draft[what] = chosen($(`#${what}`));
    this.#showWay();
    this.#keep();
  }

  async #keepDrawing() {
    saveDrawing(this.#drawing.strokes ? await this.#drawing.toDataUrl() : null);
  }

  #roll() {
    if (this.#catalogue === null) return;
    rollLooks(this.#catalogue, this.#draft.looks);
    this.#showLooks();
    this.#keep();
  }

  #fillIn() {
    const { hero, words, looks: ids, friends, places } = example();
    const { way, task } = this.#draft;
    this.#draft = {
      ...newDraft(),
      ...{ way, task, hero: { name: hero, prompt: words }, looks: new Set(ids) },
      friends: friends.map(([name, prompt]) => ({ name, prompt, again: false })),
      places: places.map(([name, prompt]) => ({ name, prompt })),
    };
    this.show();
    this.#keep();
    $("#hero-name").focus();
  }

  // --- off it goes --------------------------------------------------------------------------

  async #start(event) {
    event.preventDefault();
    const button = $("#start");
    if (button.ariaDisabled === "true") return; // it is being sent; `disabled` loses the focus
    button.ariaDisabled = "true";
    button.textContent = say("start.busy");
    this.#tell(null);
    clearFaults(this.#form);
    try {
      await this.#send();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.#tell(sayProblem(problem), problem.extra.jobId);
      showFaults(this.#form, problem.errors);
    } finally {
      button.ariaDisabled = null;
      button.textContent = say("start");
    }
  }

  async #send() {
    const draft = this.#draft;
    const isDrawn = draft.way === "drawing" && this.#drawing.strokes > 0;
    const body = bodyOfDraft(draft, isDrawn ? await this.#drawing.toDataUrl() : null);
    const key = await keyFor(draft, body);
    saveDraft(draft); // with the key, so that a second try, or one after a reload, is no second book
    const { jobId } = await generate(body, key);
    forgetDraft();
    this.#draft = newDraft();
    this.#drawing.begin();
    this.#onStarted(jobId, draft.hero.name.trim());
  }

  #tellOfFile(sentence) {
    $("#bad-file").hidden = !sentence;
    setText($("#bad-file"), sentence ?? "");
  }

  /** `jobId` is the book that is in the way, if there is one: it can be looked at. */
  #tell(sentence, jobId = null) {
    $("#make-problem").hidden = !sentence;
    setText($("#make-problem"), sentence ?? "");
    if (!jobId) return;
    const link = h("a", { href: `/?job=${jobId}`, "data-route": true }, say("start.look"));
    $("#make-problem").append(" ", link);
  }
}
