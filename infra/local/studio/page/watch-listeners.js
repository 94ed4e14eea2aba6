// One of two ways to watch a book: Firestore tells every change by itself. The other:
// watch-polling.js.
//
// The documents jobs/{jobId} and jobs/{jobId}/images/{imageId} hold what `status` answers. Security
// rules (infra/firestore.rules) let their owner read them, and nobody write. The SDK keeps the
// connection, mends it when it was lost, and then tells what has changed in between.

import {
  collection,
  connectFirestoreEmulator,
  doc,
  getFirestore,
  initializeApp,
  onSnapshot,
  query,
  where,
} from "./vendor/firestore.js";

const ENDED = ["succeeded", "failed", "canceled"];
const CANDIDATES = ["candidate1", "candidate2", "candidate3", "candidate4"];

let database = null;

/** Firestore, as the page's user. `config` is the studio's config.json. */
function firestore(config) {
  if (database === null) {
    database = getFirestore(initializeApp({ projectId: config.project, apiKey: "none-is-needed" }));
    const [host, port] = config.firestore.split(":");
    // There is no sign-in yet: the emulator takes our word for who we are. An app that is deployed
    // leaves this line out, and signs its user in with Firebase Authentication.
    connectFirestoreEmulator(database, host, Number(port), { mockUserToken: { sub: config.owner } });
  }
  return database;
}

/**
 * Watches a book until `stop()` is called.
 *   onBook(book)               the book in the shape of `status`, whenever it has changed
 *   onConnection(isConnected)  whether what is shown is fresh
 *   onRefused(problem)         there is no such book, or it is another's: watching has ended
 * Gives { stop(), again() }; `again` has nothing to do here.
 */
export function watchByListeners(jobId, { onBook, onConnection, onRefused }, config) {
  const db = firestore(config);
  const job = doc(db, "jobs", jobId);
  // The rules let a list pass only if it asks for the user's own.
  const images = query(collection(job, "images"), where("ownerUid", "==", config.owner));
  const latest = { job: null, images: null };

  function tell() {
    if (latest.job === null || latest.images === null) return;
    const stale = latest.job.metadata.fromCache || latest.images.metadata.fromCache;
    onConnection(!stale);
    if (latest.images.size === latest.job.get("imageCount")) {
      onBook(bookOf(latest.job, latest.images.docs));
    }
  }
  function refuse(error) {
    stop();
    onRefused({ code: error.code === "permission-denied" ? "job_not_found" : "internal_error" });
  }
  const listen = (source, name) =>
    onSnapshot(
      source,
      { includeMetadataChanges: true }, // so that a lost connection is told, too
      (snapshot) => {
        latest[name] = snapshot;
        tell();
      },
      refuse,
    );
  const ends = [listen(job, "job"), listen(images, "images")];
  function stop() {
    for (const end of ends) end();
  }
  return { stop, again() {} };
}

/** A job's document and those of its images in the shape of `status`, as far as the page needs. */
function bookOf(job, imageDocuments) {
  const images = imageDocuments.map((document) => imageOf(document.data())); // in the book's order
  const percents = images.map((image) => (image.completed ? 100 : image.progress));
  const sum = percents.reduce((total, percent) => total + percent, 0);
  return {
    jobId: job.id,
    status: job.get("status"),
    progress: Math.floor(sum / images.length),
    completed: job.get("completed"),
    error: job.get("error"),
    images,
  };
}

function imageOf(document) {
  const { imageId, kind, role, name, prompt, status, progress, error, generation } = document;
  const { imageUrl, previewUrl, isFallback, warnings, variants } = document;
  const ended = ENDED.includes(status);
  return {
    ...{ imageId, kind, role, name, prompt, status, progress, error, generation },
    ...{ imageUrl, previewUrl, isFallback, warnings },
    completed: ended,
    description: document.described || null,
    candidate: document.shown?.candidate ?? null,
    candidates: CANDIDATES.flatMap((candidate, index) =>
      candidate in variants
        ? [{ candidate: index + 1, previewUrl: variants[candidate].url }]
        : [],
    ),
  };
}
