// One of two ways to watch a book: ask `status` again and again. The other: watch-listeners.js.
//
// It needs nothing but HTTP. `ETag` makes an unchanged book a short answer (304 without a body),
// `Retry-After` says when to ask next, and a book that is completed is asked about no more.

import { bodyOf, secondsToWait, send } from "./api.js";

const FIRST_WAIT = 1; // seconds after a failure; doubled each time, up to
const LONGEST_WAIT = 10;

/**
 * Watches a book until `stop()` is called.
 *   onBook(book)               what `status` answers, whenever it has changed
 *   onConnection(isConnected)  after every try
 *   onRefused(problem)         there is no such book, or it is another's: watching has ended
 * Gives { stop(), again() }: `again` looks at once, for after a regenerate or cancel.
 */
export function watchByPolling(jobId, { onBook, onConnection, onRefused }) {
  let etag = null;
  let failures = 0;
  let timer;
  let round = 0; // a look that was overtaken by a newer one, or by `stop`, has nothing to say

  async function look() {
    clearTimeout(timer);
    const mine = ++round;
    let wait;
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await send(`status?jobId=${encodeURIComponent(jobId)}`, { headers });
      const book = answer.status === 304 ? null : await bodyOf(answer);
      if (mine !== round) return;
      failures = 0;
      etag = answer.headers.get("ETag") ?? etag;
      wait = secondsToWait(answer); // none: the book is completed
      onConnection(true);
      if (book) onBook(book);
    } catch (problem) {
      if (mine !== round) return;
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) {
        onRefused(problem);
        return;
      }
      wait = problem.retryAfter ?? Math.min(FIRST_WAIT * 2 ** failures++, LONGEST_WAIT);
      onConnection(false);
    }
    if (wait) timer = setTimeout(look, wait * 1000);
  }

  const lookIfSeen = () => document.visibilityState === "visible" && look();
  window.addEventListener("online", look); // no need to wait for the next try
  document.addEventListener("visibilitychange", lookIfSeen); // a hidden page's timers are slow
  look();
  return {
    again: look,
    stop() {
      round++;
      clearTimeout(timer);
      window.removeEventListener("online", look);
      document.removeEventListener("visibilitychange", lookIfSeen);
    },
  };
}
