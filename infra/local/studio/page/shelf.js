// The books that were made in this browser, newest first.

const REMEMBERED = "studio.books";
const MOST = 12;

/** [{jobId, hero, at}] */
export function booksOnShelf() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED)) ?? [];
  } catch {
    return [];
  }
}

/** A book that is there already keeps its place and its date: it is only looked at again. */
export function putOnShelf(jobId, hero) {
  const others = booksOnShelf();
  if (others.some((book) => book.jobId === jobId)) return;
  const books = [{ jobId, hero, at: Date.now() }, ...others].slice(0, MOST);
  localStorage.setItem(REMEMBERED, JSON.stringify(books));
}

export function takeFromShelf(jobId) {
  const books = booksOnShelf().filter((book) => book.jobId !== jobId);
  localStorage.setItem(REMEMBERED, JSON.stringify(books));
}
