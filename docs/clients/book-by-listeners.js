// Starts a book, is told of every change by Firestore, downloads it. For a web app.

import { initializeApp } from "firebase/app";
import {
  collection,
  connectFirestoreEmulator,
  doc,
  getFirestore,
  onSnapshot,
  query,
  where,
} from "firebase/firestore";

const ENDED = ["succeeded", "failed", "canceled"];

/**
 * Firestore as the signed-in user. The security rules let users read the books that are their own.
 * `emulator` ({ host, port }) is for the local stack alone, which takes our word for who we are.
 */
export function openFirestore(firebaseConfig, emulator, uid) {
  const db = getFirestore(initializeApp(firebaseConfig));
  if (emulator) {
    connectFirestoreEmulator(db, emulator.host, emulator.port, { mockUserToken: { sub: uid } });
  }
  return db;
}

/** An error answer (RFC 9457): `code` is stable, `detail` says what to do. */
export class Problem extends Error {
  constructor(status, { code = `HTTP ${status}`, detail = "", errors = [] }) {
    const faults = errors.map((fault) => `\n  ${fault.pointer}: ${fault.detail}`);
    super(`${code}: ${detail}${faults.join("")}`);
    this.code = code;
  }
}

/** `getToken` gives an ID token of who is signed in: `() => auth.currentUser.getIdToken()`. */
async function call(url, getToken, { headers = {}, ...request } = {}) {
  const Authorization = `Bearer ${await getToken()}`;
  const answer = await fetch(url, { ...request, headers: { ...headers, Authorization } });
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

/**
 * Starts a book, and gives its job's id. `key` is one for each book, such as crypto.randomUUID():
 * keep it until this has answered. After a lost answer, or none within a minute, the same key finds
 * the same book.
 */
export async function startBook(api, getToken, tale, key) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  const signal = AbortSignal.timeout(60_000);
  const request = { method: "POST", headers, body: JSON.stringify(tale), signal };
  return (await (await call(`${api}/generate`, getToken, request)).json()).jobId;
}

/**
 * Calls onBook({ job, images, isFresh }) at every change, and gives the last of them when the book
 * is completed. The SDK mends lost connections by itself; `isFresh` is false while it does.
 */
export function watchBook(db, uid, jobId, onBook) {
  return new Promise((resolve, reject) => {
    const job = doc(db, "jobs", jobId);
    // The rules let a list pass only if it asks for the user's own.
    const images = query(collection(job, "images"), where("ownerUid", "==", uid));
    const latest = {};
    const stops = Object.entries({ job, images }).map(([name, source]) =>
      onSnapshot(
        source,
        { includeMetadataChanges: true },
        (snapshot) => {
          latest[name] = snapshot;
          tell();
        },
        end(reject),
      ),
    );
    function end(then) {
      return (value) => {
        for (const stop of stops) stop();
        then(value);
      };
    }
    function tell() {
      if (!latest.job?.exists() || !latest.images) return;
      const book = {
        job: latest.job.data(), // status, completed, error, imageCount
        images: latest.images.docs.map((image) => image.data()), // in the order of the book
        isFresh: !latest.job.metadata.fromCache && !latest.images.metadata.fromCache,
      };
      onBook(book);
      // The two listeners are told one after the other: wait until both have heard of the end.
      const areEnded = book.images.every((image) => ENDED.includes(image.status));
      const isWhole = book.images.length === book.job.imageCount;
      if (book.job.completed && isWhole && areEnded && book.isFresh) end(resolve)(book);
    }
  });
}

/** The pictures as one ZIP archive; each alone is at its `imageUrl`. */
export async function downloadBook(api, getToken, jobId) {
  return (await call(`${api}/download?jobId=${jobId}`, getToken)).blob();
}
