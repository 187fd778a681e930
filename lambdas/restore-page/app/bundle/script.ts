import type { BundledSnapshot } from './snapshots.ts'

/** What one line of the script's list says, so that a shell can read it with `read`: no field has a space. */
function listed({ snapshot, kind, packs, index }: BundledSnapshot, i: number, all: BundledSnapshot[]): string {
  const folder = all.length === 1 ? '.' : `${String(i + 1).padStart(4, '0')}-${kind}`
  const sizes = packs.map(({ n, size }) => `${n}:${size}`).join(',')
  const extents = index.extents.map(({ pack, offset, length }) => `${pack}:${offset}:${length}`).join(',')
  return [folder, snapshot, sizes, extents, index.sha256].map(safe).join(' ')
}

/** Everything that is put into the script is one of these signs, so nothing of it means anything to a shell. */
function safe(text: string): string {
  if (!/^[A-Za-z0-9+/=._:,-]+$/.test(text)) throw new Error(`${JSON.stringify(text)} cannot be put into a script`)
  return text
}

/**
 * `restore.sh`: fetches, opens and checks one restore with curl, age, zstd and sha256sum. It asks the receiver for addresses of packs itself, since these
 * live for 15 minutes; the link's secret comes from the environment or a prompt and is in no file and no argument of a program.
 * @param receiver origin, `https://receiver.example.net`
 * @param manifest id of the restore manifest
 * @param passcode whether the link wants one
 */
