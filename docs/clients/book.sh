#!/bin/sh
# Starts a book, watches it, downloads it:  sh book.sh tale.json
# Needs curl 7.83 or newer, and jq.
set -eu
api=${FAIRY_TALE_URL:-http://127.0.0.1:8080}
tale=$1

folder=$(mktemp -d) # for this user only, as is the token in it
trap 'rm -rf "$folder"' EXIT
if [ -n "${FAIRY_TALE_TOKEN:-}" ]; then # not as an argument: those can be seen by everybody
  echo "Authorization: Bearer $FAIRY_TALE_TOKEN" >"$folder/headers"
else
  : >"$folder/headers"
fi

# Makes a request, again if there was no answer; curl itself tries again what the server was too busy
# for, after Retry-After. It is the same request with the same key, so there is one book however often.
call() {
  for pause in 1 2 4 8 ''; do
    curl -sS --fail-with-body --retry 4 --connect-timeout 5 --max-time 60 \
      -H "@$folder/headers" -o "$folder/answer" "$@" && return
    [ $? != 22 ] && [ -n "$pause" ] || break # 22: the server has refused
    sleep "$pause"
  done
  if jq -e .code "$folder/answer" >/dev/null 2>&1; then # a problem (RFC 9457)
    jq -r '"\(.code): \(.detail)", (.errors[]? | "  \(.pointer): \(.detail)")' "$folder/answer" >&2
  fi
  exit 1
}

key="$(date +%s)-$$" # one for each book
call -X POST "$api/generate" -H 'Content-Type: application/json' -H "Idempotency-Key: $key" \
  --data-binary "@$tale"
job=$(jq -r .jobId "$folder/answer")
echo "job $job"

while :; do
  # With the ETag of the last answer, an unchanged book is 304 and has no body.
  call "$api/status?jobId=$job" --etag-compare "$folder/etag" --etag-save "$folder/etag" \
    -w '%{http_code} %header{retry-after}' >"$folder/said"
  read -r code wait <"$folder/said" || true
  if [ "$code" = 200 ]; then
    cp "$folder/answer" "$folder/book"
    jq -r '"\(.progress) %  " + ([.images[] | "\(.name): \(.status)"] | join(", "))' "$folder/book"
  fi
  [ -n "$wait" ] || break # the book is completed
  sleep "$wait"
done

jq -r '.images[] | select(.error) | "\(.name): \(.error.message)"' "$folder/book" >&2
call "$api/download?jobId=$job"
mv "$folder/answer" "book-$job.zip"
echo "book-$job.zip"
[ "$(jq -r .status "$folder/book")" = succeeded ]
