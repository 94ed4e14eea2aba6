// The studio: two views, the form (make.js) and the book (book.js). The address says which:
// /?job=... is a book, so that a reload, a bookmark or a friend sees the same one.

import { BookView } from "./book.js";
import { $, announce, choose, chosen, setText } from "./dom.js";
import { MakeView } from "./make.js";
import { currentLanguage, say, setLanguage, translate } from "./words.js";

const config = await (await fetch("/config.json")).json();
const book = new BookView(config, onConnection);
const make = new MakeView((jobId, hero) => go(`/?job=${jobId}`, hero));

const jobOfAddress = () => new URLSearchParams(location.search).get("job");
let shown; // the job of the view, null for the form, undefined before there is a view

function go(address, hero = null) {
  history.pushState(null, "", address);
  route(hero);
}

function route(hero = null) {
  const jobId = jobOfAddress();
  const isFirst = shown === undefined;
  shown = jobId;
  $("#make").hidden = jobId !== null;
  $("#book").hidden = jobId === null;
  window.scrollTo(0, 0);
  if (jobId !== null) {
    book.open(jobId, hero);
  } else {
    book.close();
    onConnection(navigator.onLine);
    make.show();
    if (!isFirst) $("#main").focus({ preventScroll: true }); // the link that led here is hidden
  }
}

// --- connected or not -------------------------------------------------------------------------

let isReached = true;

function onConnection(reached) {
  isReached = reached;
  showConnection();
}

function showConnection() {
  const banner = $("#connection");
  const lost = !isReached || !navigator.onLine;
  if (!lost && banner.textContent) announce(say("connection.back"));
  const sentence = shown === null ? "connection.lost.making" : "connection.lost";
  setText(banner, lost ? say(sentence) : "");
}
window.addEventListener("offline", showConnection);
window.addEventListener("online", showConnection);

// --- language ---------------------------------------------------------------------------------

function speak() {
  document.documentElement.lang = currentLanguage();
  translate(document);
  showConnection();
}
choose($("#language"), currentLanguage());
$("#language").addEventListener("change", () => {
  setLanguage(chosen($("#language")));
  speak();
  if (jobOfAddress() !== null) book.show();
  else make.show();
});

// Links within the studio change the view, not the page.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-route]");
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(link.href);
});
window.addEventListener("popstate", () => {
  if (jobOfAddress() !== shown) route(); // the skip link changes nothing but the address's #
});

speak();
route();
