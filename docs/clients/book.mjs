// Starts a book, watches it, downloads it:  node book.mjs tale.json
// Node 20 or newer. All but the last part is the same in a browser.

import { readFile, writeFile } from "node:fs/promises";

const API = process.env.FAIRY_TALE_URL ?? "http://127.0.0.1:8080";
const TOKEN = process.env.FAIRY_TALE_TOKEN;
const BUSY = [429, 500, 502, 503, 504];

const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

/** The functions send seconds; a date, as some gateways send it, counts as silence. */
const secondsToWait = (answer, otherwise) => Number(answer.headers.get("Retry-After")) || otherwise;

/** An error answer (RFC 9457): `code` is stable, `detail` says what to do. */
class Problem extends Error {
  constructor(status, { code = `HTTP ${status}`, detail = "", errors = [] }) {
    const faults = errors.map((fault) => `\n  ${fault.pointer}: ${fault.detail}`);
    super(`${code}: ${detail}${faults.join("")}`);
    this.code = code;
  }
}

/** Calls a function; again, up to five times, while it is out of reach or busy. */
async function call(path, { headers = {}, ...request } = {}) {
  if (TOKEN) headers = { ...headers, Authorization: `Bearer ${TOKEN}` };
  for (let wait = 1; ; wait *= 2) {
    const isLast = wait > 8;
    try {
      const signal = AbortSignal.timeout(60_000);
      const answer = await fetch(`${API}/${path}`, { ...request, headers, signal });
      if (answer.ok || answer.status === 304) return answer;
      if (isLast || !BUSY.includes(answer.status)) {
        throw new Problem(answer.status, await answer.json().catch(() => ({})));
      }
      await sleep(secondsToWait(answer, wait));
    } catch (error) {
      if (isLast || error instanceof Problem) throw error;
      await sleep(wait); // no answer
    }
  }
}

/** Starts a book, and gives its job's id. */
async function start(tale) {
  const headers = {
    "Content-Type": "application/json",
    // One for each book, made once: if an answer is lost, the same request finds the same book.
    "Idempotency-Key": crypto.randomUUID(),
  };
  const answer = await call("generate", { method: "POST", headers, body: JSON.stringify(tale) });
  return (await answer.json()).jobId;
}

/** Tells how a book comes along, and gives it when it is completed. */
async function watch(jobId, onBook) {
  let etag = null;
  while (true) {
    const headers = etag ? { "If-None-Match": etag } : {};
    const answer = await call(`status?jobId=${jobId}`, { headers });
    if (answer.status === 200) { // 304 means that nothing has changed
      const book = await answer.json();
      etag = answer.headers.get("ETag");
      onBook(book);
      if (book.completed) return book;
    }
    await sleep(secondsToWait(answer, 2));
  }
}

try {
  const jobId = await start(JSON.parse(await readFile(process.argv[2], "utf8")));
  console.log(`job ${jobId}`);
  const book = await watch(jobId, ({ progress, images }) => {
    const pictures = images.map(({ name, status }) => `${name}: ${status}`);
    console.log(`${progress} %  ${pictures.join(", ")}`);
  });
  for (const { name, error } of book.images) {
    if (error) console.error(`${name}: ${error.message}`);
  }
  const archive = await call(`download?jobId=${jobId}`);
  await writeFile(`book-${jobId}.zip`, Buffer.from(await archive.arrayBuffer()));
  console.log(`book-${jobId}.zip`);
  process.exitCode = book.status === "succeeded" ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