export function restoreScript(
  receiver: string,
  manifest: string,
  snapshots: BundledSnapshot[],
  passcode: boolean,
): string {
  const origin = new URL(receiver).origin
  return `#!/bin/sh
# Restores one backup without FailSafe. Needs: curl, age, zstd, sha256sum, and awk, sed, head, tail, od, base64, sync of any Linux.
#
#   sh restore.sh recovery-kit.txt [directory]
#
# It asks for the restore link (or its part after the #), or takes it from FAILSAFE_LINK; a passcode from FAILSAFE_PASSCODE.
# What is there already and whole is not fetched again, so it can be started again after any interruption.
# It proves that nothing was damaged. Who made the backup is proved by the program failsafe only.
set -eu
umask 077
LC_ALL=C
export LC_ALL

receiver=${quoted(origin)}
restore=${safe(manifest)}
kit=\${1:?usage: sh restore.sh recovery-kit.txt [directory]}
out=\${2:-restored}

say() { printf '%s\\n' "$*" >&2; }
fail() { say "failed: $*"; exit 1; }

for program in curl age zstd sha256sum awk sed head tail od base64 sync; do
  command -v "$program" > /dev/null || fail "the program $program is not installed"
done
[ -r "$kit" ] || fail "$kit cannot be read"

# ask WORDS: an answer that is not shown
ask() {
  printf '%s: ' "$1" >&2
  [ ! -t 0 ] || stty -echo
  read -r answer || :
  [ ! -t 0 ] || { stty echo; say; }
}
link=\${FAILSAFE_LINK:-}
[ -n "$link" ] || { ask 'Restore link'; link=$answer; }
passcode=\${FAILSAFE_PASSCODE:-}
${passcode ? '[ -n "$passcode" ] || { ask \'Passcode\'; passcode=$answer; }\n' : ''}secret=\${link##*#}
case $secret in '' | *[!A-Za-z0-9_-]*) fail "that is not a restore link" ;; esac
unset FAILSAFE_LINK FAILSAFE_PASSCODE

# Secrets and signed addresses reach curl through its input: arguments of a program can be seen by everybody on the machine.
headers() {
  printf 'header = "authorization: Bearer %s"\\n' "$secret"
  printf 'header = "content-type: application/json"\\n'
  [ -z "$passcode" ] || printf 'header = "x-failsafe-passcode: %s"\\n' "$(printf '%s' "$passcode" | sed 's/[\\\\"]/\\\\&/g')"
}

# url_of SNAPSHOT PACK
url_of() {
  answer=$(headers | curl -sS -K - -w '\\n%{http_code}' --data "{\\"packs\\":[{\\"snapshot\\":\\"$1\\",\\"pack\\":$2}]}" \\
    "$receiver/v1/restore-manifests/$restore/urls") || return 1
  status=$(printf '%s\\n' "$answer" | tail -n 1)
  case $status in
    200) printf '%s\\n' "$answer" | sed -n 's/.*"url":"\\([^"]*\\)".*/\\1/p' ;;
    429) case $answer in *'"code":"throttled"'*) return 1 ;; *) say "$answer"; return 2 ;; esac ;;
    4*) say "$answer"; return 2 ;;
    *) return 1 ;;
  esac
}

size_of() { if [ -e "$1" ]; then wc -c < "$1" | tr -d ' '; else echo 0; fi; }

# fetch SNAPSHOT PACK SIZE FILE: goes on where it was interrupted, with a new address each time
fetch() {
  tries=0
  while have=$(size_of "$4"); [ "$have" -lt "$3" ]; do
    refused=0
    url=$(url_of "$1" "$2") || refused=$?
    [ "$refused" -ne 2 ] || fail "the receiver refused; the link may have ended"
    if [ "$refused" -eq 0 ]; then
      printf 'url = "%s"\\n' "$url" | curl -sS --fail --speed-limit 1 --speed-time 60 -K - -C - -o "$4" || :
    fi
    if [ "$(size_of "$4")" -gt "$have" ]; then tries=0; else tries=$((tries + 1)); fi
    [ "$tries" -lt "\${FAILSAFE_TRIES:-20}" ] || fail "pack $2 of $1 cannot be fetched"
    [ "$tries" -eq 0 ] || sleep "\${FAILSAFE_WAIT:-5}"
  done
  [ "$(size_of "$4")" -eq "$3" ] || fail "pack $2 of $1 is longer than the manifest says: damaged"
}

# cut EXTENTS: pack:offset:length, with commas between
cut_out() {
  printf '%s\\n' "$1" | tr ',' '\\n' | while IFS=: read -r pack offset length; do
    tail -c "+$((offset + 1))" "$packs/$pack" 2> /dev/null | head -c "$length"
  done
}
open() { cut_out "$1" | age -d -i "$kit" | zstd -dcq; }
hash_of() { sha256sum < "$1" | head -c 64; }
hex() { printf '%s' "$1" | base64 -d | od -An -v -tx1 | tr -d ' \\n'; }

# One artefact a line: size|hash|extents|name. A line is taken apart only if it is exactly as every agent writes it.
artefacts() {
  awk '
    function take(pattern) {
      if (!match($0, "^" pattern)) { print "damaged"; exit }
      taken = substr($0, 1, RLENGTH)
      $0 = substr($0, RLENGTH + 1)
      return taken
    }
    {
      name = take("[{]\\"name\\":\\"[^\\"\\\\\\\\]*\\","); name = substr(name, 10, length(name) - 11)
      take("\\"role\\":\\"[a-z-]*\\",\\"unit\\":\\"([^\\"\\\\\\\\]|\\\\\\\\.)*\\",")
      size = take("\\"size\\":[0-9]+,"); size = substr(size, 8, length(size) - 8)
      hash = take("\\"sealedSize\\":[0-9]+,\\"sha256\\":\\"[A-Za-z0-9+/=]+\\","); sub(/.*:"/, "", hash); sub(/",$/, "", hash)
      extents = take("\\"extents\\":\\\\[[^]]*\\\\]"); sub(/^"extents":\\[/, "", extents)
      gsub(/[}],[{]/, ",", extents); gsub(/"pack":|[{}\\]]/, "", extents); gsub(/,"(offset|length)":/, ":", extents)
      print size "|" hash "|" extents "|" name
    }' "$1"
}

# Names become files here, so none may lead out of the directory.
require_safe() {
  case /$1/ in
    //* | */../* | */./* | *//*) fail "the name $1 is refused: it leaves the directory" ;;
    *[[:cntrl:]]*) fail "the name $1 is refused: it has control characters" ;;
  esac
}

mkdir -p "$out"
work=$out/.failsafe-partial
mkdir -p "$work"
count=0

while read -r folder snapshot sizes index sha256; do
  [ ! -e "$work/$snapshot.done" ] || continue
  packs=$work/$snapshot
  mkdir -p "$packs"
  say "snapshot $snapshot"
  for entry in $(printf '%s' "$sizes" | tr ',' ' '); do
    fetch "$snapshot" "\${entry%%:*}" "\${entry##*:}" "$packs/\${entry%%:*}"
  done
  open "$index" > "$packs/index" && [ "$(hash_of "$packs/index")" = "$(hex "$sha256")" ] ||
    fail "the index of $snapshot cannot be opened: this is not its recovery kit, or the backup is damaged"
  artefacts "$packs/index" > "$packs/list"
  while IFS='|' read -r size hash extents name; do
    [ "$size" != damaged ] || fail "the index of $snapshot has a line that this script cannot read"
    require_safe "$name"
    file=$out/$folder/$name
    [ ! -e "$file" ] || { [ "$(hash_of "$file")" = "$(hex "$hash")" ] || fail "$file is there already, with other content"; continue; }
    mkdir -p "$(dirname "$file")"
    open "$extents" > "$packs/artefact" && [ "$(hash_of "$packs/artefact")" = "$(hex "$hash")" ] || fail "$name of $snapshot is damaged"
    sync "$packs/artefact" # what a power cut leaves under the name below is whole
    mv "$packs/artefact" "$file"
    say "  $file ($size bytes)"
  done < "$packs/list"
  sync # what is done is not looked at again
  rm -r "$packs"
  : > "$work/$snapshot.done"
  count=$((count + 1))
done << 'SNAPSHOTS'
${snapshots.map(listed).join('\n')}
SNAPSHOTS

rm -r "$work"
say "done: $out holds the restored files, each opened and compared ($count snapshots fetched)"
`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
