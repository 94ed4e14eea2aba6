// The two ways to watch a book, chosen by name. Both tell the same things in the same shape.

import { watchByPolling } from "./watch-polling.js";

const REMEMBERED = "studio.watching";

export const wayToWatch = () => localStorage.getItem(REMEMBERED) ?? "listeners";
export const rememberWay = (way) => localStorage.setItem(REMEMBERED, way);

/** Watches a book; see watch-polling.js for what is told, and for what it gives. */
export function watch(way, jobId, listener, config) {
  if (way === "polling") return watchByPolling(jobId, listener);
  // The SDK is large: a page that polls never loads it.
  let watcher = null;
  let isStopped = false;
  import("./watch-listeners.js").then(
    ({ watchByListeners }) => {
      if (!isStopped) watcher = watchByListeners(jobId, listener, config);
    },
    () => listener.onConnection(false), // the page was loaded, and then the studio went away
  );
  return {
    again: () => watcher?.again(),
    stop() {
      isStopped = true;
      watcher?.stop();
    },
  };
}
