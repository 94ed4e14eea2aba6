// The book that is being thought up: what stands in the form, kept for this tab until it is sent.

const REMEMBERED = "studio.draft";
const DRAWING = "studio.drawing";

export function newDraft() {
  return {
    hero: { name: "", prompt: "" },
    way: "looks", // or "drawing"
    looks: new Set(),
    friends: [], // {name, prompt, again}: `again` is the hero in another pose
    places: [], // {name, prompt}
    effect: "blur",
    task: `studio-${crypto.randomUUID()}`, // stands for the assignment that a school would give
    sent: null, // {fingerprint, key}: the latest try, so that another one of the same is no second book
  };
}

/** Whether nothing has been said yet. */
export function isBlank({ hero, looks, friends, places }) {
  return !(hero.name || hero.prompt || looks.size || friends.length || places.length);
}

export function saveDraft(draft) {
  sessionStorage.setItem(REMEMBERED, JSON.stringify({ ...draft, looks: [...draft.looks] }));
}

export function loadDraft() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(REMEMBERED));
    return kept ? { ...newDraft(), ...kept, looks: new Set(kept.looks) } : newDraft();
  } catch {
    return newDraft();
  }
}

/** The drawing, as a data URL, or null: apart from the rest, as it is large, and changes seldom. */
export function saveDrawing(dataUrl) {
  sessionStorage.removeItem(DRAWING);
  try {
    if (dataUrl !== null) sessionStorage.setItem(DRAWING, dataUrl);
  } catch {
    // A photo that is too large for the store: it is there until the page is left.
  }
}

export const loadDrawing = () => sessionStorage.getItem(DRAWING);

export function forgetDraft() {
  sessionStorage.removeItem(REMEMBERED);
  sessionStorage.removeItem(DRAWING);
}

/** The body of `generate`. `sketch` is the drawing as a data URL, if that is how the hero looks. */
export function bodyOfDraft(draft, sketch = null) {
  const { hero, looks, friends, places } = draft;
  const words = (prompt) => (prompt.trim() ? { prompt } : {});
  return {
    studentTaskId: draft.task,
    fairytaleId: "studio",
    characters: [
      {
        name: hero.name,
        ...words(hero.prompt),
        isMain: true,
        ...(draft.way === "looks" ? { optionIds: [...looks] } : {}),
        ...(sketch === null ? {} : { sketchImage: sketch }),
      },
      ...friends.map(({ name, prompt, again }) => ({
        ...{ name, ...words(prompt) },
        ...(again ? { sameAs: hero.name.trim() } : {}),
      })),
    ],
    backgrounds: places.map(({ name, prompt }) => ({ name, prompt })),
    backgroundEffect: draft.effect,
  };
}

/**
 * The Idempotency-Key for this content: the same one as long as the content is the same. The draft
 * keeps a fingerprint, as the content with a drawing is too large for the tab's store.
 */
export async function keyFor(draft, body) {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const fingerprint = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (draft.sent?.fingerprint !== fingerprint) {
    draft.sent = { fingerprint, key: crypto.randomUUID() };
  }
  return draft.sent.key;
}
