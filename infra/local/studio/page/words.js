// What the page says, in the language that is chosen; errors in plain words.

import { en, example as englishExample } from "./words/en.js";
import { ko, example as koreanExample } from "./words/ko.js";

const WORDS = { en, ko };
const EXAMPLES = { en: englishExample, ko: koreanExample };
const REMEMBERED = "studio.language";

let language = localStorage.getItem(REMEMBERED) ?? navigator.language.slice(0, 2);
if (!(language in WORDS)) language = "en";

/** "en" or "ko". */
export const currentLanguage = () => language;
export const example = () => EXAMPLES[language];

export function setLanguage(chosen) {
  language = chosen;
  localStorage.setItem(REMEMBERED, chosen);
}

/** The sentence of that key with {braces} filled in; the key itself if there is none. */
export function say(key, values = {}) {
  const text = WORDS[language][key] ?? en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (braces, name) => values[name] ?? braces);
}

const known = (key) => (key in WORDS[language] ? say(key) : null);

/** Puts words into all elements of a part of the page that ask for some. */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-say]")) {
    element.textContent = say(element.dataset.say);
  }
  for (const element of root.querySelectorAll("[data-say-placeholder]")) {
    element.placeholder = say(element.dataset.sayPlaceholder);
  }
}

/** A Problem as a sentence: our own where its code has one, else what the server says of it. */
export function sayProblem(problem) {
  if (problem.errors?.length) return say("problem.see");
  return known(`problem.${problem.code}`) ?? (problem.detail || say("problem.internal_error"));
}

/** One of a Problem's `errors` as a sentence for beside the field. */
export function sayFault({ code, detail, pointer }) {
  const looks = code === "missing_field" && pointer.endsWith("/prompt");
  const key = looks && pointer.startsWith("/characters") ? "field.missing_looks" : `field.${code}`;
  return known(key) ? say(key, { quoted: quotedIn(detail) }) : detail.replace(/^\/\S*\s/, "");
}

/** Why a picture failed, as a sentence. */
export function sayFailure({ code, message }) {
  const quoted = quotedIn(message);
  if (code === "banned_word" && quoted) return say("field.banned_word", { quoted });
  return known(`error.${code}`) ?? message;
}

/** The words that a sentence of the server means: it puts them into “quotes”. */
const quotedIn = (sentence) => sentence.match(/“[^”]+”/g)?.join(", ") ?? "";
