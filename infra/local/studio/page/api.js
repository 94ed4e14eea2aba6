// The HTTPS functions, as the studio's server passes them on under /api. An app calls the address
// of each function itself.

/** An answer that says what is wrong (application/problem+json, RFC 9457), or no answer at all. */
export class Problem extends Error {
  constructor({ status = 0, code, detail = "", errors = [], ...extra }, retryAfter = null) {
    super(detail || code);
    this.status = status;
    this.code = code;
    this.detail = detail;
    /** [{code, detail, pointer}]: what is wrong where, as JSON pointers into the body. */
    this.errors = errors;
    this.extra = extra;
    /** Seconds to wait before the next try, if the server says so. */
    this.retryAfter = retryAfter;
  }
}

const PATIENCE = 30_000; // milliseconds for an answer

/** Calls a function; gives the answer, whatever its status, and throws a Problem without one. */
export async function send(path, options = {}) {
  try {
    return await fetch(`/api/${path}`, { signal: AbortSignal.timeout(PATIENCE), ...options });
  } catch {
    throw new Problem({ code: "unreachable" });
  }
}

/** The body of an answer; throws the Problem that it tells of. */
export async function bodyOf(answer) {
  const body = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body;
  const { status } = answer;
  throw new Problem({ code: "internal_error", ...body, status }, secondsToWait(answer));
}

/** Retry-After in seconds, or null. */
export function secondsToWait(answer) {
  return Number(answer.headers.get("Retry-After")) || null;
}

async function post(name, body, headers = {}) {
  const answer = await send(name, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return bodyOf(answer);
}

export async function styles(language) {
  return bodyOf(await send("styles", { headers: { "Accept-Language": language } }));
}

/** Starts a book. The same key and body again are the same book, so a lost answer costs nothing. */
export const generate = (body, key) => post("generate", body, { "Idempotency-Key": key });
export const regenerate = (wish) => post("regenerate", wish);
export const cancel = (jobId) => post("cancel", { jobId });
export const downloadUrl = (jobId) => `/api/download?jobId=${encodeURIComponent(jobId)}`;
