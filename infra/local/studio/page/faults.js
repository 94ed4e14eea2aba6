// Shows a Problem's `errors` beside the fields that they point at.

import { $, h } from "./dom.js";
import { sayFault } from "./words.js";

const FIELDS = "input, textarea";
let count = 0;

/**
 * Marks the fields of a form at fault, and moves to the first. A field names its place in the
 * request's body with data-pointer; a fault of a part without one goes to what holds it.
 */
export function showFaults(form, errors) {
  let first = null;
  for (const fault of errors) {
    const field = fieldOf(form, fault.pointer);
    if (field === null || field.dataset.fault) continue;
    const note = h("p", { class: "fault", id: `fault-${++count}` }, sayFault(fault));
    field.dataset.fault = note.id;
    if (field.matches(FIELDS)) {
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", note.id);
    }
    (field.matches("[type=checkbox]") ? field.parentElement : field).after(note);
    first ??= field;
  }
  if (first === null) return;
  (first.matches(FIELDS) ? first : $("input, button, summary", first))?.focus();
  first.scrollIntoView({ block: "center" });
}

function fieldOf(form, pointer) {
  for (let place = pointer; place; place = place.slice(0, place.lastIndexOf("/"))) {
    const field = $(`[data-pointer="${place}"]`, form);
    if (field && !field.hidden) return field;
  }
  return null;
}

/** Takes the marks away from a field, or from everything in a part of the page. */
export function clearFaults(part) {
  for (const field of [part, ...part.querySelectorAll("[data-fault]")]) {
    if (!field.dataset.fault) continue;
    document.getElementById(field.dataset.fault)?.remove();
    delete field.dataset.fault;
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
}
